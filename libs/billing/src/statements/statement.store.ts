import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Evidence } from '#outcomes';
import { Postgres, type Database, type Micros, type Tx } from '#platform';
import type { Period } from '#ledger';
import type { LineOutcome, StatementLine, StatementLineKey } from './statement.js';

export interface BookedPeriod {
  customerId: string;
  customerName: string;
  currency: string;
  period: Period;
  totalMicros: Micros;
}

/** One booking of a statement. */
export interface StatementBooking extends Pick<LineOutcome, 'postingId' | 'decisionId' | 'reversedDecisionId' | 'amountMicros'>, Pick<StatementLine, 'kind' | 'outcome' | 'grade'> {
  sequence: bigint;
}

// What a posting is worth by the decision it rests on. The ledger's own figure comes from the entries; the two are held against each other.
const DECIDED_MICROS = sql`CASE p.kind WHEN 'outcome' THEN d.amount_micros ELSE -taken_back.amount_micros END`;
const DECIDED_CURRENCY = sql<string>`CASE p.kind WHEN 'outcome' THEN d.currency ELSE taken_back.currency END`;

@Injectable()
export class StatementStore {
  constructor(private readonly db: Postgres) {}

  /** One moment for everything that is read in `work`: an outcome booked meanwhile must not be in one figure and not in the other. */
  async inSnapshot<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work);
  }

  /** What was booked by customer, period and currency, newest period first. */
  async periods(tx: Tx | Database, filter: { organizationId: string; customerId?: string; startsIn?: { from: Date; to: Date } }): Promise<BookedPeriod[]> {
    let query = tx
      .selectFrom('postings as p')
      .innerJoin('entries as e', (join) => join.onRef('e.postingId', '=', 'p.id').on('e.account', '=', sql<string>`'receivable:' || p.customer_id`))
      .innerJoin('customers as c', (join) => join.onRef('c.organizationId', '=', 'p.organizationId').onRef('c.id', '=', 'p.customerId'))
      .select(['p.customerId', 'c.name as customerName', 'e.currency', 'p.periodStart', 'p.periodEnd', sql<string>`sum(e.amount_micros)::text`.as('totalMicros')])
      .where('p.organizationId', '=', filter.organizationId)
      .groupBy(['p.customerId', 'c.name', 'e.currency', 'p.periodStart', 'p.periodEnd'])
      .orderBy('p.periodStart', 'desc')
      .orderBy('p.customerId')
      .orderBy('e.currency');
    if (filter.customerId !== undefined) query = query.where('p.customerId', '=', filter.customerId);
    if (filter.startsIn) query = query.where('p.periodStart', '>', filter.startsIn.from).where('p.periodStart', '<', filter.startsIn.to);
    const rows = await query.execute();
    return rows.map(({ customerId, customerName, currency, periodStart, periodEnd, totalMicros }) => ({
      customerId,
      customerName,
      currency,
      period: { start: periodStart, end: periodEnd },
      totalMicros: BigInt(totalMicros),
    }));
  }

  /** Lines without their rounded amount, from the decisions. Best evidence first, reversals after what they reverse. */
  async lines(tx: Tx | Database, key: Omit<StatementLineKey, 'outcome' | 'grade' | 'kind'>): Promise<Omit<StatementLine, 'amountMinor'>[]> {
    const rows = await this.#bookings(tx, key)
      .select([
        'p.outcome',
        'p.grade',
        'p.kind',
        sql<string>`count(*)::text`.as('count'),
        sql<string>`sum(${DECIDED_MICROS})::text`.as('amountMicros'),
        sql<string>`min(${DECIDED_MICROS})::text`.as('leastMicros'),
        sql<string>`max(${DECIDED_MICROS})::text`.as('mostMicros'),
      ])
      .groupBy(['p.outcome', 'p.grade', 'p.kind'])
      .orderBy('p.outcome')
      .orderBy(sql`array_position(ARRAY['customer_confirmed', 'system_verified', 'judged', 'inferred'], p.grade)`)
      .orderBy('p.kind')
      .execute();
    return rows.map((row) => ({
      outcome: row.outcome,
      grade: row.grade,
      kind: row.kind as StatementLine['kind'],
      count: Number(row.count),
      unitAmountMicros: row.leastMicros === row.mostMicros ? BigInt(row.leastMicros) : null,
      amountMicros: BigInt(row.amountMicros),
    }));
  }

  /** Bookings of a line in the order they were booked, after a sequence number. */
  async outcomesOf(key: StatementLineKey, page: { after: bigint; limit: number }): Promise<(LineOutcome & { sequence: bigint })[]> {
    const rows = await this.#bookings(this.db, key)
      .select([
        'p.sequence',
        'p.id as postingId',
        'd.id as decisionId',
        'original.decisionId as reversedDecisionId',
        'd.conversationId',
        'd.episode',
        'd.revision',
        'd.reason',
        'd.decidedAt',
        'd.evidence',
        sql<string>`(${DECIDED_MICROS})::text`.as('amountMicros'),
      ])
      .where('p.outcome', '=', key.outcome)
      .where('p.grade', '=', key.grade)
      .where('p.kind', '=', key.kind)
      .where('p.sequence', '>', page.after)
      .orderBy('p.sequence')
      .limit(page.limit)
      .execute();
    return rows.map((row) => ({ ...row, amountMicros: BigInt(row.amountMicros), evidence: row.evidence as unknown as Evidence }));
  }

  /** Every booking of a statement in the order they were booked, after a sequence number. */
  async bookings(key: Omit<StatementLineKey, 'outcome' | 'grade' | 'kind'>, page: { after: bigint; limit: number }): Promise<StatementBooking[]> {
    const rows = await this.#bookings(this.db, key)
      .select(['p.sequence', 'p.id as postingId', 'p.kind', 'p.outcome', 'p.grade', 'd.id as decisionId', 'original.decisionId as reversedDecisionId', sql<string>`(${DECIDED_MICROS})::text`.as('amountMicros')])
      .where('p.sequence', '>', page.after)
      .orderBy('p.sequence')
      .limit(page.limit)
      .execute();
    return rows.map((row) => ({ ...row, kind: row.kind as StatementLine['kind'], amountMicros: BigInt(row.amountMicros) }));
  }

  /** The postings of a statement, by postings_by_period, with the decisions that say what they are worth. */
  #bookings(tx: Tx | Database, { organizationId, customerId, period, currency }: Omit<StatementLineKey, 'outcome' | 'grade' | 'kind'>) {
    return tx
      .selectFrom('postings as p')
      .innerJoin('outcomeDecisions as d', 'd.id', 'p.decisionId')
      .leftJoin('postings as original', 'original.id', 'p.reverses')
      .leftJoin('outcomeDecisions as takenBack', 'takenBack.id', 'original.decisionId')
      .where('p.organizationId', '=', organizationId)
      .where('p.customerId', '=', customerId)
      .where('p.periodStart', '=', period.start)
      .where('p.periodEnd', '=', period.end)
      .where(DECIDED_CURRENCY, '=', currency);
  }
}
