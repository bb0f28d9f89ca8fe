-- Who did what, when and why. Each entry holds the hash of the one before, so that the last hash stands for all of them (docs/audit.md).

CREATE TABLE audit_log (
  organization_id  text NOT NULL REFERENCES organizations (id),
  -- From 1, without gaps.
  sequence         bigint NOT NULL CHECK (sequence > 0),
  -- To the millisecond, which is what is hashed: there is no rest that could be changed unseen.
  at               timestamptz(3) NOT NULL CHECK (isfinite(at)),
  actor_kind       text NOT NULL CHECK (actor_kind IN ('key', 'person', 'job', 'command')),
  actor            text NOT NULL CHECK (actor <> ''),
  action           text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
  subject_kind     text NOT NULL CHECK (subject_kind ~ '^[a-z_]+$'),
  subject_id       text NOT NULL CHECK (subject_id <> ''),
  reason           text,
  before           jsonb,
  after            jsonb,
  previous_sha256  text NOT NULL CHECK (previous_sha256 ~ '^[0-9a-f]{64}$'),
  sha256           text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  PRIMARY KEY (organization_id, sequence)
);
CREATE INDEX audit_log_by_action ON audit_log (organization_id, action, sequence);
CREATE INDEX audit_log_by_subject ON audit_log (organization_id, subject_kind, subject_id, sequence);

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_never_emptied BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
