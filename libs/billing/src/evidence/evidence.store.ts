import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Period } from '#ledger';
import { Postgres, type Database, type Micros, type Tx } from '#platform';
import type { StatementKey } from '../statements/statement.js';

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
  chargeId: string;
  kind: 'outcome' | 'reversal' | 'repricing' | 'term';
  reverses: string | null;
  reversedPeriod: Period | null;
  bookedAt: Date;
  quantityMicros: bigint;
  amountMicros: Micros;
  /** What booked it, or took it back; null where no single decision did. */
  decisionId: string | null;
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
  constructor(private readonly db: Postgres) {}

  async bounds(tx: Tx, key: StatementKey): Promise<EvidenceBounds> {
    const posting = await this.#bookings(tx, key).select((eb) => eb.fn.max('p.sequence').as('last')).executeTakeFirst();
    const decision = await this.#notBilled(tx, key).select((eb) => eb.fn.max('d.sequence').as('last')).executeTakeFirst();
    return { lastPosting: posting?.last ?? 0n, lastDecision: decision?.last ?? 0n };
  }

  /** Postings in the order they were booked. By postings_by_period: each page is found where the one before ended. */
  async bookings(key: StatementKey, { after, upTo, limit }: Page): Promise<(BookingRow & { sequence: bigint })[]> {
    const rows = await this.#bookings(this.db, key)
      .leftJoin('entries as e', (join) => join.onRef('e.postingId', '=', 'p.id').on('e.account', '=', sql<string>`'receivable:' || p.customer_id`))
      .leftJoin('postings as original', 'original.id', 'p.reverses')
      .select(['p.sequence', 'p.id as postingId', 'p.chargeId', 'p.kind', 'p.reverses', 'p.bookedAt', 'p.quantityMicros', 'p.decisionId', 'e.amountMicros'])
      .select(['original.decisionId as reversedDecisionId', 'original.periodStart', 'original.periodEnd'])
      .where('p.sequence', '>', after)
      .where('p.sequence', '<=', upTo)
      .orderBy('p.sequence')
      .limit(limit)
      .execute();
    return rows.map(({ periodStart: start, periodEnd: end, ...row }) => ({
      ...row,
      kind: row.kind as BookingRow['kind'],
      reversedPeriod: start && end && { start, end },
      // Without an entry it moved no money.
      amountMicros: row.amountMicros ?? 0n,
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
    const booked = this.#bookings(tx, key).innerJoin('outcomeDecisions as d', 'd.id', 'p.decisionId').leftJoin('postings as original', 'original.id', 'p.reverses').leftJoin('outcomeDecisions as takenBack', 'takenBack.id', 'original.decisionId');
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

  #bookings(tx: Tx | Database, { organizationId, customerId, period, currency }: StatementKey) {
    return tx
      .selectFrom('postings as p')
      .innerJoin('charges as c', 'c.id', 'p.chargeId')
      .where('p.organizationId', '=', organizationId)
      .where('p.customerId', '=', customerId)
      .where('p.periodStart', '=', period.start)
      .where('c.currency', '=', currency);
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
