ALTER TABLE spans
UPDATE retention_days = {retentionDays: UInt16}
WHERE organization_id = {organizationId: String}
  AND retention_days != {retentionDays: UInt16}
SETTINGS mutations_sync = 0
