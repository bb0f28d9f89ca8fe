import type { ClickHouseQuery } from '#platform';

export interface UsageTotalsRow {
  conversations: string;
  turns: string;
  spans: string;
  model_calls: string;
  /** NULL when no cost is known. */
  known_cost_usd: string | null;
  unknown_cost_spans: string;
  wasted_cost_usd: string | null;
  unknown_wasted_spans: string;
}

/**
 * What an organization sent so far, every span once. Waste is the known cost of speculative calls whose result was not used.
 * Reads all spans of the organization (prefix organization_id): for the overview of a small store and the demo.
 *
 * What is charged, v_charged_spans says: 0.7 s for 3 million spans, against 8.2 s for the rule written out here over spans that LIMIT BY
 * deduplicated, which each mention of them sorted anew. The whole trace decides what is charged, also of one environment.
 */
export function usageTotalsQuery(input: { organizationId: string; environment?: string }): ClickHouseQuery {
  const inEnvironment = (indent: string) => (input.environment === undefined ? '' : `\n${indent}AND environment = {environment: String}`);
  return {
    query: `
WITH
(
  SELECT (uniqExact(conversation_id), uniqExact(trace_id))
  FROM conversations
  WHERE organization_id = {organizationId: String}
    AND trace_id IN
    (
      SELECT trace_id
      FROM spans
      WHERE organization_id = {organizationId: String}${inEnvironment('        ')}
    )
) AS seen
SELECT
  seen.1 AS conversations,
  seen.2 AS turns,
  count() AS spans,
  countIf(is_charged) AS model_calls,
  sumIf(cost_usd, is_charged) AS known_cost_usd,
  countIf(is_charged AND cost_usd IS NULL) AS unknown_cost_spans,
  sumIf(cost_usd, is_charged AND is_speculative = 1 AND is_used = 0) AS wasted_cost_usd,
  countIf(is_charged AND cost_usd IS NULL AND is_speculative = 1 AND is_used = 0) AS unknown_wasted_spans
FROM v_charged_spans
WHERE organization_id = {organizationId: String}${inEnvironment('  ')}`,
    query_params: { organizationId: input.organizationId, ...(input.environment !== undefined && { environment: input.environment }) },
  };
}
