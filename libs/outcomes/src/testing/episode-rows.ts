import type { ConversationSignalRow, ConversationSpanRow } from '#traces';

const MS = 1_000_000n;

/** A time as the rows have it: nanoseconds since 1970, as digits. */
export function nanoseconds(at: string, extra = 0n): string {
  return (BigInt(Date.parse(at)) * MS + extra).toString();
}

/** A span of the support agent, a second long; `given` says what is special about it. */
export function spanRow(traceId: string, startedAt: string, given: Partial<ConversationSpanRow> = {}): ConversationSpanRow {
  return {
    own_conversation_id: 'c-1',
    trace_id: traceId,
    span_id: `${traceId}-root`,
    parent_span_id: '',
    started_at_ns: nanoseconds(startedAt),
    ended_at_ns: nanoseconds(startedAt, 1000n * MS),
    name: 'invoke_agent support',
    status: 'unset',
    status_message: '',
    operation: 'invoke_agent',
    charge: 'none',
    is_charged: 0,
    turn_id: '',
    end_user_id: '',
    customer_id: 'acme',
    agent: 'support',
    environment: 'production',
    task: '',
    locale: '',
    channel: '',
    flag_key: '',
    variant: '',
    provider: '',
    model: '',
    tool: '',
    is_speculative: 0,
    is_used: null,
    tokens_input: null,
    tokens_cache_read: null,
    tokens_cache_write: null,
    tokens_output: null,
    tokens_reasoning: null,
    cost_usd: null,
    cost_source: '',
    cost_unknown_reason: '',
    price_version: '',
    ...given,
  };
}

/** A span below the root of its trace, which says nothing of who and where. */
export function childRow(traceId: string, startedAt: string, spanId: string, given: Partial<ConversationSpanRow> = {}): ConversationSpanRow {
  return spanRow(traceId, startedAt, { span_id: spanId, parent_span_id: `${traceId}-root`, customer_id: '', agent: '', environment: '', ...given });
}

/** A signal of the given kind; a `signal` comes from the system unless it says otherwise. */
export function signalRow(traceId: string, at: string, given: Partial<ConversationSignalRow> & Pick<ConversationSignalRow, 'kind'>): ConversationSignalRow {
  const name = given.name ?? given.kind;
  return { conversation_id: 'c-1', own_conversation_id: '', signal_id: `${traceId}-${at}-${name}`, trace_id: traceId, at_ns: nanoseconds(at), name, source: 'system', value: '', attributes: {}, ...given };
}
