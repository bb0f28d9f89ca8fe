import type { ClickHouseQuery } from '#platform';

const SPANS_PER_CONVERSATION = 10;

/**
 * Conversations made inside the engine: two turns of a root, three model calls and a tool, ten spans together; a third have a refund that the
 * system verified, two fifths a yes of the customer, one in twenty is handed over. They begin 50 ms apart and ended long ago. Their ids are
 * random, as they are in life: neighbours in time are none in an index. `from` numbers the first.
 */
export function generateConversations(input: { organizationId: string; customerId: string; from?: number; conversations: number; startedAt: Date }): ClickHouseQuery {
  const { organizationId, customerId, from = 0, conversations, startedAt } = input;
  return {
    query: `
INSERT INTO spans
  (organization_id, trace_id, span_id, parent_span_id, started_at, ended_at, ingested_at, name, status, environment, operation, charge, conversation_id, customer_id,
   agent, locale, provider, request_model, response_model, tool, tokens_input, tokens_output, cost_usd, cost_source, events.at, events.name, events.attributes)
WITH
  intDiv(number, ${SPANS_PER_CONVERSATION}) AS c,
  number % 5 AS place,
  intDiv(number, 5) % 2 AS turn,
  fromUnixTimestamp64Milli({startMs: Int64} + toInt64(c) * 50 + toInt64(turn) * 60000 + toInt64(place) * 100, 'UTC') AS at,
  place = 0 AS is_root,
  place BETWEEN 1 AND 3 AS is_call,
  arrayFilter(event -> event.1 != '', [
    (if(is_root AND turn = 1 AND c % 3 = 0, 'astrolabe.signal', ''), map('astrolabe.signal.name', 'refund', 'astrolabe.signal.source', 'system')),
    (if(is_root AND turn = 1 AND c % 5 < 2, 'astrolabe.signal', ''), map('astrolabe.signal.name', 'customer_confirmed', 'astrolabe.signal.source', 'customer')),
    (if(is_root AND turn = 1 AND c % 20 = 7, 'astrolabe.handoff', ''), map('astrolabe.handoff.reason', 'asked'))
  ]) AS said
SELECT
  {organizationId: String},
  sipHash128(intDiv(number, 5)),
  toFixedString(unhex(lpad(hex(number + 1), 16, '0')), 8),
  if(is_root, toFixedString('', 8), toFixedString(unhex(lpad(hex(number - place + 1), 16, '0')), 8)),
  at,
  at + toIntervalMillisecond(if(is_root, 900, 80)),
  at,
  if(is_root, 'invoke_agent support', if(is_call, 'chat gpt-4.1-mini', 'execute_tool lookup')),
  'unset',
  'production',
  if(is_root, 'invoke_agent', if(is_call, 'chat', 'execute_tool')),
  if(is_call, 'leaf', 'none'),
  lower(hex(sipHash128('conversation', c))),
  {customerId: String},
  'support',
  ['en-GB', 'de-DE', 'fr-FR'][1 + c % 3],
  'openai',
  if(is_call, 'gpt-4.1-mini', ''),
  if(is_call, 'gpt-4.1-mini', ''),
  if(place = 4, 'lookup', ''),
  if(is_call, 1000, NULL),
  if(is_call, 100, NULL),
  if(is_call, toDecimal64(0.00056, 12), NULL),
  if(is_call, 'priced', ''),
  arrayMap(event -> toDateTime64(at, 9, 'UTC'), said),
  arrayMap(event -> event.1, said),
  arrayMap(event -> event.2, said)
FROM numbers({first: UInt64}, {spans: UInt64})`,
    query_params: { organizationId, customerId, startMs: startedAt.getTime(), first: from * SPANS_PER_CONVERSATION, spans: conversations * SPANS_PER_CONVERSATION },
  };
}
