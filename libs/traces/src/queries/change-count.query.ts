import type { ClickHouseQuery } from '#platform';

export interface ChangeCountRow {
  changes: string;
}

/** How many changes of traces, as far as they can be seen, were loaded in [from, to). Prefix (organization_id, loaded_at). */
export function changeCountQuery(input: { organizationId: string; from: Date; to: Date }): ClickHouseQuery {
  return {
    query: `
SELECT count() AS changes
FROM trace_changes
WHERE organization_id = {organizationId: String}
  AND loaded_at >= fromUnixTimestamp64Milli({fromMs: Int64}, 'UTC')
  AND loaded_at < fromUnixTimestamp64Milli({toMs: Int64}, 'UTC')`,
    query_params: { organizationId: input.organizationId, fromMs: input.from.getTime(), toMs: input.to.getTime() },
  };
}
