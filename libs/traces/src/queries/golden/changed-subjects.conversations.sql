WITH changed AS
(
  SELECT trace_id
  FROM trace_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({sinceMs: Int64}, 'UTC')
  UNION ALL
  SELECT trace_id
  FROM content_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({sinceMs: Int64}, 'UTC')
)
SELECT DISTINCT conversation_id AS subject
FROM conversations
WHERE organization_id = {organizationId: String}
  AND conversation_id IN {subjects: Array(String)}
  AND trace_id IN (SELECT trace_id FROM changed)
ORDER BY subject
