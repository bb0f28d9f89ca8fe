import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Postgres, type Tx } from '#platform';
import type { Period } from '#ledger';

/** A period that is over and not locked. */
export interface ClosingPeriod {
  organizationId: string;
  customerId: string;
  period: Period;
  timeZone: string | null;
  settledAt: Date | null;
}

const POSTINGS_PER_PAGE = 50_000;

@Injectable()
export class ClosingStore {
  constructor(private readonly db: Postgres) {}

  /** What is over, the oldest first, so that a customer's periods are locked in their order. */
  async over(organizationId: string, now: Date, filter: { customerId?: string | undefined } = {}): Promise<ClosingPeriod[]> {
    let query = this.db
      .selectFrom('periods')
      .select(['organizationId', 'customerId', 'periodStart', 'periodEnd', 'timeZone', 'settledAt'])
      .where('organizationId', '=', organizationId)
      .where('lockedAt', 'is', null)
      .where('periodEnd', '<=', now)
      .orderBy('periodEnd')
      .orderBy('customerId');
    if (filter.customerId !== undefined) query = query.where('customerId', '=', filter.customerId);
    return (await query.execute()).map(({ periodStart: start, periodEnd: end, ...row }) => ({ ...row, period: { start, end } }));
  }

  /** How far it is, for one who has taken the customer's books. */
  async state(tx: Tx, { organizationId, customerId, period }: ClosingPeriod): Promise<{ settledAt: Date | null; lockedAt: Date | null }> {
    return tx
      .selectFrom('periods')
      .select(['settledAt', 'lockedAt'])
      .where('organizationId', '=', organizationId)
      .where('customerId', '=', customerId)
      .where('periodStart', '=', period.start)
      .executeTakeFirstOrThrow();
  }

  /** The time of an earlier settling stays. */
  async markSettled(tx: Tx, of: ClosingPeriod, settledAt: Date): Promise<void> {
    await this.#row(tx, of).set((eb) => ({ settledAt: eb.fn.coalesce('settledAt', eb.val(settledAt)), closeError: null })).execute();
  }

  async lock(tx: Tx, of: ClosingPeriod, lock: { lockedAt: Date; snapshot: string; snapshotSha256: string }): Promise<void> {
    await this.#row(tx, of).set({ ...lock, closeError: null }).execute();
  }

  async noteError(of: ClosingPeriod, closeError: string): Promise<void> {
    await this.#row(this.db, of).set({ closeError }).where('lockedAt', 'is', null).execute();
  }

  /** What was locked, with its hash as it was stored. */
  async locked(organizationId: string): Promise<(ClosingPeriod & { snapshotSha256: string })[]> {
    const rows = await this.db
      .selectFrom('periods')
      .select(['organizationId', 'customerId', 'periodStart', 'periodEnd', 'timeZone', 'settledAt', 'snapshotSha256'])
      .where('organizationId', '=', organizationId)
      .where('lockedAt', 'is not', null)
      .orderBy('periodStart')
      .orderBy('customerId')
      .execute();
    return rows.flatMap(({ periodStart: start, periodEnd: end, snapshotSha256, ...row }) => (snapshotSha256 === null ? [] : [{ ...row, period: { start, end }, snapshotSha256 }]));
  }

  /**
   * How many postings were booked into a period, and the SHA-256 of a line for each with its entries, in the order of booking. Page by page:
   * a period may have millions. Each page is found by postings_by_period.
   */
  async digest(tx: Tx, { organizationId, customerId, period }: Pick<ClosingPeriod, 'organizationId' | 'customerId' | 'period'>): Promise<{ count: number; sha256: string }> {
    const hash = createHash('sha256');
    let count = 0;
    for (let after = 0n; ; ) {
      const rows = await tx
        .selectFrom('postings as p')
        .select(['p.sequence', 'p.id', 'p.chargeId'])
        .select(sql<string | null>`(SELECT string_agg(e.account || ' ' || e.currency || ' ' || e.amount_micros, ';' ORDER BY e.line) FROM entries e WHERE e.posting_id = p.id)`.as('entries'))
        .where('p.organizationId', '=', organizationId)
        .where('p.customerId', '=', customerId)
        .where('p.periodStart', '=', period.start)
        .where('p.sequence', '>', after)
        .orderBy('p.sequence')
        .limit(POSTINGS_PER_PAGE)
        .execute();
      for (const { id, chargeId, entries } of rows) hash.update(`${id} ${chargeId} ${entries ?? ''}\n`);
      count += rows.length;
      const last = rows.at(-1);
      if (!last || rows.length < POSTINGS_PER_PAGE) return { count, sha256: hash.digest('hex') };
      after = last.sequence;
    }
  }

  #row(db: Pick<Tx, 'updateTable'>, { organizationId, customerId, period }: ClosingPeriod) {
    return db.updateTable('periods').where('organizationId', '=', organizationId).where('customerId', '=', customerId).where('periodStart', '=', period.start);
  }
}
