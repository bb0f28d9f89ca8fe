-- What a contract would have decided, and who agreed to it.
CREATE TABLE contract_replays (
  id                text PRIMARY KEY,
  organization_id   text NOT NULL REFERENCES organizations (id),
  contract_id       text NOT NULL,
  contract_version  integer NOT NULL CHECK (contract_version > 0),
  -- Of the text that was replayed: a draft may have changed since.
  source_sha256     text NOT NULL,
  -- The versions that it was compared with.
  against           jsonb NOT NULL,
  window_from       timestamptz NOT NULL,
  window_to         timestamptz NOT NULL,
  result            jsonb NOT NULL,
  replayed_at       timestamptz NOT NULL,
  replayed_by       text NOT NULL,
  CHECK (window_from < window_to)
);
CREATE INDEX contract_replays_by_text ON contract_replays (organization_id, contract_id, contract_version, source_sha256);
CREATE TRIGGER contract_replays_append_only BEFORE UPDATE OR DELETE ON contract_replays FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE replay_sign_offs (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  replay_id        text NOT NULL REFERENCES contract_replays (id),
  note             text NOT NULL,
  signed_at        timestamptz NOT NULL,
  signed_by        text NOT NULL
);
CREATE INDEX replay_sign_offs_by_replay ON replay_sign_offs (replay_id);
CREATE TRIGGER replay_sign_offs_append_only BEFORE UPDATE OR DELETE ON replay_sign_offs FOR EACH ROW EXECUTE FUNCTION refuse_change();
