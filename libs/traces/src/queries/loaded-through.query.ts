import type { ClickHouseQuery } from '#platform';

export interface LoadedThroughRow {
  loaded_through_ms: string;
}

/** The moment of the latest load since `from`, by the store's own clock; 0 when there was none. Prefix (organization_id, loaded_at). */
export function loadedThroughQuery(input: { organizationId: string; from: Date }): ClickHouseQuery {
  return {
    query: `
SELECT toUnixTimestamp64Milli(max(loaded_at)) AS loaded_through_ms
FROM trace_changes
WHERE organization_id = {organizationId: String}
  AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')`,
    query_params: { organizationId: input.organizationId, fromMs: input.from.getTime() },
  };
}
