-- Which traces got message bodies since when, so that an erasure is carried out again for those alone. Apart from trace_changes: bodies are
-- loaded by inserts of their own, which may come long after the insert of their spans, and change no decision.
CREATE TABLE content_changes {on_cluster}
(
  organization_id  LowCardinality(String),
  loaded_at        DateTime64(3, 'UTC'),
  trace_id         FixedString(16)
)
ENGINE = {engine MergeTree}
ORDER BY (organization_id, loaded_at, trace_id)
TTL toDateTime(loaded_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW content_changes_from_contents {on_cluster} TO content_changes AS
SELECT organization_id, now64(3, 'UTC') AS loaded_at, trace_id
FROM span_contents
GROUP BY organization_id, trace_id;
