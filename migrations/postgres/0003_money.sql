-- The ledger, and what Stripe is told.

CREATE TABLE postings (
  sequence         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  customer_id      text NOT NULL,
  kind             text NOT NULL CHECK (kind IN ('outcome', 'reversal')),
  decision_id      text NOT NULL REFERENCES outcome_decisions (id),
  reverses         text UNIQUE REFERENCES postings (id),
  outcome          text NOT NULL,
  grade            text NOT NULL,
  period_start     timestamptz NOT NULL,
  period_end       timestamptz NOT NULL,
  booked_at        timestamptz NOT NULL,
  CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
  CHECK (period_start <= booked_at AND booked_at < period_end)
);
CREATE INDEX postings_by_period ON postings (organization_id, customer_id, period_start);
CREATE INDEX postings_by_decision ON postings (decision_id);

CREATE TABLE entries (
  posting_id     text NOT NULL REFERENCES postings (id),
  line           smallint NOT NULL,
  account        text NOT NULL,
  currency       text NOT NULL,
  amount_micros  bigint NOT NULL CHECK (amount_micros <> 0),
  PRIMARY KEY (posting_id, line)
);

CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE ON postings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Checked when the transaction commits, so that the entries of a posting may arrive one by one.
CREATE FUNCTION refuse_unbalanced_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM entries WHERE posting_id = NEW.posting_id GROUP BY currency HAVING sum(amount_micros) <> 0) THEN
    RAISE EXCEPTION 'posting % does not sum to zero', NEW.posting_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entries_balance AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_posting();

-- The outbox. The id is the identifier and the idempotency key that Stripe sees.
CREATE TABLE meter_events (
  sequence         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  customer_id      text NOT NULL,
  posting_id       text NOT NULL UNIQUE REFERENCES postings (id),
  event_name       text NOT NULL,
  currency         text NOT NULL,
  value_micros     bigint NOT NULL,
  occurred_at      timestamptz NOT NULL,
  status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'confirmed', 'ambiguous', 'failed')),
  attempts         integer NOT NULL DEFAULT 0,
  next_attempt_at  timestamptz NOT NULL,
  first_sent_at    timestamptz,
  last_error       text
);
CREATE INDEX meter_events_undelivered ON meter_events (organization_id, customer_id, event_name, sequence) WHERE status IN ('pending', 'ambiguous');

-- Which Stripe object stands for which of ours.
CREATE TABLE stripe_objects (
  organization_id  text NOT NULL REFERENCES organizations (id),
  kind             text NOT NULL CHECK (kind IN ('customer', 'meter')),
  key              text NOT NULL,
  stripe_id        text NOT NULL,
  created_at       timestamptz NOT NULL,
  PRIMARY KEY (organization_id, kind, key)
);

CREATE TABLE reconciliations (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  ran_at           timestamptz NOT NULL,
  compared         jsonb NOT NULL,
  break_count      integer NOT NULL
);
CREATE INDEX reconciliations_latest ON reconciliations (organization_id, ran_at DESC);

CREATE TABLE breaks (
  id                 text PRIMARY KEY,
  reconciliation_id  text NOT NULL REFERENCES reconciliations (id),
  organization_id    text NOT NULL REFERENCES organizations (id),
  customer_id        text NOT NULL,
  kind               text NOT NULL CHECK (kind IN ('missing_in_stripe', 'extra_in_stripe', 'amount_mismatch', 'orphan_posting', 'rejected')),
  detail             jsonb NOT NULL
);
