-- Contracts, and the decisions made under them.

CREATE TABLE contracts (
  organization_id  text NOT NULL REFERENCES organizations (id),
  id               text NOT NULL,
  version          integer NOT NULL CHECK (version > 0),
  customer_id      text NOT NULL,
  status           text NOT NULL CHECK (status IN ('draft', 'active', 'retired')),
  source           text NOT NULL,
  source_sha256    text NOT NULL,
  created_at       timestamptz NOT NULL,
  activated_at     timestamptz,
  PRIMARY KEY (organization_id, id, version),
  FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id)
);

CREATE UNIQUE INDEX contracts_one_active ON contracts (organization_id, id) WHERE status = 'active';

-- What a version says never changes once it was active; only its status moves on, and never back to draft.
CREATE FUNCTION refuse_contract_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status = 'draft' THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'DELETE' OR NEW.status = 'draft'
    OR (NEW.organization_id, NEW.id, NEW.version, NEW.source, NEW.source_sha256, NEW.customer_id)
       IS DISTINCT FROM (OLD.organization_id, OLD.id, OLD.version, OLD.source, OLD.source_sha256, OLD.customer_id) THEN
    RAISE EXCEPTION 'contract % version % is %: write a new version', OLD.id, OLD.version, OLD.status USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER contracts_immutable BEFORE UPDATE OR DELETE ON contracts FOR EACH ROW EXECUTE FUNCTION refuse_contract_edit();

-- Conversations with activity that no decision has seen yet: the work list of the decision job.
CREATE TABLE pending_conversations (
  organization_id   text NOT NULL REFERENCES organizations (id),
  conversation_id   text NOT NULL,
  last_activity_at  timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL,
  due_at            timestamptz NOT NULL,
  PRIMARY KEY (organization_id, conversation_id)
);
CREATE INDEX pending_conversations_due ON pending_conversations (organization_id, due_at);

CREATE TABLE outcome_decisions (
  sequence            bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id                  text PRIMARY KEY,
  organization_id     text NOT NULL REFERENCES organizations (id),
  conversation_id     text NOT NULL,
  episode             integer NOT NULL CHECK (episode > 0),
  revision            integer NOT NULL CHECK (revision > 0),
  contract_id         text,
  contract_version    integer,
  customer_id         text NOT NULL,
  agent               text NOT NULL,
  variant             text NOT NULL,
  locale              text NOT NULL,
  channel             text NOT NULL,
  is_test_traffic     boolean NOT NULL,
  outcome             text NOT NULL,
  is_billable         boolean NOT NULL,
  reason              text NOT NULL,
  grade               text CHECK (grade IN ('customer_confirmed', 'system_verified', 'judged', 'inferred')),
  amount_micros       bigint NOT NULL,
  currency            text NOT NULL,
  facts               jsonb NOT NULL,
  facts_sha256        text NOT NULL,
  explanation         jsonb NOT NULL,
  evidence            jsonb NOT NULL,
  model_cost_usd      numeric(30, 12) NOT NULL,
  cost_unknown_spans  integer NOT NULL,
  episode_started_at  timestamptz NOT NULL,
  episode_ended_at    timestamptz NOT NULL,
  decided_at          timestamptz NOT NULL,
  supersedes          text REFERENCES outcome_decisions (id),
  UNIQUE (organization_id, conversation_id, episode, revision),
  CHECK (is_billable OR amount_micros = 0),
  CHECK (NOT (is_test_traffic AND is_billable))
);
CREATE INDEX outcome_decisions_by_customer ON outcome_decisions (organization_id, customer_id, decided_at);
CREATE TRIGGER outcome_decisions_append_only BEFORE UPDATE OR DELETE ON outcome_decisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
