WITH changes AS
(
  SELECT trace_id, trace_changes.conversation_id AS known_conversation_id
  FROM trace_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
    AND loaded_at < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
)
SELECT DISTINCT conversation_id
FROM
(
  SELECT conversation_id
  FROM conversations
  WHERE organization_id = {organizationId: String}
    AND trace_id IN
    (
      SELECT trace_id
      FROM signals
      WHERE organization_id = {organizationId: String}
        AND kind = 'end'
        AND trace_id IN (SELECT trace_id FROM changes WHERE trace_id != toFixedString('', 16))
    )
  UNION ALL
  SELECT conversation_id
  FROM signals
  WHERE organization_id = {organizationId: String}
    AND trace_id = toFixedString('', 16)
    AND conversation_id IN (SELECT known_conversation_id FROM changes WHERE trace_id = toFixedString('', 16))
    AND kind = 'end'
)
ORDER BY conversation_id
