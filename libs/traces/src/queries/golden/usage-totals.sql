WITH
(
  SELECT (uniqExact(conversation_id), uniqExact(trace_id))
  FROM conversations
  WHERE organization_id = {organizationId: String}
    AND trace_id IN
    (
      SELECT trace_id
      FROM spans
      WHERE organization_id = {organizationId: String}
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
WHERE organization_id = {organizationId: String}
