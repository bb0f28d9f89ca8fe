-- What readers and dashboards select from. A definition exists once, here.

-- For dashboards. FINAL takes a re-sent span once and lets filters reach the primary key, which LIMIT BY in a view does not.
-- Money is read by libs/*/queries, which dedupe by full identity instead.
CREATE VIEW v_spans {on_cluster} AS
SELECT *, lower(hex(spans.trace_id)) AS trace_id_hex, lower(hex(spans.span_id)) AS span_id_hex, toFloat64(ended_at - started_at) * 1000 AS duration_ms
FROM spans FINAL;

-- The model calls that are charged: leaves; and where a trace has no leaf, the outermost spans that report usage for it.
-- A parent that repeats its children's usage is never added to them.
CREATE VIEW v_model_calls {on_cluster} AS
SELECT *
FROM v_spans
WHERE charge = 'leaf'
   OR (charge = 'aggregate' AND cost_unknown_reason != 'no_usage'
       AND (organization_id, trace_id) NOT IN (SELECT organization_id, trace_id FROM spans WHERE charge = 'leaf')
       AND (organization_id, trace_id, parent_span_id) NOT IN (SELECT organization_id, trace_id, span_id FROM spans WHERE charge = 'aggregate' AND cost_unknown_reason != 'no_usage'));

CREATE VIEW v_conversations {on_cluster} AS
SELECT organization_id, conversation_id, max(customer_id) AS customer_id, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at,
       uniqExact(trace_id) AS turns
FROM conversations
GROUP BY organization_id, conversation_id;

CREATE VIEW v_signals {on_cluster} AS
SELECT *
FROM signals FINAL;

-- Episodes of customers: without tests and simulations, and without episodes that a late turn joined to the one before.
CREATE VIEW v_outcomes {on_cluster} AS
SELECT *
FROM outcomes FINAL
WHERE is_test_traffic = 0 AND reason != 'episode_merged';
