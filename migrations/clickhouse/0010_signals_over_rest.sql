-- Signals also come over REST. What they change is told as for log records: views of their own, because one that is dropped and made anew
-- misses what is loaded in between.
CREATE MATERIALIZED VIEW trace_changes_from_rest {on_cluster} TO trace_changes AS
SELECT organization_id, now64(3, 'UTC') AS loaded_at, trace_id, conversation_id
FROM signals
WHERE origin = 'rest'
GROUP BY organization_id, trace_id, conversation_id;

CREATE MATERIALIZED VIEW conversations_from_rest {on_cluster} TO conversations AS
SELECT organization_id, conversation_id, trace_id, max(signals.customer_id) AS customer_id, min(at) AS first_seen_at, max(at) AS last_seen_at
FROM signals
WHERE origin = 'rest' AND conversation_id != '' AND trace_id != toFixedString('', 16)
GROUP BY organization_id, conversation_id, trace_id;
