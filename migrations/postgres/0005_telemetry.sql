-- What an organization wants done with message bodies and with the age of its traces. No row: the defaults, under which no body is kept.
CREATE TABLE telemetry_settings (
  organization_id         text PRIMARY KEY REFERENCES organizations (id),
  keeps_content           boolean NOT NULL,
  content_bytes_max       integer NOT NULL CHECK (content_bytes_max > 0),
  redact_patterns         text[] NOT NULL,
  redact_keys             text[] NOT NULL,
  content_retention_days  integer NOT NULL CHECK (content_retention_days BETWEEN 0 AND 65535),
  span_retention_days     integer NOT NULL CHECK (span_retention_days BETWEEN 0 AND 65535),
  updated_at              timestamptz NOT NULL
);

-- Erasures of one end user's or one conversation's message bodies. What was sent before and is loaded later is erased too, so an erasure is
-- carried out again until nothing older can come.
CREATE TABLE content_erasures (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  conversation_id  text,
  end_user_id      text,
  requested_at     timestamptz NOT NULL,
  requested_by     text NOT NULL,
  first_done_at    timestamptz,
  last_done_at     timestamptz,
  CHECK ((conversation_id IS NULL) <> (end_user_id IS NULL))
);
CREATE INDEX content_erasures_by_organization ON content_erasures (organization_id, requested_at);
