-- Simulated runs and their verdicts.

CREATE TABLE suites (
  organization_id  text NOT NULL REFERENCES organizations (id),
  sha256           text NOT NULL,
  name             text NOT NULL,
  source           text NOT NULL,
  created_at       timestamptz NOT NULL,
  PRIMARY KEY (organization_id, sha256)
);

CREATE TABLE runs (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  suite_sha256     text NOT NULL,
  suite_name       text NOT NULL,
  variant          text NOT NULL,
  variant_value    jsonb NOT NULL,
  trials_planned   integer NOT NULL CHECK (trials_planned > 0),
  seed             bigint NOT NULL,
  settings         jsonb NOT NULL,
  started_at       timestamptz NOT NULL,
  finished_at      timestamptz,
  FOREIGN KEY (organization_id, suite_sha256) REFERENCES suites (organization_id, sha256)
);

CREATE TABLE trials (
  run_id           text NOT NULL REFERENCES runs (id),
  scenario_id      text NOT NULL,
  trial            integer NOT NULL CHECK (trial >= 0),
  organization_id  text NOT NULL REFERENCES organizations (id),
  conversation_id  text NOT NULL,
  status           text NOT NULL CHECK (status IN ('passed', 'failed', 'infrastructure_error')),
  error            text,
  attempts         integer NOT NULL,
  transcript       jsonb NOT NULL,
  final_state      jsonb,
  started_at       timestamptz NOT NULL,
  ended_at         timestamptz NOT NULL,
  PRIMARY KEY (run_id, scenario_id, trial)
);

CREATE TABLE verdicts (
  run_id       text NOT NULL,
  scenario_id  text NOT NULL,
  trial        integer NOT NULL,
  check_index  integer NOT NULL,
  kind         text NOT NULL,
  passed       boolean NOT NULL,
  explanation  text NOT NULL,
  PRIMARY KEY (run_id, scenario_id, trial, check_index),
  FOREIGN KEY (run_id, scenario_id, trial) REFERENCES trials (run_id, scenario_id, trial)
);

-- A staged move from a base variant to a candidate, asked for over OFREP by flag key.
CREATE TABLE rollouts (
  organization_id  text NOT NULL REFERENCES organizations (id),
  flag_key         text NOT NULL,
  salt             text NOT NULL,
  agent            text NOT NULL,
  task             text NOT NULL,
  base             text NOT NULL,
  candidate        text NOT NULL,
  exposure_bp      integer NOT NULL CHECK (exposure_bp BETWEEN 0 AND 10000),
  is_enabled       boolean NOT NULL,
  updated_at       timestamptz NOT NULL,
  PRIMARY KEY (organization_id, flag_key)
);

CREATE TABLE variants (
  organization_id  text NOT NULL,
  flag_key         text NOT NULL,
  name             text NOT NULL,
  value            jsonb NOT NULL,
  PRIMARY KEY (organization_id, flag_key, name),
  FOREIGN KEY (organization_id, flag_key) REFERENCES rollouts (organization_id, flag_key)
);

CREATE TABLE rollout_events (
  sequence         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  flag_key         text NOT NULL,
  kind             text NOT NULL,
  detail           jsonb NOT NULL,
  happened_at      timestamptz NOT NULL
);
CREATE TRIGGER rollout_events_append_only BEFORE UPDATE OR DELETE ON rollout_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
