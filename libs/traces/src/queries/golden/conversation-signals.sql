WITH found AS
(
  SELECT *
  FROM signals
  WHERE signals.organization_id = {organizationId: String}
    AND signals.subject IN
    (
      SELECT toFixedString(unhex(arrayJoin({traceIds: Array(String)})), 16)
      UNION ALL
      SELECT sipHash128Reference(arrayJoin({conversationIds: Array(String)}))
    )
  ORDER BY signals.ingested_at DESC
  LIMIT 1 BY signals.organization_id, signals.trace_id, signals.signal_id
)
SELECT
  found.conversation_id AS own_conversation_id,
  found.signal_id AS signal_id,
  if(found.trace_id = toFixedString('', 16), '', lower(hex(found.trace_id))) AS trace_id,
  toUnixTimestamp64Nano(found.at) AS at_ns,
  found.kind AS kind,
  found.name AS name,
  found.source AS source,
  found.value AS value,
  found.attributes AS attributes
FROM found
ORDER BY at_ns, signal_id
