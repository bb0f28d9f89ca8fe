-- Evidence. `{engine X}` becomes X on the embedded engine and its Replicated form on a cluster; `{on_cluster}` likewise.

-- One wide, immutable row per span. A re-sent span has the same identity and is replaced on merge; money reads dedupe by
-- (organization_id, trace_id, span_id) all the same, because a merge happens when it happens.
CREATE TABLE spans {on_cluster}
(
  organization_id      LowCardinality(String),
  trace_id             FixedString(16),
  span_id              FixedString(8),
  parent_span_id       FixedString(8),
  started_at           DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  ended_at             DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  ingested_at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  name                 LowCardinality(String),
  kind                 LowCardinality(String),
  status               LowCardinality(String),
  status_message       String,
  service              LowCardinality(String),
  environment          LowCardinality(String),
  operation            LowCardinality(String),
  charge               LowCardinality(String),
  conversation_id      String,
  turn_id              String,
  end_user_id          String,
  customer_id          LowCardinality(String),
  agent                LowCardinality(String),
  task                 LowCardinality(String),
  locale               LowCardinality(String),
  channel              LowCardinality(String),
  flag_key             LowCardinality(String),
  variant              LowCardinality(String),
  provider             LowCardinality(String),
  request_model        LowCardinality(String),
  response_model       LowCardinality(String),
  tool                 LowCardinality(String),
  tool_call_id         String,
  is_speculative       UInt8,
  is_used              Nullable(UInt8),
  first_token_ns       Nullable(UInt64),
  tokens_input         Nullable(UInt64),
  tokens_cache_read    Nullable(UInt64),
  tokens_cache_write   Nullable(UInt64),
  tokens_output        Nullable(UInt64),
  tokens_reasoning     Nullable(UInt64),
  tokens_audio_input   Nullable(UInt64),
  tokens_audio_output  Nullable(UInt64),
  token_rule           LowCardinality(String),
  cost_usd             Nullable(Decimal(18, 12)),
  cost_source          LowCardinality(String),
  cost_unknown_reason  LowCardinality(String),
  price_version        LowCardinality(String),
  attributes           Map(LowCardinality(String), String),
  resource_attributes  Map(LowCardinality(String), String),
  events               Nested(at DateTime64(9, 'UTC'), name LowCardinality(String), attributes Map(LowCardinality(String), String)),
  INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {engine ReplacingMergeTree(ingested_at)}
PARTITION BY toYYYYMM(started_at)
ORDER BY (organization_id, toStartOfHour(started_at), trace_id, span_id)
SETTINGS non_replicated_deduplication_window = 10000;

-- Which traces make up a conversation. Every aggregate is idempotent, so that a duplicate cannot change it.
CREATE TABLE conversations {on_cluster}
(
  organization_id  LowCardinality(String),
  conversation_id  String,
  trace_id         FixedString(16),
  customer_id      SimpleAggregateFunction(max, String),
  first_seen_at    SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
  last_seen_at     SimpleAggregateFunction(max, DateTime64(9, 'UTC')),
  INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {engine AggregatingMergeTree}
ORDER BY (organization_id, conversation_id, trace_id)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW conversations_from_spans {on_cluster} TO conversations AS
SELECT organization_id, conversation_id, trace_id, max(toString(spans.customer_id)) AS customer_id,
       min(started_at) AS first_seen_at, max(ended_at) AS last_seen_at
FROM spans
WHERE conversation_id != ''
GROUP BY organization_id, conversation_id, trace_id;

-- What was loaded since when: the decision job reads forward from where it stopped. Keyed by load time, kept a month.
CREATE TABLE trace_changes {on_cluster}
(
  organization_id  LowCardinality(String),
  loaded_at        DateTime64(3, 'UTC'),
  trace_id         FixedString(16),
  conversation_id  String
)
ENGINE = {engine MergeTree}
ORDER BY (organization_id, loaded_at, trace_id)
TTL toDateTime(loaded_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW trace_changes_from_spans {on_cluster} TO trace_changes AS
SELECT organization_id, now64(3, 'UTC') AS loaded_at, trace_id, conversation_id
FROM spans
GROUP BY organization_id, trace_id, conversation_id;

-- Something observed that bears on an outcome, from the events of spans.
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
  ingested_at      DateTime64(3, 'UTC')
)
ENGINE = {engine ReplacingMergeTree(ingested_at)}
ORDER BY (organization_id, trace_id, signal_id)
SETTINGS non_replicated_deduplication_window = 10000;

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

-- A copy of the decisions that stand, for joins and dashboards; the newest revision replaces.
CREATE TABLE outcomes {on_cluster}
(
  organization_id     LowCardinality(String),
  conversation_id     String,
  episode             UInt32,
  revision            UInt32,
  decision_id         String,
  customer_id         LowCardinality(String),
  agent               LowCardinality(String),
  variant             LowCardinality(String),
  locale              LowCardinality(String),
  channel             LowCardinality(String),
  is_test_traffic     UInt8,
  outcome             LowCardinality(String),
  is_billable         UInt8,
  reason              LowCardinality(String),
  grade               LowCardinality(String),
  amount              Decimal(18, 6),
  currency            LowCardinality(String),
  model_cost_usd      Decimal(18, 12),
  cost_unknown_spans  UInt32,
  episode_started_at  DateTime64(3, 'UTC'),
  episode_ended_at    DateTime64(3, 'UTC'),
  decided_at          DateTime64(3, 'UTC')
)
ENGINE = {engine ReplacingMergeTree(revision)}
ORDER BY (organization_id, conversation_id, episode);
