WITH changes AS
(
  SELECT trace_id, trace_changes.conversation_id AS known_conversation_id
  FROM trace_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
    AND loaded_at < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
)
SELECT conversation_id, toString(max(conversations.last_seen_at)) AS last_activity_at
FROM conversations
WHERE organization_id = {organizationId: String}
  AND conversation_id IN
  (
    SELECT known_conversation_id
    FROM changes
    WHERE known_conversation_id != ''
    UNION ALL
    SELECT conversation_id
    FROM trace_index
    WHERE organization_id = {organizationId: String}
      AND trace_id IN (SELECT trace_id FROM changes WHERE trace_id != toFixedString('', 16))
      AND conversation_id != ''
  )
GROUP BY conversation_id
ORDER BY conversation_id
