-- How money reaches Stripe: queues that are taken whole, corrections of final invoices, and what Stripe's invoices say.

ALTER TABLE meter_events
  -- 'meter': told to the meter. 'correction': of a locked period; a credit note if that is too much, a later meter event if it is too little.
  -- 'credit_note': part of a credit note.
  ADD COLUMN route       text NOT NULL DEFAULT 'meter' CHECK (route IN ('meter', 'correction', 'credit_note')),
  -- 'event': an event of its own. 'cancel': takes back the event of what it reverses, while Stripe allows that.
  ADD COLUMN method      text NOT NULL DEFAULT 'event' CHECK (method IN ('event', 'cancel')),
  -- The timestamp that Stripe is told. `occurred_at` unless Stripe would not count that any more; null until it is first sent.
  ADD COLUMN counts_at   timestamptz,
  -- How often it was given a new identifier, because Stripe had refused it under the one before.
  ADD COLUMN generation  integer NOT NULL DEFAULT 0,
  ADD COLUMN credit_note_id text;
UPDATE meter_events SET counts_at = occurred_at WHERE first_sent_at IS NOT NULL;
DROP INDEX meter_events_undelivered;
CREATE INDEX meter_events_undelivered ON meter_events (organization_id, customer_id, event_name, sequence) WHERE status IN ('pending', 'ambiguous') AND route = 'meter';
CREATE INDEX meter_events_open ON meter_events (organization_id) WHERE status IN ('sent', 'ambiguous', 'failed');
CREATE INDEX meter_events_corrections ON meter_events (organization_id, customer_id) WHERE route = 'correction' AND status = 'pending';

-- One row for each customer and meter that has anything to deliver: who drains a queue leases it here.
CREATE TABLE meter_queues (
  organization_id  text NOT NULL REFERENCES organizations (id),
  customer_id      text NOT NULL,
  event_name       text NOT NULL,
  -- When its first event may be sent; null where it has none that may.
  due_at           timestamptz,
  leased_until     timestamptz,
  PRIMARY KEY (organization_id, customer_id, event_name)
);
CREATE INDEX meter_queues_due ON meter_queues (organization_id, due_at) WHERE due_at IS NOT NULL;
INSERT INTO meter_queues (organization_id, customer_id, event_name, due_at)
  SELECT organization_id, customer_id, event_name, min(next_attempt_at) FROM meter_events WHERE status IN ('pending', 'ambiguous') GROUP BY 1, 2, 3;
