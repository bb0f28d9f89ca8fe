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
  sequence: bigint;
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

  /** Postings in the order they were booked. */
  async bookings(key: StatementKey, { after, upTo, limit }: Page): Promise<BookingRow[]> {
    const rows = await this.statements
      .bookings(this.db, key)
      .select(['p.sequence', 'p.id as postingId', 'p.kind', 'p.reverses', 'p.bookedAt', 'd.id as decisionId', 'original.decisionId as reversedDecisionId', 'original.periodStart', 'original.periodEnd'])
      .select(sql<string>`CASE p.kind WHEN 'outcome' THEN d.amount_micros ELSE -taken_back.amount_micros END::text`.as('amountMicros'))
      .where('p.sequence', '>', after)
      .where('p.sequence', '<=', upTo)
      .orderBy('p.sequence')
      .limit(limit)
      .execute();
    return rows.map(({ periodStart: start, periodEnd: end, ...row }) => ({
      ...row,
      kind: row.kind as BookingRow['kind'],
      reversedPeriod: start && end && { start, end },
      amountMicros: BigInt(row.amountMicros),
    }));
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

  // Whatever its currency: an episode without a contract has none, and where else would its customer see it. By outcome_decisions_by_customer.
  #notBilled(tx: Tx | Database, { organizationId, customerId, period }: StatementKey) {
    return tx
      .selectFrom('outcomeDecisions as d')
      .where('d.organizationId', '=', organizationId)
      .where('d.customerId', '=', customerId)
      .where('d.decidedAt', '>=', period.start)
      .where('d.decidedAt', '<', period.end)
      .where((eb) => eb.not(eb.exists(eb.selectFrom('postings as own').select('own.id').whereRef('own.decisionId', '=', 'd.id').where('own.kind', '=', 'outcome'))));
  }
}
