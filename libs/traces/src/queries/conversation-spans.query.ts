import type { ClickHouseQuery } from '#platform';
import type { TracePlace } from '../trace-place.js';

/** One span as the store gives it. 64-bit integers and decimals are strings; NULL is "not known". */
export interface StoredSpanRow {
  /** What this span itself said; empty on most. */
  own_conversation_id: string;
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  started_at_ns: string;
  ended_at_ns: string;
  name: string;
  status: string;
  status_message: string;
  operation: string;
  charge: 'leaf' | 'aggregate' | 'none';
  turn_id: string;
  end_user_id: string;
  customer_id: string;
  agent: string;
  environment: string;
  task: string;
  locale: string;
  channel: string;
  flag_key: string;
  variant: string;
  provider: string;
  model: string;
  tool: string;
  is_speculative: 0 | 1;
  is_used: 0 | 1 | null;
  tokens_input: string | null;
  tokens_cache_read: string | null;
  tokens_cache_write: string | null;
  tokens_output: string | null;
  tokens_reasoning: string | null;
  cost_usd: string | null;
  cost_source: string;
  cost_unknown_reason: string;
  price_version: string;
}

/** One span of a conversation, and whether it is charged, which follows from the spans of its whole trace (`charged-spans.ts`). */
export interface ConversationSpanRow extends StoredSpanRow {
  is_charged: 0 | 1;
}

/**
 * Every span of the given traces, once, oldest first: by the prefix of the order of spans (organization_id, hour, trace_id), deduplicated by full
 * identity. What is read follows neither how far apart the traces are nor what else was sent between them.
 * The bloom filter on trace_id is left aside: it would be asked for each trace in each granule that the order has found already.
 */
export function conversationSpansQuery(input: { organizationId: string; places: readonly TracePlace[] }): ClickHouseQuery {
  const places = input.places.flatMap(({ traceId, hours }) => hours.map((hour) => [hour, traceId] as const));
  return {
    query: `
WITH found AS
(
  SELECT *
  FROM spans
  WHERE spans.organization_id = {organizationId: String}
    AND (toStartOfHour(spans.started_at), spans.trace_id) IN
    (
      SELECT toDateTime(place.1, 'UTC'), toFixedString(unhex(place.2), 16)
      FROM (SELECT arrayJoin(arrayZip({hours: Array(UInt32)}, {traceIds: Array(String)})) AS place)
    )
  ORDER BY spans.ingested_at DESC
  LIMIT 1 BY spans.organization_id, spans.trace_id, spans.span_id
)
SELECT
  found.conversation_id AS own_conversation_id,
  lower(hex(found.trace_id)) AS trace_id,
  lower(hex(found.span_id)) AS span_id,
  if(found.parent_span_id = toFixedString('', 8), '', lower(hex(found.parent_span_id))) AS parent_span_id,
  toUnixTimestamp64Nano(found.started_at) AS started_at_ns,
  toUnixTimestamp64Nano(found.ended_at) AS ended_at_ns,
  found.name AS name,
  found.status AS status,
  found.status_message AS status_message,
  found.operation AS operation,
  found.charge AS charge,
  found.turn_id AS turn_id,
  found.end_user_id AS end_user_id,
  found.customer_id AS customer_id,
  found.agent AS agent,
  found.environment AS environment,
  found.task AS task,
  found.locale AS locale,
  found.channel AS channel,
  found.flag_key AS flag_key,
  found.variant AS variant,
  found.provider AS provider,
  if(found.response_model != '', found.response_model, found.request_model) AS model,
  found.tool AS tool,
  found.is_speculative AS is_speculative,
  found.is_used AS is_used,
  found.tokens_input AS tokens_input,
  found.tokens_cache_read AS tokens_cache_read,
  found.tokens_cache_write AS tokens_cache_write,
  found.tokens_output AS tokens_output,
  found.tokens_reasoning AS tokens_reasoning,
  found.cost_usd AS cost_usd,
  found.cost_source AS cost_source,
  found.cost_unknown_reason AS cost_unknown_reason,
  found.price_version AS price_version
FROM found
ORDER BY started_at_ns, trace_id, span_id
SETTINGS use_skip_indexes = 0`,
    query_params: { organizationId: input.organizationId, hours: places.map(([hour]) => hour), traceIds: places.map(([, traceId]) => traceId) },
  };
}
