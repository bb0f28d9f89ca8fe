import type { ClickHouseQuery } from '#platform';

/**
 * Writes how long rows are kept into those that are there already; the tables' TTL goes by it. A mutation in the background: on a large
 * table it takes a while, and asking again changes nothing more.
 */
export function setRetentionQuery(input: { table: 'spans' | 'span_contents'; organizationId: string; retentionDays: number }): ClickHouseQuery {
  return {
    query: `
ALTER TABLE ${input.table}
UPDATE retention_days = {retentionDays: UInt16}
WHERE organization_id = {organizationId: String}
  AND retention_days != {retentionDays: UInt16}`,
    query_params: { organizationId: input.organizationId, retentionDays: input.retentionDays },
  };
}
