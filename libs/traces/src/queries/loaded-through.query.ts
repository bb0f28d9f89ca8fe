import type { ClickHouseQuery } from '#platform';

export interface LoadedThroughRow {
  loaded_through_ms: string;
  now_ms: string;
}

/**
 * The moment of the latest load since `from`, or of the one with which `changesMax` changes are reached, so that a backlog is taken in parts;
 * 0 when there was none. And the moment of the query; both by the store's own clock. Prefix (organization_id, loaded_at).
 */
export function loadedThroughQuery(input: { organizationId: string; from: Date; changesMax: number }): ClickHouseQuery {
  return {
    query: `
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
)`,
    query_params: { organizationId: input.organizationId, fromMs: input.from.getTime(), changesMax: input.changesMax },
  };
}
