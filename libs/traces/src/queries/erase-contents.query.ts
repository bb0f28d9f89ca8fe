import type { ClickHouseQuery } from '#platform';

export interface ContentToErase {
  organizationId: string;
  /** 32 hex digits each. */
  traceIds: readonly string[];
  /** What was said later is another matter: by the sender's clock, and where that is ahead by ours. */
  saidUntil: Date;
}

export interface ContentCountRow {
  bodies: string;
}

const WHERE = `organization_id = {organizationId: String}
  AND trace_id IN (SELECT unhex(arrayJoin({traceIds: Array(String)})))
  AND (started_at <= fromUnixTimestamp64Milli({untilMs: Int64}, 'UTC') OR ingested_at <= fromUnixTimestamp64Milli({untilMs: Int64}, 'UTC'))`;

const paramsOf = ({ organizationId, traceIds, saidUntil }: ContentToErase) => ({ organizationId, traceIds, untilMs: saidUntil.getTime() });

/** How many message bodies an erasure would delete. Prefix (organization_id, trace_id) of span_contents. */
export function countContentsQuery(input: ContentToErase): ClickHouseQuery {
  return { query: `\nSELECT count() AS bodies\nFROM span_contents\nWHERE ${WHERE}`, query_params: paramsOf(input) };
}

/** Deletes message bodies from disk, and returns when they are gone: a mutation that every replica has carried out. */
export function eraseContentsQuery(input: ContentToErase): ClickHouseQuery {
  return {
    query: `\nALTER TABLE span_contents\nDELETE WHERE ${WHERE}\nSETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1`,
    query_params: paramsOf(input),
  };
}
