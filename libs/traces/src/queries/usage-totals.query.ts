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
 * Reads all spans of the organization (prefix organization_id): for the overview of a small store and the demo; dashboards read views.
 */
export function usageTotalsQuery(input: { organizationId: string; environment?: string }): ClickHouseQuery {
  return {
    query: `
WITH found AS
(
  SELECT trace_id, span_id, parent_span_id, charge, cost_usd, cost_unknown_reason, is_speculative, is_used
  FROM spans
  WHERE organization_id = {organizationId: String}${input.environment === undefined ? '' : '\n    AND environment = {environment: String}'}
  ORDER BY ingested_at DESC
  LIMIT 1 BY organization_id, trace_id, span_id
),
calls AS
(
  SELECT *
  FROM found
  WHERE charge = 'leaf'
     OR (charge = 'aggregate' AND cost_unknown_reason != 'no_usage'
         AND trace_id NOT IN (SELECT trace_id FROM found WHERE charge = 'leaf')
         AND (trace_id, parent_span_id) NOT IN (SELECT trace_id, span_id FROM found WHERE charge = 'aggregate' AND cost_unknown_reason != 'no_usage'))
)
SELECT
  (SELECT uniqExact(conversation_id) FROM conversations WHERE organization_id = {organizationId: String} AND trace_id IN (SELECT trace_id FROM found)) AS conversations,
  (SELECT uniqExact(trace_id) FROM conversations WHERE organization_id = {organizationId: String} AND trace_id IN (SELECT trace_id FROM found)) AS turns,
  (SELECT count() FROM found) AS spans,
  count() AS model_calls,
  sum(cost_usd) AS known_cost_usd,
  countIf(cost_usd IS NULL) AS unknown_cost_spans,
  sumIf(cost_usd, is_speculative = 1 AND is_used = 0) AS wasted_cost_usd,
  countIf(cost_usd IS NULL AND is_speculative = 1 AND is_used = 0) AS unknown_wasted_spans
FROM calls`,
    query_params: { organizationId: input.organizationId, ...(input.environment !== undefined && { environment: input.environment }) },
  };
}
