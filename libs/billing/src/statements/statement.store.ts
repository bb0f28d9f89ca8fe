import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Evidence } from '#outcomes';
import { Postgres, type Database, type Micros, type Tx } from '#platform';
import { chargeOf, chargeTotalOf } from '#ledger';
import type { BookedCharge, ChargeOutcome, StatementChargeKey, StatementKey, StatementPeriod } from './statement.js';

/** A statement that there is, with how far its period is. */
export interface BookedPeriod {
  customerId: string;
  customerName: string;
  currency: string;
  period: Omit<StatementPeriod, 'label'>;
  lockedAt: Date | null;
  snapshotSha256: string | null;
  totalMicros: Micros;
}

@Injectable()
export class StatementStore {
  constructor(private readonly db: Postgres) {}

  /** One moment for everything that is read in `work`: an outcome booked meanwhile must not be in one figure and not in the other. */
  async inSnapshot<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work);
  }

  /** What was booked by customer, period and currency, newest period first. Reads sums, however much there is of what they are of. */
  async periods(tx: Tx | Database, filter: { organizationId: string; customerId?: string; startsIn?: { from: Date; to: Date } }): Promise<BookedPeriod[]> {
    let query = this.#booked(tx, filter.organizationId)
      .innerJoin('customers as u', (join) => join.onRef('u.organizationId', '=', 'c.organizationId').onRef('u.id', '=', 'c.customerId'))
      .innerJoin('periods as p', (join) => join.onRef('p.organizationId', '=', 'c.organizationId').onRef('p.customerId', '=', 'c.customerId').onRef('p.periodStart', '=', 't.periodStart'))
      .select(['c.customerId', 'u.name as customerName', 'c.currency', 'p.periodStart', 'p.periodEnd', 'p.timeZone', 'p.lockedAt', 'p.snapshotSha256'])
      .select(sql<string>`sum(t.listed_micros + t.reversed_micros + t.adjusted_micros)::text`.as('totalMicros'))
      .groupBy(['c.customerId', 'u.name', 'c.currency', 'p.periodStart', 'p.periodEnd', 'p.timeZone', 'p.lockedAt', 'p.snapshotSha256'])
      .orderBy('p.periodStart', 'desc')
      .orderBy('c.customerId')
      .orderBy('c.currency');
    if (filter.customerId !== undefined) query = query.where('c.customerId', '=', filter.customerId);
    if (filter.startsIn) query = query.where('p.periodStart', '>', filter.startsIn.from).where('p.periodStart', '<', filter.startsIn.to);
    const rows = await query.execute();
    return rows.map(({ periodStart: start, periodEnd: end, timeZone, totalMicros, ...row }) => ({ ...row, period: { start, end, timeZone }, totalMicros: BigInt(totalMicros) }));
  }

  /** What was booked for each charge in the period of a statement. */
  async charges(tx: Tx | Database, { organizationId, customerId, period, currency }: StatementKey): Promise<BookedCharge[]> {
    const rows = await this.#booked(tx, organizationId)
      .selectAll('c')
      .select(['t.outcomes', 't.reversals', 't.quantityMicros', 't.listedMicros', 't.reversedMicros', 't.adjustedMicros'])
      .where('c.customerId', '=', customerId)
      .where('c.currency', '=', currency)
      .where('t.periodStart', '=', period.start)
      .execute();
    return rows.map((row) => ({ charge: chargeOf(row), total: chargeTotalOf(row) }));
  }

  /** Outcomes and reversals of a charge in the order they were booked, after a sequence number. By postings_by_charge. */
  async outcomesOf({ organizationId, customerId, period, chargeId }: StatementChargeKey, page: { after: bigint; limit: number }): Promise<(ChargeOutcome & { sequence: bigint })[]> {
    const rows = await this.db
      .selectFrom('postings as p')
      .innerJoin('outcomeDecisions as d', 'd.id', 'p.decisionId')
      .leftJoin('postings as original', 'original.id', 'p.reverses')
      .leftJoin('entries as e', (join) => join.onRef('e.postingId', '=', 'p.id').on('e.account', '=', sql<string>`'receivable:' || p.customer_id`))
      .select([
        'p.sequence',
        'p.id as postingId',
        'p.kind',
        'p.quantityMicros',
        'd.id as decisionId',
        'original.decisionId as reversedDecisionId',
        'd.conversationId',
        'd.episode',
        'd.revision',
        'd.reason',
        'd.decidedAt',
        'd.evidence',
        'e.amountMicros',
      ])
      .where('p.organizationId', '=', organizationId)
      .where('p.customerId', '=', customerId)
      .where('p.periodStart', '=', period.start)
      .where('p.chargeId', '=', chargeId)
      .where('p.sequence', '>', page.after)
      .orderBy('p.sequence')
      .limit(page.limit)
      .execute();
    // Without an entry it moved no money.
    return rows.map((row) => ({ ...row, kind: row.kind as ChargeOutcome['kind'], amountMicros: row.amountMicros ?? 0n, evidence: row.evidence as unknown as Evidence }));
  }

  #booked(tx: Tx | Database, organizationId: string) {
    return tx.selectFrom('charges as c').innerJoin('chargeTotals as t', 't.chargeId', 'c.id').where('c.organizationId', '=', organizationId);
  }
}
