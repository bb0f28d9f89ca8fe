SELECT DISTINCT lower(hex(trace_id)) AS trace_id
FROM conversations
WHERE organization_id = {organizationId: String}
  AND conversation_id = {conversationId: String}
ORDER BY trace_id
