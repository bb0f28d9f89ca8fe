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
),
touched AS
(
  SELECT trace_id
  FROM changed
  UNION ALL
  SELECT trace_id
  FROM conversations
  WHERE organization_id = {organizationId: String}
    AND conversation_id IN
    (
      SELECT conversation_id
      FROM trace_index
      WHERE organization_id = {organizationId: String}
        AND conversation_id != ''
        AND trace_id IN (SELECT trace_id FROM changed)
    )
)
SELECT DISTINCT end_user_id AS subject
FROM spans
WHERE organization_id = {organizationId: String}
  AND end_user_id IN {subjects: Array(String)}
  AND trace_id IN (SELECT trace_id FROM touched)
ORDER BY subject
