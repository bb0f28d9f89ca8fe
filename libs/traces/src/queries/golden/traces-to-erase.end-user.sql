WITH named AS
(
  SELECT trace_id
  FROM spans
  WHERE organization_id = {organizationId: String}
    AND end_user_id = {endUserId: String}
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
