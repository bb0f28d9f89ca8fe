-- Contracts that run beside the active ones on what comes in, and bill nothing.
ALTER TABLE contracts ADD COLUMN shadow_since timestamptz;

-- What they would decide now: a measurement that is made again whenever its conversation is, and no evidence of anything.
CREATE TABLE shadow_outcomes (
  organization_id   text NOT NULL REFERENCES organizations (id),
  contract_id       text NOT NULL,
  contract_version  integer NOT NULL,
  -- Of the text that decided: a draft may change.
  source_sha256     text NOT NULL,
  conversation_id   text NOT NULL,
  episode           integer NOT NULL CHECK (episode > 0),
  addition          text NOT NULL,
  outcome           text NOT NULL,
  is_billable       boolean NOT NULL,
  reason            text NOT NULL,
  grade             text,
  amount_micros     bigint NOT NULL,
  quantity_micros   bigint NOT NULL,
  currency          text NOT NULL,
  agent             text NOT NULL,
  locale            text NOT NULL,
  month             text NOT NULL,
  explanation       jsonb NOT NULL,
  episode_ended_at  timestamptz NOT NULL,
  decided_at        timestamptz NOT NULL,
  PRIMARY KEY (organization_id, contract_id, contract_version, conversation_id, episode, addition)
);
CREATE INDEX shadow_outcomes_by_end ON shadow_outcomes (organization_id, contract_id, contract_version, episode_ended_at);
