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
SETTINGS use_skip_indexes = 0
