-- What was left out or cut of a span, an estimate where a cost is unknown, and how long the row is kept.
ALTER TABLE spans {on_cluster} ADD COLUMN IF NOT EXISTS cost_estimate_usd Nullable(Decimal(18, 12)) AFTER cost_unknown_reason;
ALTER TABLE spans {on_cluster} ADD COLUMN IF NOT EXISTS attributes_dropped UInt32;
ALTER TABLE spans {on_cluster} ADD COLUMN IF NOT EXISTS attributes_cut UInt32;
-- 0 keeps the row. It is written at ingest from the organization's setting, and changed by a mutation when the setting changes.
ALTER TABLE spans {on_cluster} ADD COLUMN IF NOT EXISTS retention_days UInt16;
ALTER TABLE spans {on_cluster} MODIFY TTL toDateTime(started_at) + toIntervalDay(retention_days) DELETE WHERE retention_days > 0;

-- What people and models said, for organizations that want it kept: apart from the evidence, so that it can be kept shorter and be erased.
CREATE TABLE span_contents {on_cluster}
(
  organization_id  LowCardinality(String),
  trace_id         FixedString(16),
  span_id          FixedString(8),
  started_at       DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  ingested_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  name             LowCardinality(String),
  value            String CODEC(ZSTD(3)),
  redactions       UInt32,
  bytes_cut        UInt32,
  retention_days   UInt16
)
ENGINE = {engine ReplacingMergeTree(ingested_at)}
PARTITION BY toYYYYMM(started_at)
ORDER BY (organization_id, trace_id, span_id, name)
TTL toDateTime(started_at) + toIntervalDay(retention_days) DELETE WHERE retention_days > 0
SETTINGS non_replicated_deduplication_window = 10000;

-- Signals also come as log records, which need not name a trace. `origin` tells them from the events of spans.
ALTER TABLE signals {on_cluster} ADD COLUMN IF NOT EXISTS customer_id String;
ALTER TABLE signals {on_cluster} ADD COLUMN IF NOT EXISTS origin LowCardinality(String) DEFAULT 'span';
ALTER TABLE signals {on_cluster} ADD INDEX IF NOT EXISTS conversation_id_bloom conversation_id TYPE bloom_filter(0.001) GRANULARITY 1;

CREATE MATERIALIZED VIEW trace_changes_from_logs {on_cluster} TO trace_changes AS
SELECT organization_id, now64(3, 'UTC') AS loaded_at, trace_id, conversation_id
FROM signals
WHERE origin = 'log'
GROUP BY organization_id, trace_id, conversation_id;

CREATE MATERIALIZED VIEW conversations_from_logs {on_cluster} TO conversations AS
SELECT organization_id, conversation_id, trace_id, max(signals.customer_id) AS customer_id, min(at) AS first_seen_at, max(at) AS last_seen_at
FROM signals
WHERE origin = 'log' AND conversation_id != '' AND trace_id != toFixedString('', 16)
GROUP BY organization_id, conversation_id, trace_id;
