import type { ConversationSignalRow, StoredSignalRow } from './queries/conversation-signals.query.js';
import type { ConversationSpanRow } from './queries/conversation-spans.query.js';

/** Everything that was sent about one conversation, oldest first. */
export interface ConversationRows {
  spans: ConversationSpanRow[];
  signals: ConversationSignalRow[];
  /** Traces and signals that name this conversation and that another one owns: not among its rows, and yet not gone. */
  movedIds: Set<string>;
}

/**
 * Gives every trace to one conversation. A conversation id on any span holds for the whole trace; where spans of one trace name several,
 * the trace belongs to the first of them in the order of their text, whichever were asked for together: two conversations must not both
 * be decided, and charged, on the same calls. Where no span names one, a log record of the trace may, by the same order. A signal without a
 * trace belongs to the conversation that it names. A signal is given once, though it came under two traces: its sender gave it its id.
 */
export function rowsByConversation(conversationIds: readonly string[], spans: readonly ConversationSpanRow[], signals: readonly StoredSignalRow[]): Map<string, ConversationRows> {
  const ownerOf = firstNamed(spans);
  for (const [traceId, named] of firstNamed(signals)) if (!ownerOf.has(traceId)) ownerOf.set(traceId, named);
  const rows = new Map<string, ConversationRows>(conversationIds.map((id) => [id, { spans: [], signals: [], movedIds: new Set() }]));
  for (const span of spans) {
    const owner = ownerOf.get(span.trace_id) ?? '';
    rows.get(owner)?.spans.push(span);
    if (span.own_conversation_id !== owner) rows.get(span.own_conversation_id)?.movedIds.add(span.trace_id);
  }
  const given = new Set<string>();
  for (const signal of signals) {
    const owner = signal.trace_id === '' ? signal.own_conversation_id : (ownerOf.get(signal.trace_id) ?? '');
    if (signal.own_conversation_id !== owner) rows.get(signal.own_conversation_id)?.movedIds.add(signal.signal_id);
    const identity = `${owner} ${signal.signal_id}`;
    if (given.has(identity)) continue;
    given.add(identity);
    rows.get(owner)?.signals.push({ ...signal, conversation_id: owner });
  }
  return rows;
}

/** The first name, in the order of their text, that stands on a row of each trace. */
function firstNamed(rows: readonly { trace_id: string; own_conversation_id: string }[]): Map<string, string> {
  const first = new Map<string, string>();
  for (const { trace_id: traceId, own_conversation_id: named } of rows) {
    const known = first.get(traceId);
    if (traceId !== '' && named !== '' && (known === undefined || named < known)) first.set(traceId, named);
  }
  return first;
}
