-- A view has the columns that its table had when the view was made. Made anew, in the order in which they read each other, now that spans
-- and signals have more.
CREATE OR REPLACE VIEW v_spans {on_cluster} AS
SELECT *, lower(hex(spans.trace_id)) AS trace_id_hex, lower(hex(spans.span_id)) AS span_id_hex, toFloat64(ended_at - started_at) * 1000 AS duration_ms
FROM spans FINAL;

CREATE OR REPLACE VIEW v_charged_spans {on_cluster} AS
SELECT v_spans.*, if(notEmpty(trees.charged_span_ids), has(trees.charged_span_ids, v_spans.span_id), v_spans.charge = 'leaf') AS is_charged
FROM v_spans
LEFT JOIN v_trace_charges AS trees ON v_spans.organization_id = trees.organization_id AND v_spans.trace_id = trees.trace_id;

CREATE OR REPLACE VIEW v_model_calls {on_cluster} AS
SELECT *
FROM v_charged_spans
WHERE is_charged = 1;

CREATE OR REPLACE VIEW v_signals {on_cluster} AS
SELECT *
FROM signals FINAL;
