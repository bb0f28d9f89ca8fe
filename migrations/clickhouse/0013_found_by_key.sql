-- Which traces make up a conversation. Every aggregate is idempotent, so that a duplicate cannot change it.
DROP TABLE IF EXISTS conversations {on_cluster} SYNC SETTINGS max_table_size_to_drop = 0;

CREATE TABLE conversations {on_cluster}
(
  organization_id  LowCardinality(String),
  conversation_id  String,
  trace_id         FixedString(16),
  customer_id      SimpleAggregateFunction(max, String),
  first_seen_at    SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
  last_seen_at     SimpleAggregateFunction(max, DateTime64(9, 'UTC'))
)
ENGINE = {engine AggregatingMergeTree}
ORDER BY (organization_id, conversation_id, trace_id)
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

INSERT INTO conversations
SELECT organization_id, conversation_id, trace_id, customer_id, first_seen_at, last_seen_at
FROM conversations_kept;

-- Something observed that bears on an outcome: from the events of spans, from log records and over REST. `subject` is what it is about and what
-- it is found by: its trace, or the conversation that it names where it has none.
DROP TABLE IF EXISTS signals {on_cluster} SYNC SETTINGS max_table_size_to_drop = 0;

CREATE TABLE signals {on_cluster}
(
  organization_id  LowCardinality(String),
  signal_id        String,
  trace_id         FixedString(16),
  span_id          FixedString(8),
  conversation_id  String,
  at               DateTime64(9, 'UTC'),
  kind             LowCardinality(String),
  name             LowCardinality(String),
  source           LowCardinality(String),
  value            String,
  attributes       Map(LowCardinality(String), String),
  ingested_at      DateTime64(3, 'UTC'),
  customer_id      String,
  origin           LowCardinality(String) DEFAULT 'span',
  subject          FixedString(16) MATERIALIZED if(trace_id = toFixedString('', 16), sipHash128Reference(conversation_id), trace_id)
)
ENGINE = {engine ReplacingMergeTree(ingested_at)}
ORDER BY (organization_id, subject, signal_id)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

INSERT INTO signals
  (organization_id, signal_id, trace_id, span_id, conversation_id, at, kind, name, source, value, attributes, ingested_at, customer_id, origin)
SELECT organization_id, signal_id, trace_id, span_id, conversation_id, at, kind, name, source, value, attributes, ingested_at, customer_id, origin
FROM signals_kept;

-- Where a trace is: the hours in which spans of it began, because the order of `spans` begins with the hour, and the conversations that
-- anything of it names, because `conversations` cannot be asked by trace. Most traces have one of each; a span or signal that names no
-- conversation has ''.
CREATE TABLE trace_index {on_cluster}
(
  organization_id  LowCardinality(String),
  trace_id         FixedString(16),
  hour             DateTime('UTC'),
  conversation_id  String
)
ENGINE = {engine ReplacingMergeTree}
ORDER BY (organization_id, trace_id, hour, conversation_id)
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW trace_index_from_spans {on_cluster} TO trace_index AS
SELECT organization_id, trace_id, toStartOfHour(started_at) AS hour, conversation_id
FROM spans
GROUP BY organization_id, trace_id, hour, conversation_id;

INSERT INTO trace_index
SELECT organization_id, trace_id, toStartOfHour(started_at) AS hour, conversation_id
FROM spans
GROUP BY organization_id, trace_id, hour, conversation_id;

INSERT INTO trace_index
SELECT organization_id, trace_id, toStartOfHour(at) AS hour, conversation_id
FROM signals
WHERE origin != 'span' AND conversation_id != '' AND trace_id != toFixedString('', 16)
GROUP BY organization_id, trace_id, hour, conversation_id;
