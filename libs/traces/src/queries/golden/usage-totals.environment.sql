WITH found AS
(
  SELECT trace_id, span_id, parent_span_id, charge, cost_usd, cost_unknown_reason, is_speculative, is_used
  FROM spans
  WHERE organization_id = {organizationId: String}
    AND environment = {environment: String}
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
FROM calls
