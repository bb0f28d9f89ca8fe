import type { ConversationSignalRow } from './queries/conversation-signals.query.js';
import type { ConversationSpanRow } from './queries/conversation-spans.query.js';

/** Everything that was sent about one conversation, oldest first. */
export interface ConversationRows {
  spans: ConversationSpanRow[];
  signals: ConversationSignalRow[];
}

/**
 * Gives every trace to one conversation. A conversation id on any span holds for the whole trace; where spans of one trace name several,
 * the trace belongs to the first of them in the order of their text, whichever were asked for together: two conversations must not both
 * be decided, and charged, on the same calls.
 */
export function rowsByConversation(conversationIds: readonly string[], spans: readonly ConversationSpanRow[], signals: readonly ConversationSignalRow[]): Map<string, ConversationRows> {
  const ownerOf = new Map<string, string>();
  for (const { trace_id: traceId, own_conversation_id: named } of spans) {
    const owner = ownerOf.get(traceId);
    if (named !== '' && (owner === undefined || named < owner)) ownerOf.set(traceId, named);
  }
  const rows = new Map<string, ConversationRows>(conversationIds.map((id) => [id, { spans: [], signals: [] }]));
  const rowsOfTrace = (traceId: string) => rows.get(ownerOf.get(traceId) ?? '');
  for (const span of spans) rowsOfTrace(span.trace_id)?.spans.push({ ...span, conversation_id: ownerOf.get(span.trace_id) ?? '' });
  for (const signal of signals) rowsOfTrace(signal.trace_id)?.signals.push({ ...signal, conversation_id: ownerOf.get(signal.trace_id) ?? '' });
  return rows;
}
