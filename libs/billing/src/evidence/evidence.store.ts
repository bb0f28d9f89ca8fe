import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Period } from '#ledger';
import { Postgres, type Database, type Micros, type Tx } from '#platform';
import type { StatementKey } from '../statements/statement.js';
import { StatementStore } from '../statements/statement.store.js';

/** Up to where an export reads. What is written later has higher numbers: whoever decides for an organization does so one at a time. */
export interface EvidenceBounds {
  lastPosting: bigint;
  lastDecision: bigint;
}

export interface ContractText {
  id: string;
  version: number;
  source: string;
  sha256: string;
}

/** A posting of a statement, with the ids of the decisions that it rests on. */
export interface BookingRow {
  postingId: string;
  kind: 'outcome' | 'reversal';
  reverses: string | null;
  reversedPeriod: Period | null;
  bookedAt: Date;
  amountMicros: Micros;
  /** What booked it, or took it back. */
  decisionId: string;
  /** Of a reversal: what was taken back. */
  reversedDecisionId: string | null;
}

interface Page {
  after: bigint;
  upTo: bigint;
  limit: number;
}

/** Reads what a statement rests on, page by page: no query stays open for as long as somebody takes to fetch an export. */
@Injectable()
export class EvidenceStore {
  constructor(
    private readonly db: Postgres,
    private readonly statements: StatementStore,
  ) {}

  async bounds(tx: Tx, key: StatementKey): Promise<EvidenceBounds> {
    const posting = await this.statements.bookings(tx, key).select((eb) => eb.fn.max('p.sequence').as('last')).executeTakeFirst();
    const decision = await this.#notBilled(tx, key).select((eb) => eb.fn.max('d.sequence').as('last')).executeTakeFirst();
    return { lastPosting: posting?.last ?? 0n, lastDecision: decision?.last ?? 0n };
  }

  /**
   * Postings in the order they were booked, and up to where they were read; null at the end. What a page holds is found from postings alone,
   * and joined then: with the decisions joined first, each page of a statement of 100,000 outcomes took 390 ms, and takes 140.
   */
  async bookings(key: StatementKey, { after, upTo, limit }: Page): Promise<{ rows: BookingRow[]; readUpTo: bigint | null }> {
    const { organizationId, customerId, period } = key;
    const page = this.db
      .selectFrom('postings')
      .select('sequence')
      .where('organizationId', '=', organizationId)
      .where('customerId', '=', customerId)
      .where('periodStart', '=', period.start)
      .where('periodEnd', '=', period.end)
      .where('sequence', '>', after)
      .where('sequence', '<=', upTo)
      .orderBy('sequence')
      .limit(limit);
    const { last } = await this.db.selectFrom(page.as('page')).select((eb) => eb.fn.max('page.sequence').as('last')).executeTakeFirstOrThrow();
    // The maximum of nothing is null, whatever its type says.
    const readUpTo = last as bigint | null;
    if (readUpTo === null) return { rows: [], readUpTo };
    const rows = await this.statements
      .bookings(this.db, key)
      .select(['p.sequence', 'p.id as postingId', 'p.kind', 'p.reverses', 'p.bookedAt', 'd.id as decisionId', 'original.decisionId as reversedDecisionId', 'original.periodStart', 'original.periodEnd'])
      .select(sql<string>`CASE p.kind WHEN 'outcome' THEN d.amount_micros ELSE -taken_back.amount_micros END::text`.as('amountMicros'))
      .where('p.sequence', '>', after)
      .where('p.sequence', '<=', readUpTo)
      .orderBy('p.sequence')
      .execute();
    const booked = rows.map(({ periodStart: start, periodEnd: end, sequence: _, ...row }) => ({
      ...row,
      kind: row.kind as BookingRow['kind'],
      reversedPeriod: start && end && { start, end },
      amountMicros: BigInt(row.amountMicros),
    }));
    return { rows: booked, readUpTo };
  }

  async notBilledCount(tx: Tx, key: StatementKey): Promise<number> {
    const row = await this.#notBilled(tx, key).select((eb) => eb.fn.countAll<bigint>().as('count')).executeTakeFirst();
    return Number(row?.count ?? 0n);
  }

  /** Ids of decisions of the customer and period that booked no outcome, in the order they were made. */
  async notBilled(key: StatementKey, { after, upTo, limit }: Page): Promise<{ sequence: bigint; id: string }[]> {
    return this.#notBilled(this.db, key)
      .select(['d.sequence', 'd.id'])
      .where('d.sequence', '>', after)
      .where('d.sequence', '<=', upTo)
      .orderBy('d.sequence')
      .limit(limit)
      .execute();
  }

  /** The contract versions under which anything was decided that an export of the statement shows. */
  async contracts(tx: Tx, key: StatementKey): Promise<ContractText[]> {
    const booked = this.statements.bookings(tx, key);
    const used = booked
      .select(['d.contractId as id', 'd.contractVersion as version'])
      // Of an episode that became another customer's, the contract is theirs.
      .where('d.customerId', '=', key.customerId)
      .union(booked.select(['takenBack.contractId as id', 'takenBack.contractVersion as version']))
      .union(this.#notBilled(tx, key).select(['d.contractId as id', 'd.contractVersion as version']));
    return tx
      .with('used', () => used)
      .selectFrom('contracts as c')
      .innerJoin('used', (join) => join.onRef('used.id', '=', 'c.id').onRef('used.version', '=', 'c.version'))
      .select(['c.id', 'c.version', 'c.source', 'c.sourceSha256 as sha256'])
      .where('c.organizationId', '=', key.organizationId)
      .orderBy('c.id')
      .orderBy('c.version')
      .execute();
  }

  // Whatever its currency: an episode without a contract has none, and where else would its customer see it. Tests and simulations are the
  // vendor's. By outcome_decisions_by_customer.
  #notBilled(tx: Tx | Database, { organizationId, customerId, period }: StatementKey) {
    return tx
      .selectFrom('outcomeDecisions as d')
      .where('d.organizationId', '=', organizationId)
      .where('d.customerId', '=', customerId)
      .where('d.decidedAt', '>=', period.start)
      .where('d.decidedAt', '<', period.end)
      .where('d.isTestTraffic', '=', false)
      .where((eb) => eb.not(eb.exists(eb.selectFrom('postings as own').select('own.id').whereRef('own.decisionId', '=', 'd.id').where('own.kind', '=', 'outcome'))));
  }
}
