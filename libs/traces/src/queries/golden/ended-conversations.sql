SELECT DISTINCT conversation_id
FROM conversations
WHERE organization_id = {organizationId: String}
  AND trace_id IN
  (
    SELECT trace_id
    FROM signals
    WHERE organization_id = {organizationId: String}
      AND kind = 'end'
      AND trace_id IN
      (
        SELECT trace_id
        FROM trace_changes
        WHERE organization_id = {organizationId: String}
          AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
          AND loaded_at < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
      )
  )
ORDER BY conversation_id
