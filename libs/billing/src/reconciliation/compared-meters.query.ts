import { sql, type RawBuilder } from 'kysely';
import { wantedBookings } from './booking-breaks.query.js';

/** Sums of one customer, meter and period before Stripe is asked. `eventName` is null for postings without a meter event. */
export interface MeterSumsRow {
  customerId: string;
  eventName: string | null;
  currency: string;
  periodStart: Date;
  periodEnd: Date;
  evidenceMicros: string;
  ledgerMicros: string;
  outboxMicros: string;
  pendingMicros: string;
  failedMicros: string;
  confirmedMicros: string;
}

/**
 * The periods that can still change: not long over, or with an event whose fate is open. A period that is over and wholly confirmed is not
 * summed up again, so that the work does not grow with the years.
 */
export function examinedPeriods(organizationId: string, endedAfter: Date): RawBuilder<unknown> {
  return sql`
    SELECT DISTINCT p.customer_id, p.period_start, p.period_end
    FROM postings p
    JOIN entries e ON e.posting_id = p.id AND e.line = 1
    LEFT JOIN meter_events m ON m.posting_id = p.id
    WHERE p.organization_id = ${organizationId} AND (p.period_end > ${endedAfter} OR m.status IS DISTINCT FROM 'confirmed')`;
}

export function meterSums(organizationId: string, endedAfter: Date, from: Date): RawBuilder<MeterSumsRow> {
  return sql<MeterSumsRow>`
    ${wantedBookings(organizationId, from)}
    SELECT
      p.customer_id, m.event_name, e.currency, p.period_start, p.period_end,
      coalesce(sum(CASE WHEN p.decision_id IS NULL THEN e.amount_micros ELSE wanted.amount_micros END), 0)::text AS evidence_micros,
      sum(e.amount_micros)::text AS ledger_micros,
      coalesce(sum(m.value_micros), 0)::text AS outbox_micros,
      coalesce(sum(m.value_micros) FILTER (WHERE m.status = 'pending'), 0)::text AS pending_micros,
      coalesce(sum(m.value_micros) FILTER (WHERE m.status = 'failed'), 0)::text AS failed_micros,
      coalesce(sum(m.value_micros) FILTER (WHERE m.status = 'confirmed'), 0)::text AS confirmed_micros
    FROM postings p
    JOIN (${examinedPeriods(organizationId, endedAfter)}) examined
      ON examined.customer_id = p.customer_id AND examined.period_start = p.period_start AND examined.period_end = p.period_end
    JOIN entries e ON e.posting_id = p.id AND e.account = 'receivable:' || p.customer_id
    LEFT JOIN meter_events m ON m.posting_id = p.id
    LEFT JOIN wanted ON wanted.decision_id = p.decision_id AND wanted.kind = p.kind
    WHERE p.organization_id = ${organizationId}
    GROUP BY p.customer_id, m.event_name, e.currency, p.period_start, p.period_end
    ORDER BY p.customer_id, m.event_name, e.currency, p.period_start, p.period_end`;
}
