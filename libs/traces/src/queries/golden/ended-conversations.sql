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
  FROM trace_index
  WHERE organization_id = {organizationId: String}
    AND conversation_id != ''
    AND trace_id IN
    (
      SELECT trace_id
      FROM signals
      WHERE organization_id = {organizationId: String}
        AND kind = 'end'
        AND subject IN (SELECT trace_id FROM changes WHERE trace_id != toFixedString('', 16))
    )
  UNION ALL
  SELECT conversation_id
  FROM signals
  WHERE organization_id = {organizationId: String}
    AND subject IN (SELECT sipHash128Reference(known_conversation_id) FROM changes WHERE trace_id = toFixedString('', 16))
    AND trace_id = toFixedString('', 16)
    AND kind = 'end'
)
ORDER BY conversation_id
