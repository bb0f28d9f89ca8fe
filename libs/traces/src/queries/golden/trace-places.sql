SELECT DISTINCT
  lower(hex(trace_index.trace_id)) AS trace_id,
  trace_index.conversation_id AS conversation_id,
  toUnixTimestamp(trace_index.hour) AS hour
FROM trace_index
WHERE trace_index.organization_id = {organizationId: String}
  AND trace_index.trace_id IN
  (
    SELECT conversations.trace_id
    FROM conversations
    WHERE organization_id = {organizationId: String}
      AND conversation_id IN (SELECT arrayJoin({conversationIds: Array(String)}))
  )
