import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { type Database, type Tx } from '#platform';
import { lastInstant, periodOf, type Period } from './period.js';
import type { Booking } from './posting.js';

/** A month of a customer's books. */
export interface BookPeriod {
  customerId: string;
  period: Period;
  /** IANA name; null where no contract of the customer says it any more. */
  timeZone: string | null;
  /** When what the contract says of the period as a whole was first booked. */
  settledAt: Date | null;
  lockedAt: Date | null;
  /** Of what its statements said when it was locked. */
  snapshotSha256: string | null;
  closeError: string | null;
}

/** `open`: outcomes may still be decided in it. `closing`: it is over, and takes what was decided in it and late disputes. `locked`: it never changes again. */
export type PeriodStatus = 'open' | 'closing' | 'locked';

export function periodStatus({ period, lockedAt }: Pick<BookPeriod, 'period' | 'lockedAt'>, now: Date): PeriodStatus {
  if (lockedAt !== null) return 'locked';
  return now < period.end ? 'open' : 'closing';
}

/** Of one customer: all their contracts have one. */
export interface Calendar {
  /** The end of the last period that is locked. */
  lockedUntil: Date | null;
  /** IANA name. */
  timeZone: string | null;
}

/** Which months are there, and until when each customer's books are locked. */
@Injectable()
export class PeriodStore {
  /**
   * Takes the books of customers until the transaction ends: whoever books for them, or locks a period of theirs, does so one at a time. In
   * the order of ids, so that two who want the same customers do not wait for each other.
   * @returns what is known of the calendar of each customer for whom anything was ever booked
   */
  async takeBooks(tx: Tx, organizationId: string, customerIds: readonly string[]): Promise<Map<string, Calendar>> {
    if (customerIds.length === 0) return new Map();
    const isWanted = sql<string>`any(${[...new Set(customerIds)].sort()}::text[])`;
    await tx.selectFrom('customers').select('id').where('organizationId', '=', organizationId).where('id', '=', isWanted).orderBy('id').forNoKeyUpdate().execute();
    const { rows } = await sql<Calendar & { customerId: string }>`
      SELECT customer_id, max(period_end) FILTER (WHERE locked_at IS NOT NULL) AS locked_until, (array_agg(time_zone ORDER BY period_start DESC) FILTER (WHERE time_zone IS NOT NULL))[1] AS time_zone
      FROM periods WHERE organization_id = ${organizationId} AND customer_id = ${isWanted}
      GROUP BY customer_id`.execute(tx);
    return new Map(rows.map(({ customerId, ...calendar }) => [customerId, calendar]));
  }

  /** The books of all customers, as `takeBooks`. */
  async takeAllBooks(tx: Tx, organizationId: string): Promise<void> {
    await tx.selectFrom('customers').select('id').where('organizationId', '=', organizationId).orderBy('id').forNoKeyUpdate().execute();
  }

  /** Adds periods that are not there yet. */
  async ensure(tx: Tx, periods: readonly { organizationId: string; customerId: string; period: Period; timeZone: string }[]): Promise<void> {
    const rows = periods.map(({ period: { start, end }, ...row }) => ({ ...row, periodStart: start, periodEnd: end }));
    const different = [...new Map(rows.map((row) => [JSON.stringify([row.organizationId, row.customerId, row.periodStart]), row])).values()];
    if (different.length === 0) return;
    // In one parameter each: a batch may be of more customers than a statement takes parameters.
    const column = <Value>(read: (row: (typeof different)[number]) => Value) => different.map(read);
    await sql`
      INSERT INTO periods (organization_id, customer_id, period_start, period_end, time_zone)
      SELECT * FROM unnest(${column((row) => row.organizationId)}::text[], ${column((row) => row.customerId)}::text[], ${column((row) => row.periodStart)}::timestamptz[],
        ${column((row) => row.periodEnd)}::timestamptz[], ${column((row) => row.timeZone)}::text[])
      ON CONFLICT DO NOTHING`.execute(tx);
  }

  async list(db: Tx | Database, filter: { organizationId: string; customerId?: string; startsIn?: { from: Date; to: Date } }): Promise<BookPeriod[]> {
    let query = db
      .selectFrom('periods')
      .select(['customerId', 'periodStart', 'periodEnd', 'timeZone', 'settledAt', 'lockedAt', 'snapshotSha256', 'closeError'])
      .where('organizationId', '=', filter.organizationId)
      .orderBy('periodStart')
      .orderBy('customerId');
    if (filter.customerId !== undefined) query = query.where('customerId', '=', filter.customerId);
    if (filter.startsIn) query = query.where('periodStart', '>', filter.startsIn.from).where('periodStart', '<', filter.startsIn.to);
    return (await query.execute()).map(({ periodStart: start, periodEnd: end, ...row }) => ({ ...row, period: { start, end } }));
  }
}

/**
 * When something counts that was decided at `decidedAt`: then, in the month of that; or, where that is locked already, from the beginning of
 * the first month that is not.
 * @throws DomainError `unknown_time_zone`
 */
export function bookingAt(decidedAt: Date, timeZone: string, lockedUntil: Date | null): Booking {
  if (lockedUntil === null || decidedAt >= lockedUntil) return { period: periodOf(decidedAt, timeZone), bookedAt: decidedAt };
  return { period: periodOf(lockedUntil, timeZone), bookedAt: lockedUntil };
}

/**
 * When it counts that an outcome of `period` is taken back: as long as that is not locked, in it, at the latest with its last instant. So what
 * is booked for a charge is booked into its own period until that is locked, and every statement says what its own outcomes come to.
 */
export function takingBackAt(decidedAt: Date, period: Period, timeZone: string, lockedUntil: Date | null): Booking {
  const isLocked = lockedUntil !== null && period.start < lockedUntil;
  if (isLocked || decidedAt < period.end) return bookingAt(decidedAt, timeZone, lockedUntil);
  return { period, bookedAt: lastInstant(period) };
}
