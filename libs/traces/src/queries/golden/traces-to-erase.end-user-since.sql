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
),
named AS
(
  SELECT trace_id
  FROM spans
  WHERE organization_id = {organizationId: String}
    AND end_user_id = {endUserId: String}
    AND trace_id IN (SELECT trace_id FROM touched)
)
SELECT DISTINCT lower(hex(found.trace_id)) AS trace_id
FROM
(
  SELECT trace_id
  FROM named
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
        AND trace_id IN (SELECT trace_id FROM named)
    )
) AS found
ORDER BY trace_id
