SELECT
  toUnixTimestamp64Milli(max(loaded_at)) AS loaded_through_ms,
  toUnixTimestamp64Milli(now64(3)) AS now_ms
FROM
(
  SELECT loaded_at
  FROM trace_changes
  WHERE organization_id = {organizationId: String}
    AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
  ORDER BY loaded_at
  LIMIT {changesMax: UInt32}
)
