import { sql, type RawBuilder } from 'kysely';

/** A decision and a posting that do not belong together as they should. One of the two may be missing. */
export interface BookingBreakRow {
  customerId: string;
  decisionId: string | null;
  postingId: string | null;
  bookingKind: string;
  evidenceMicros: string | null;
  ledgerMicros: string | null;
  periodStart: Date | null;
}

/**
 * The postings that the decisions ask for, worked out here without the code that books: a revision whose money differs from that of the
 * one it supersedes takes that back and books its own. `amount_micros` is 0 unless something is to be booked: outcomes that move no money by
 * themselves are in the sums of their charge, and not here.
 * Takes outcome_decisions_by_customer for the range of `decided_at`.
 */
export function wantedBookings(organizationId: string, from: Date): RawBuilder<unknown> {
  return sql`
    WITH changed AS (
      SELECT d.id, d.decided_at, d.customer_id, d.contract_id, d.outcome, d.grade, d.currency, d.quantity_micros, d.amount_micros,
        prev.customer_id AS prev_customer_id, prev.contract_id AS prev_contract_id, prev.outcome AS prev_outcome, prev.grade AS prev_grade, prev.currency AS prev_currency, prev.quantity_micros AS prev_quantity_micros,
        coalesce(prev.amount_micros, 0) AS prev_amount_micros
      FROM outcome_decisions d
      LEFT JOIN outcome_decisions prev ON prev.id = d.supersedes
      WHERE d.organization_id = ${organizationId} AND d.decided_at >= ${from}
        AND (prev.customer_id, prev.contract_id, prev.outcome, prev.grade, prev.currency, prev.quantity_micros, prev.amount_micros)
          IS DISTINCT FROM (d.customer_id, d.contract_id, d.outcome, d.grade, d.currency, d.quantity_micros, d.amount_micros)
    ), wanted AS (
      SELECT id AS decision_id, 'outcome' AS kind, customer_id, contract_id, outcome, grade, currency, quantity_micros, amount_micros
      FROM changed WHERE amount_micros > 0
      UNION ALL
      SELECT id, 'reversal', prev_customer_id, prev_contract_id, prev_outcome, prev_grade, prev_currency, -prev_quantity_micros, -prev_amount_micros
      FROM changed WHERE prev_amount_micros > 0
    )`;
}

/** Every difference between the decisions since `from` and what was booked since then. */
export function bookingBreaks(organizationId: string, from: Date): RawBuilder<BookingBreakRow> {
  return sql<BookingBreakRow>`
    ${wantedBookings(organizationId, from)}, booked AS (
      SELECT p.id, p.decision_id, p.kind, p.customer_id, c.contract_id, c.outcome, c.grade, p.period_start, p.quantity_micros, e.currency, e.amount_micros
      FROM postings p
      JOIN charges c ON c.id = p.charge_id
      JOIN entries e ON e.posting_id = p.id AND e.account = 'receivable:' || p.customer_id
      WHERE p.organization_id = ${organizationId} AND p.booked_at >= ${from} AND p.decision_id IS NOT NULL
    )
    SELECT
      coalesce(booked.customer_id, wanted.customer_id) AS customer_id,
      wanted.decision_id,
      booked.id AS posting_id,
      coalesce(booked.kind, wanted.kind) AS booking_kind,
      wanted.amount_micros::text AS evidence_micros,
      booked.amount_micros::text AS ledger_micros,
      booked.period_start
    FROM wanted
    FULL JOIN booked ON booked.decision_id = wanted.decision_id AND booked.kind = wanted.kind
    WHERE (booked.customer_id, booked.contract_id, booked.outcome, booked.grade, booked.currency, booked.quantity_micros, booked.amount_micros)
      IS DISTINCT FROM (wanted.customer_id, wanted.contract_id, wanted.outcome, wanted.grade, wanted.currency, wanted.quantity_micros, wanted.amount_micros)
    ORDER BY customer_id, decision_id, posting_id`;
}
