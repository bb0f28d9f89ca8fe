-- What a posting is for has a row of its own: a charge, which is what one price or one term of a contract comes to in one period. Prices that
-- depend on how many there are are worked out for a charge as a whole, and what follows from that is a posting as well.

-- The months of a customer's calendar that something was booked in, or that are to be closed.
CREATE TABLE periods (
  organization_id  text NOT NULL REFERENCES organizations (id),
  customer_id      text NOT NULL,
  period_start     timestamptz NOT NULL,
  period_end       timestamptz NOT NULL,
  -- Null where no contract of the customer says it any more.
  time_zone        text,
  -- When what the contract says of the period as a whole (minimum, commitment, cap) was first booked.
  settled_at       timestamptz,
  locked_at        timestamptz,
  -- What the statements of the period say, and the SHA-256 of that.
  snapshot         jsonb,
  snapshot_sha256  text,
  -- Why the last attempt to close it failed.
  close_error      text,
  PRIMARY KEY (organization_id, customer_id, period_start),
  FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
  CHECK (period_start < period_end),
  CHECK ((locked_at IS NULL) = (snapshot IS NULL) AND (locked_at IS NULL) = (snapshot_sha256 IS NULL))
);
CREATE INDEX periods_to_close ON periods (organization_id, period_end) WHERE locked_at IS NULL;

CREATE FUNCTION refuse_change_of_locked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.locked_at IS NOT NULL THEN
    RAISE EXCEPTION 'the period of % from % is locked: what was wrong in it is corrected in a later one', OLD.customer_id, OLD.period_start USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER periods_locked BEFORE UPDATE OR DELETE ON periods FOR EACH ROW EXECUTE FUNCTION refuse_change_of_locked();

CREATE TABLE charges (
  id               text PRIMARY KEY,
  organization_id  text NOT NULL REFERENCES organizations (id),
  customer_id      text NOT NULL,
  contract_id      text NOT NULL,
  -- The period whose quantity it is worked out from. What is booked later says in `postings` when.
  period_start     timestamptz NOT NULL,
  period_end       timestamptz NOT NULL,
  kind             text NOT NULL CHECK (kind IN ('outcome', 'minimum', 'commitment', 'cap')),
  outcome          text,
  grade            text,
  currency         text NOT NULL,
  -- The price or the term. Null for outcomes from before it was kept: each costs what its decision says.
  pricing          jsonb,
  CHECK ((kind = 'outcome') = (outcome IS NOT NULL AND grade IS NOT NULL)),
  CHECK (kind = 'outcome' OR pricing IS NOT NULL)
);
CREATE INDEX charges_by_period ON charges (organization_id, customer_id, period_start);
CREATE TRIGGER charges_append_only BEFORE UPDATE OR DELETE ON charges FOR EACH ROW EXECUTE FUNCTION refuse_change();

INSERT INTO periods (organization_id, customer_id, period_start, period_end, time_zone)
  SELECT p.organization_id, p.customer_id, p.period_start, p.period_end, (
    SELECT substring(c.source FROM '(?n)^time_zone:[ \t]*["'']?([A-Za-z0-9_+/-]+)') FROM contracts c
    WHERE c.organization_id = p.organization_id AND c.customer_id = p.customer_id AND c.status <> 'draft'
    ORDER BY c.status = 'active' DESC, c.version DESC LIMIT 1)
  FROM (SELECT DISTINCT organization_id, customer_id, period_start, period_end FROM postings) p;

ALTER TABLE postings DISABLE TRIGGER postings_append_only;
ALTER TABLE postings
  ADD COLUMN charge_id       text REFERENCES charges (id),
  -- What it adds to the quantity of its charge, in millionths of a unit.
  ADD COLUMN quantity_micros bigint NOT NULL DEFAULT 0,
  -- When it was written. `booked_at` is the moment that it counts for.
  ADD COLUMN recorded_at     timestamptz,
  ALTER COLUMN decision_id DROP NOT NULL,
  DROP CONSTRAINT postings_kind_check,
  DROP CONSTRAINT postings_check;

-- A reversal belongs to the charge of what it takes back, also where that was booked in another period.
WITH of_charge AS (
  SELECT p.id, o.organization_id, o.customer_id, d.contract_id, o.period_start, o.period_end, o.outcome, o.grade, e.currency, d.quantity_micros, p.kind
  FROM postings p
  JOIN postings o ON o.id = coalesce(p.reverses, p.id)
  JOIN outcome_decisions d ON d.id = o.decision_id
  JOIN entries e ON e.posting_id = o.id AND e.line = 1
), named AS (
  SELECT *, 'charge_' || md5(row(organization_id, customer_id, contract_id, period_start, outcome, grade, currency)::text) AS charge_id FROM of_charge
), added AS (
  INSERT INTO charges (id, organization_id, customer_id, contract_id, period_start, period_end, kind, outcome, grade, currency)
  SELECT DISTINCT charge_id, organization_id, customer_id, contract_id, period_start, period_end, 'outcome', outcome, grade, currency FROM named
  RETURNING id
)
UPDATE postings SET charge_id = named.charge_id, recorded_at = booked_at, quantity_micros = CASE named.kind WHEN 'outcome' THEN named.quantity_micros ELSE -named.quantity_micros END
FROM named WHERE named.id = postings.id;

ALTER TABLE postings
  ALTER COLUMN charge_id SET NOT NULL,
  ALTER COLUMN recorded_at SET NOT NULL,
  ALTER COLUMN quantity_micros DROP DEFAULT,
  DROP COLUMN outcome,
  DROP COLUMN grade,
  ADD CHECK (kind IN ('outcome', 'reversal', 'repricing', 'term')),
  ADD CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
  ADD CHECK ((kind IN ('outcome', 'reversal')) = (decision_id IS NOT NULL)),
  ADD FOREIGN KEY (organization_id, customer_id, period_start) REFERENCES periods (organization_id, customer_id, period_start);
ALTER TABLE postings ENABLE TRIGGER postings_append_only;
CREATE INDEX postings_by_charge ON postings (charge_id, sequence);
-- Read page by page, in the order of booking.
DROP INDEX postings_by_period;
CREATE INDEX postings_by_period ON postings (organization_id, customer_id, period_start, sequence);

CREATE FUNCTION refuse_posting_into_locked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  refused record;
BEGIN
  SELECT w.id, w.customer_id, w.period_start INTO refused FROM written w
    JOIN periods p ON p.organization_id = w.organization_id AND p.customer_id = w.customer_id AND p.period_start = w.period_start
    WHERE p.locked_at IS NOT NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'posting % is of the period of % from %, which is locked', refused.id, refused.customer_id, refused.period_start USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER postings_into_open_period AFTER INSERT ON postings REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_posting_into_locked();

-- Projections of postings and entries: kept in the transactions that write those, and made anew from them at any time.

-- What was booked for a charge, by the period that it was booked in.
CREATE TABLE charge_totals (
  charge_id        text NOT NULL REFERENCES charges (id),
  period_start     timestamptz NOT NULL,
  outcomes         bigint NOT NULL,
  reversals        bigint NOT NULL,
  quantity_micros  numeric(38, 0) NOT NULL,
  -- By kind of posting: what outcomes cost by themselves, what was taken back of that, and what the charge as a whole changes about it.
  listed_micros    bigint NOT NULL,
  reversed_micros  bigint NOT NULL,
  adjusted_micros  bigint NOT NULL,
  PRIMARY KEY (charge_id, period_start)
);

CREATE TABLE account_balances (
  organization_id  text NOT NULL,
  customer_id      text NOT NULL,
  period_start     timestamptz NOT NULL,
  account          text NOT NULL,
  currency         text NOT NULL,
  amount_micros    bigint NOT NULL,
  PRIMARY KEY (organization_id, customer_id, period_start, account, currency)
);

INSERT INTO charge_totals
  SELECT p.charge_id, p.period_start, count(*) FILTER (WHERE p.kind = 'outcome'), count(*) FILTER (WHERE p.kind = 'reversal'), sum(p.quantity_micros),
    coalesce(sum(e.amount_micros) FILTER (WHERE p.kind = 'outcome'), 0), coalesce(sum(e.amount_micros) FILTER (WHERE p.kind = 'reversal'), 0), 0
  FROM postings p JOIN entries e ON e.posting_id = p.id AND e.line = 1
  GROUP BY p.charge_id, p.period_start;
INSERT INTO account_balances
  SELECT p.organization_id, p.customer_id, p.period_start, e.account, e.currency, sum(e.amount_micros)
  FROM postings p JOIN entries e ON e.posting_id = p.id
  GROUP BY 1, 2, 3, 4, 5;
