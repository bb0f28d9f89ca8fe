import type { ClickHouseQuery } from '#platform';

export interface RetentionToSet {
  table: 'spans' | 'span_contents';
  organizationId: string;
  retentionDays: number;
}

export interface OtherRetentionRow {
  /** 1 when some row of the organization has another retention. */
  is_other: number;
  /** Changes of retention in this table, of any organization, that are not carried out yet. */
  running: string;
}

/**
 * Whether there is anything to write, and nobody at it. Reads one small column of the organization's rows (prefix organization_id) until one
 * differs: a mutation looks at every part of the table, and is not started for nothing.
 */
export function otherRetentionQuery({ table, organizationId, retentionDays }: RetentionToSet): ClickHouseQuery {
  return {
    query: `
SELECT EXISTS
(
  SELECT 1
  FROM ${table}
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
) AS running`,
    query_params: { table, organizationId, retentionDays },
  };
}

/**
 * Writes how long rows are kept into those that are there already; the tables' TTL goes by it. A mutation in the background, which has to be
 * said because engines differ in what they do unasked: on a large table it takes longer than a request may. Asking again changes nothing more.
 */
export function setRetentionQuery(input: RetentionToSet): ClickHouseQuery {
  return {
    query: `
ALTER TABLE ${input.table}
UPDATE retention_days = {retentionDays: UInt16}
WHERE organization_id = {organizationId: String}
  AND retention_days != {retentionDays: UInt16}
SETTINGS mutations_sync = 0`,
    query_params: { organizationId: input.organizationId, retentionDays: input.retentionDays },
  };
}
