import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { type Database, type Tx } from '#platform';
import type { Charge, TermCharge, TermKind } from './charge.js';
import { assertBalanced, type Entry, type Posting } from './posting.js';
import { ProjectionStore } from './projection.store.js';

// PostgreSQL takes 65,535 parameters in a statement.
const ROWS_PER_STATEMENT = 1000;

/** Writes and reads postings. Append-only: the tables refuse anything else. */
@Injectable()
export class LedgerStore {
  constructor(private readonly projections: ProjectionStore) {}

  /**
   * Books each posting once, with its charge where that is new, and carries the projections on. A posting's id says what it books, so a
   * second attempt is found and changes nothing. Its period must be there (`PeriodStore.ensure`).
   * @param recordedAt when it is written
   * @returns those that were not there before
   */
  async post(tx: Tx, postings: readonly Posting[], recordedAt: Date): Promise<Posting[]> {
    for (const { entries } of postings) assertBalanced(entries);
    await this.addCharges(tx, [...new Map(postings.map(({ charge }) => [charge.id, charge])).values()]);
    const posted: Posting[] = [];
    for (const part of inParts(postings)) {
      const rows = part.map(({ charge, period, entries: _, ...row }) => ({
        ...row,
        organizationId: charge.organizationId,
        customerId: charge.customerId,
        chargeId: charge.id,
        periodStart: period.start,
        periodEnd: period.end,
        recordedAt,
      }));
      const added = await tx.insertInto('postings').values(rows).onConflict((conflict) => conflict.column('id').doNothing()).returning('id').execute();
      const ids = new Set(added.map(({ id }) => id));
      const fresh = part.filter(({ id }) => ids.has(id));
      const entries = fresh.flatMap((posting) => posting.entries.map((entry, index) => ({ ...entry, postingId: posting.id, line: index + 1 })));
      if (entries.length > 0) await tx.insertInto('entries').values(entries).execute();
      posted.push(...fresh);
    }
    await this.projections.add(tx, posted);
    return posted;
  }

  /** Postings as they were booked, with their entries in order, by id. */
  async read(tx: Tx | Database, organizationId: string, ids: readonly string[]): Promise<Map<string, Posting>> {
    if (ids.length === 0) return new Map();
    const isOne = sql<string>`any(${ids}::text[])`;
    const rows = await tx
      .selectFrom('postings as p')
      .innerJoin('charges as c', 'c.id', 'p.chargeId')
      .select(['p.id', 'p.kind', 'p.decisionId', 'p.reverses', 'p.quantityMicros', 'p.periodStart', 'p.periodEnd', 'p.bookedAt'])
      .select(['c.id as chargeId', 'c.organizationId', 'c.customerId', 'c.contractId', 'c.periodStart as chargedFrom', 'c.periodEnd as chargedUntil', 'c.kind as chargeKind', 'c.outcome', 'c.grade', 'c.line', 'c.currency', 'c.pricing'])
      .where('p.organizationId', '=', organizationId)
      .where('p.id', '=', isOne)
      .execute();
    const entries = await tx.selectFrom('entries').select(['postingId', 'account', 'currency', 'amountMicros']).where('postingId', '=', isOne).orderBy('postingId').orderBy('line').execute();
    const entriesOf = Map.groupBy(entries, ({ postingId }) => postingId);
    return new Map(
      rows.map((row) => {
        const { id, decisionId, reverses, quantityMicros, bookedAt } = row;
        const own = (entriesOf.get(id) ?? []).map(({ account, currency, amountMicros }) => ({ account, currency, amountMicros }) as Entry);
        const charge = chargeOf({ ...row, id: row.chargeId, kind: row.chargeKind, periodStart: row.chargedFrom, periodEnd: row.chargedUntil });
        return [id, { id, kind: row.kind as Posting['kind'], charge, decisionId, reverses, quantityMicros, period: { start: row.periodStart, end: row.periodEnd }, bookedAt, entries: own }];
      }),
    );
  }

  /** The charges of the customer's periods that begin in [from, until), in the order of their ids. */
  async charges(tx: Tx | Database, { organizationId, customerId }: { organizationId: string; customerId: string }, from: Date, until: Date): Promise<Charge[]> {
    const rows = await tx
      .selectFrom('charges')
      .selectAll()
      .where('organizationId', '=', organizationId)
      .where('customerId', '=', customerId)
      .where('periodStart', '>=', from)
      .where('periodStart', '<', until)
      .orderBy('id')
      .execute();
    return rows.map(chargeOf);
  }

  /** The commitments of a contract, as far as they are due. */
  async commitments(tx: Tx | Database, { organizationId, customerId, contractId, currency }: Pick<TermCharge, 'organizationId' | 'customerId' | 'contractId' | 'currency'>): Promise<TermCharge[]> {
    const rows = await tx
      .selectFrom('charges')
      .selectAll()
      .where('organizationId', '=', organizationId)
      .where('customerId', '=', customerId)
      .where('contractId', '=', contractId)
      .where('currency', '=', currency)
      .where('kind', '=', 'commitment')
      .execute();
    return rows.map(chargeOf).filter((charge): charge is TermCharge => charge.kind === 'commitment');
  }

  /** Which of the charges are of a period whose terms are booked. */
  async settledCharges(tx: Tx | Database, chargeIds: readonly string[]): Promise<Set<string>> {
    if (chargeIds.length === 0) return new Set();
    const rows = await tx
      .selectFrom('charges as c')
      .innerJoin('periods as p', (join) => join.onRef('p.organizationId', '=', 'c.organizationId').onRef('p.customerId', '=', 'c.customerId').onRef('p.periodStart', '=', 'c.periodStart'))
      .select('c.id')
      .where('c.id', '=', sql<string>`any(${chargeIds}::text[])`)
      .where('p.settledAt', 'is not', null)
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  /** The number of the posting that was booked last into a customer's period; it only grows. */
  async lastSequence(tx: Tx, { organizationId, customerId, period }: Pick<Charge, 'organizationId' | 'customerId' | 'period'>): Promise<bigint> {
    const row = await tx
      .selectFrom('postings')
      .select('sequence')
      .where('organizationId', '=', organizationId)
      .where('customerId', '=', customerId)
      .where('periodStart', '=', period.start)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.sequence ?? 0n;
  }

  /** Adds charges that are not there yet. */
  async addCharges(tx: Tx, charges: readonly Charge[]): Promise<void> {
    for (const part of inParts(charges)) {
      const rows = part.map(({ period, pricing, ...charge }) => ({
        outcome: null,
        grade: null,
        line: null,
        ...charge,
        periodStart: period.start,
        periodEnd: period.end,
        pricing: pricing === null ? null : JSON.stringify(pricing),
      }));
      await tx.insertInto('charges').values(rows).onConflict((conflict) => conflict.column('id').doNothing()).execute();
    }
  }
}

/** A row of `charges`. */
export interface ChargeRow {
  id: string;
  organizationId: string;
  customerId: string;
  contractId: string | null;
  periodStart: Date;
  periodEnd: Date;
  kind: string;
  outcome: string | null;
  grade: string | null;
  line: string | null;
  currency: string;
  pricing: unknown;
}

export function chargeOf({ id, organizationId, customerId, contractId, periodStart, periodEnd, kind, outcome, grade, line, currency, pricing }: ChargeRow): Charge {
  const key = { id, organizationId, customerId, period: { start: periodStart, end: periodEnd }, currency };
  if (line !== null || contractId === null) return { ...key, kind: 'rounding', contractId: null, pricing: null, line: line ?? '' };
  return outcome !== null && grade !== null ? { ...key, contractId, pricing, kind: 'outcome', outcome, grade } : { ...key, contractId, pricing, kind: kind as TermKind };
}

function inParts<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / ROWS_PER_STATEMENT) }, (_, part) => items.slice(part * ROWS_PER_STATEMENT, (part + 1) * ROWS_PER_STATEMENT));
}
