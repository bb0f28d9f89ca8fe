SELECT EXISTS
(
  SELECT 1
  FROM spans
  WHERE organization_id = {organizationId: String}
    AND retention_days != {retentionDays: UInt16}
  LIMIT 1
) AS is_other,
(
  SELECT count()
  FROM system.mutations
  WHERE database = currentDatabase()
    AND table = {table: String}
    AND NOT is_done
    AND position(command, 'UPDATE retention_days') > 0
) AS running
