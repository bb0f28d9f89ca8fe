SELECT toUnixTimestamp64Milli(max(loaded_at)) AS loaded_through_ms
FROM trace_changes
WHERE organization_id = {organizationId: String}
  AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
