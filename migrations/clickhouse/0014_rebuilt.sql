-- The views that fill them, as before, and no copy any more.
CREATE MATERIALIZED VIEW conversations_from_spans {on_cluster} TO conversations AS
SELECT organization_id, conversation_id, trace_id, max(toString(spans.customer_id)) AS customer_id,
       min(started_at) AS first_seen_at, max(ended_at) AS last_seen_at
FROM spans
WHERE conversation_id != ''
GROUP BY organization_id, conversation_id, trace_id;

CREATE MATERIALIZED VIEW conversations_from_logs {on_cluster} TO conversations AS
SELECT organization_id, conversation_id, trace_id, max(signals.customer_id) AS customer_id, min(at) AS first_seen_at, max(at) AS last_seen_at
FROM signals
WHERE origin = 'log' AND conversation_id != '' AND trace_id != toFixedString('', 16)
GROUP BY organization_id, conversation_id, trace_id;

CREATE MATERIALIZED VIEW conversations_from_rest {on_cluster} TO conversations AS
SELECT organization_id, conversation_id, trace_id, max(signals.customer_id) AS customer_id, min(at) AS first_seen_at, max(at) AS last_seen_at
FROM signals
WHERE origin = 'rest' AND conversation_id != '' AND trace_id != toFixedString('', 16)
GROUP BY organization_id, conversation_id, trace_id;

CREATE MATERIALIZED VIEW trace_index_from_signals {on_cluster} TO trace_index AS
SELECT organization_id, trace_id, toStartOfHour(at) AS hour, conversation_id
FROM signals
WHERE origin != 'span' AND conversation_id != '' AND trace_id != toFixedString('', 16)
GROUP BY organization_id, trace_id, hour, conversation_id;

CREATE MATERIALIZED VIEW signals_from_spans {on_cluster} TO signals AS
SELECT organization_id,
       lower(concat(hex(trace_id), hex(span_id), leftPad(toString(event_position), 4, '0'))) AS signal_id,
       trace_id, span_id, conversation_id, event_at AS at,
       multiIf(event_name = 'astrolabe.handoff', 'handoff', event_name = 'astrolabe.conversation.end', 'end',
               event_name = 'gen_ai.evaluation.result', 'verdict', event_name = 'feature_flag.evaluation', 'exposure', 'signal') AS kind,
       multiIf(event_name = 'astrolabe.handoff', 'handoff', event_name = 'astrolabe.conversation.end', 'conversation_end',
               event_name = 'gen_ai.evaluation.result', event_attributes['gen_ai.evaluation.name'],
               event_name = 'feature_flag.evaluation', event_attributes['feature_flag.key'],
               event_attributes['astrolabe.signal.name']) AS name,
       multiIf(event_name = 'astrolabe.signal', event_attributes['astrolabe.signal.source'],
               event_name = 'gen_ai.evaluation.result', 'judge', 'agent') AS source,
       multiIf(event_name = 'astrolabe.handoff', event_attributes['astrolabe.handoff.reason'],
               event_name = 'gen_ai.evaluation.result' AND event_attributes['gen_ai.evaluation.score.label'] != '',
               event_attributes['gen_ai.evaluation.score.label'],
               event_name = 'gen_ai.evaluation.result', event_attributes['gen_ai.evaluation.score.value'],
               event_name = 'feature_flag.evaluation', event_attributes['feature_flag.result.variant'],
               event_attributes['astrolabe.signal.value']) AS value,
       event_attributes AS attributes, ingested_at
FROM
(
  SELECT organization_id, trace_id, span_id, conversation_id, ingested_at, event_at, event_name, event_attributes, event_position
  FROM spans
  ARRAY JOIN events.at AS event_at, events.name AS event_name, events.attributes AS event_attributes, arrayEnumerate(events.name) AS event_position
)
WHERE event_name IN ('astrolabe.signal', 'astrolabe.handoff', 'astrolabe.conversation.end', 'gen_ai.evaluation.result', 'feature_flag.evaluation');

CREATE MATERIALIZED VIEW trace_changes_from_logs {on_cluster} TO trace_changes AS
SELECT organization_id, now64(3, 'UTC') AS loaded_at, trace_id, conversation_id
FROM signals
WHERE origin = 'log'
GROUP BY organization_id, trace_id, conversation_id;

CREATE MATERIALIZED VIEW trace_changes_from_rest {on_cluster} TO trace_changes AS
SELECT organization_id, now64(3, 'UTC') AS loaded_at, trace_id, conversation_id
FROM signals
WHERE origin = 'rest'
GROUP BY organization_id, trace_id, conversation_id;

DROP TABLE IF EXISTS conversations_kept {on_cluster} SYNC SETTINGS max_table_size_to_drop = 0;
DROP TABLE IF EXISTS signals_kept {on_cluster} SYNC SETTINGS max_table_size_to_drop = 0;
