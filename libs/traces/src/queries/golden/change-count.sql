SELECT count() AS changes
FROM trace_changes
WHERE organization_id = {organizationId: String}
  AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
  AND loaded_at < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')
