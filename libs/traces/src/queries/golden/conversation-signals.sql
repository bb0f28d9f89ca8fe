WITH traces AS
(
  SELECT trace_id, max(conversations.conversation_id) AS conversation_id
  FROM conversations
  WHERE organization_id = {organizationId: String}
    AND conversations.conversation_id IN {conversationIds: Array(String)}
  GROUP BY trace_id
),
found AS
(
  SELECT *
  FROM signals
  WHERE signals.organization_id = {organizationId: String}
    AND signals.subject IN
    (
      SELECT trace_id FROM traces
      UNION ALL
      SELECT sipHash128Reference(arrayJoin({conversationIds: Array(String)}))
    )
  ORDER BY signals.ingested_at DESC
  LIMIT 1 BY signals.organization_id, signals.trace_id, signals.signal_id
)
SELECT
  if(traces.conversation_id != '', traces.conversation_id, found.conversation_id) AS conversation_id,
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
LEFT JOIN traces ON found.trace_id = traces.trace_id
ORDER BY conversation_id, at_ns, signal_id
