import type { ConversationSpanRow } from '#traces';

/** A span as the reader gives it, starting and ending so many milliseconds into the turn. For specs. */
export function spanRow(id: string, parent: string, startMs: number, endMs: number, rest: Partial<ConversationSpanRow> = {}): ConversationSpanRow {
  return {
    own_conversation_id: 'conversation-1', trace_id: 't1', span_id: id, parent_span_id: parent, started_at_ns: String(startMs * 1_000_000), ended_at_ns: String(endMs * 1_000_000),
    name: id, status: 'ok', status_message: '', operation: 'chat', charge: 'none', is_charged: 0, turn_id: '', end_user_id: '', customer_id: 'northwind', agent: 'support', environment: '',
    task: '', locale: '', channel: '', flag_key: '', variant: '', provider: '', model: '', tool: '', is_speculative: 0, is_used: null, tokens_input: null, tokens_cache_read: null,
    tokens_cache_write: null, tokens_output: null, tokens_reasoning: null, cost_usd: null, cost_source: '', cost_unknown_reason: '', price_version: '', ...rest,
  };
}
