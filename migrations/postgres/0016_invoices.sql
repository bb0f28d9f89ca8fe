-- What Stripe invoices: rounded as we round, compared before it is final, corrected afterwards.

-- A line of a statement is rounded by a posting when its period is over, so that Stripe has nothing left to round: which way it rounds a half
-- is not documented. Such a charge belongs to a line and to no contract.
ALTER TABLE charges
  ADD COLUMN line text,
  ALTER COLUMN contract_id DROP NOT NULL,
  DROP CONSTRAINT charges_kind_check,
  DROP CONSTRAINT charges_check1,
  ADD CHECK (kind IN ('outcome', 'minimum', 'commitment', 'cap', 'rounding')),
  ADD CHECK ((kind = 'rounding') = (line IS NOT NULL) AND (kind = 'rounding') = (contract_id IS NULL)),
  ADD CHECK (kind IN ('outcome', 'rounding') OR pricing IS NOT NULL);

ALTER TABLE stripe_objects
  DROP CONSTRAINT stripe_objects_kind_check,
  ADD CHECK (kind IN ('customer', 'meter', 'product', 'price', 'subscription', 'subscription_item'));
CREATE INDEX stripe_objects_by_stripe_id ON stripe_objects (stripe_id);

-- What Stripe told of by webhook. Inserted first, so that what comes twice, or to two processes at once, is handled once.
CREATE TABLE stripe_events (
  id            text PRIMARY KEY,
  kind          text NOT NULL CHECK (kind IN ('snapshot', 'thin')),
  type          text NOT NULL,
  -- The object that it is about.
  object_id     text,
  created_at    timestamptz NOT NULL,
  received_at   timestamptz NOT NULL,
  processed_at  timestamptz,
  attempts      integer NOT NULL DEFAULT 0,
  last_error    text
);
CREATE INDEX stripe_events_unprocessed ON stripe_events (received_at) WHERE processed_at IS NULL;

-- Invoices as they were last read from Stripe, and what comparing them found.
CREATE TABLE stripe_invoices (
  organization_id  text NOT NULL REFERENCES organizations (id),
  id               text NOT NULL,
  customer_id      text NOT NULL,
  currency         text NOT NULL,
  number           text,
  status           text NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'uncollectible', 'void')),
  -- Half-open, as Stripe counted.
  period_start     timestamptz NOT NULL,
  period_end       timestamptz NOT NULL,
  total_minor      bigint NOT NULL,
  lines            jsonb NOT NULL,
  -- When its being finalised by itself was stopped: it is finalised by us, when it agrees.
  held_at          timestamptz,
  read_at          timestamptz NOT NULL,
  compared_at      timestamptz,
  -- Null where it was not compared yet, or agrees.
  differences      jsonb,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX stripe_invoices_by_customer ON stripe_invoices (organization_id, customer_id, period_start);

CREATE TABLE credit_notes (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  customer_id      text NOT NULL,
  currency         text NOT NULL,
  invoice_id       text NOT NULL,
  invoice_line_id  text NOT NULL,
  event_name       text NOT NULL,
  -- The period whose line it corrects.
  period_start     timestamptz NOT NULL,
  -- Above 0: what the customer gets back.
  amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
  status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'ambiguous', 'issued', 'failed', 'void')),
  stripe_id        text,
  attempts         integer NOT NULL DEFAULT 0,
  next_attempt_at  timestamptz NOT NULL,
  first_sent_at    timestamptz,
  last_error       text,
  created_at       timestamptz NOT NULL,
  FOREIGN KEY (organization_id, invoice_id) REFERENCES stripe_invoices (organization_id, id)
);
CREATE INDEX credit_notes_open ON credit_notes (organization_id, next_attempt_at) WHERE status IN ('pending', 'ambiguous');
CREATE INDEX credit_notes_by_invoice ON credit_notes (organization_id, invoice_id);
ALTER TABLE meter_events ADD FOREIGN KEY (credit_note_id) REFERENCES credit_notes (id);
