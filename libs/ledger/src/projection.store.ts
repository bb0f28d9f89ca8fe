/**
 * Sums over postings and entries, kept so that nobody has to add up a month of them to show it: `charge_totals` by charge and the period
 * booked into, `account_balances` by account and period.
 *
 * They are carried on in the transaction that posts, and hold nothing that postings and entries do not: `differences` adds those up again
 * and compares, `rebuild` puts the sums in their place. Rows are written in the order of their keys, so that two writers wait for each
 * other and do not deadlock.
 */
import { Injectable } from '@nestjs/common';
import { sql, type RawBuilder } from 'kysely';
import { type Database, type Micros, type Tx } from '#platform';
import type { Account } from './chart-of-accounts.js';
import type { Period } from './period.js';
import { receivableMovement, type Posting } from './posting.js';

/** What was booked for a charge, in one period or in all. */
export interface ChargeTotal {
  outcomes: number;
  reversals: number;
  quantityMicros: bigint;
  /** What the outcomes cost by themselves, and what was taken back of that: 0 or less. */
  listedMicros: Micros;
  reversedMicros: Micros;
  /** What the quantity of the whole charge changes about it; all of a term. */
  adjustedMicros: Micros;
}

export const NO_TOTAL: ChargeTotal = { outcomes: 0, reversals: 0, quantityMicros: 0n, listedMicros: 0n, reversedMicros: 0n, adjustedMicros: 0n };

export const bookedMicros = ({ listedMicros, reversedMicros, adjustedMicros }: ChargeTotal): Micros => listedMicros + reversedMicros + adjustedMicros;

export function addTotals(a: ChargeTotal, b: ChargeTotal): ChargeTotal {
  return {
    outcomes: a.outcomes + b.outcomes,
    reversals: a.reversals + b.reversals,
    quantityMicros: a.quantityMicros + b.quantityMicros,
    listedMicros: a.listedMicros + b.listedMicros,
    reversedMicros: a.reversedMicros + b.reversedMicros,
    adjustedMicros: a.adjustedMicros + b.adjustedMicros,
  };
}

/** What one posting adds to the total of its charge. */
export function totalOf(posting: Posting): ChargeTotal {
  const amountMicros = receivableMovement(posting);
  const { quantityMicros } = posting;
  switch (posting.kind) {
    case 'outcome':
      return { ...NO_TOTAL, outcomes: 1, quantityMicros, listedMicros: amountMicros };
    case 'reversal':
      return { ...NO_TOTAL, reversals: 1, quantityMicros, reversedMicros: amountMicros };
    case 'repricing':
    case 'term':
      return { ...NO_TOTAL, adjustedMicros: amountMicros };
  }
}

export interface Balance {
  account: Account;
  currency: string;
  amountMicros: Micros;
}

export interface BalanceFilter {
  organizationId: string;
  account?: Account;
  customerId?: string;
  /** Only what was booked in this period: its movement. Without it, the balance of all time. */
  period?: Period;
}

/** A sum that is not what its postings say. A side that is missing is null. */
export interface ProjectionDifference {
  projection: 'charge_totals' | 'account_balances';
  customerId: string;
  key: string;
  kept: string | null;
  counted: string | null;
}

// PostgreSQL takes 65,535 parameters in a statement.
const ROWS_PER_STATEMENT = 1000;

@Injectable()
export class ProjectionStore {
  /** Carries the sums on by postings that were just written. */
  async add(tx: Tx, postings: readonly Posting[]): Promise<void> {
    await this.#addTotals(tx, postings);
    await this.#addBalances(tx, postings);
  }

  /** What is booked for charges in all periods together. A charge for which nothing is booked is left out. */
  async totals(tx: Tx | Database, chargeIds: readonly string[]): Promise<Map<string, ChargeTotal>> {
    if (chargeIds.length === 0) return new Map();
    const rows = await tx
      .selectFrom('chargeTotals')
      .selectAll()
      .where('chargeId', '=', sql<string>`any(${chargeIds}::text[])`)
      .execute();
    const totals = new Map<string, ChargeTotal>();
    for (const row of rows) totals.set(row.chargeId, addTotals(totals.get(row.chargeId) ?? NO_TOTAL, chargeTotalOf(row)));
    return totals;
  }

  /** Balances by account and currency. */
  async balances(tx: Tx | Database, filter: BalanceFilter): Promise<Balance[]> {
    let query = tx
      .selectFrom('accountBalances')
      .select(['account', 'currency', sql<string>`sum(amount_micros)::text`.as('amountMicros')])
      .where('organizationId', '=', filter.organizationId)
      .groupBy(['account', 'currency'])
      .orderBy('account')
      .orderBy('currency');
    if (filter.account !== undefined) query = query.where('account', '=', filter.account);
    if (filter.customerId !== undefined) query = query.where('customerId', '=', filter.customerId);
    if (filter.period) query = query.where('periodStart', '=', filter.period.start);
    const rows = await query.execute();
    return rows.map((row) => ({ account: row.account as Account, currency: row.currency, amountMicros: BigInt(row.amountMicros) }));
  }

  /** Every sum that is kept and is not what postings and entries add up to. @param where all of an organization, or one customer's period */
  async differences(tx: Tx | Database, where: ProjectedBooks): Promise<ProjectionDifference[]> {
    const totals = await sql<ProjectionDifference>`
      WITH counted AS (${countedTotals(where)}), kept AS (
        SELECT t.* FROM charge_totals t JOIN charges c ON c.id = t.charge_id WHERE c.organization_id = ${where.organizationId} ${ofCustomer(where, sql`c`, sql`t`)})
      SELECT 'charge_totals' AS projection, c.customer_id, coalesce(kept.charge_id, counted.charge_id) || ' ' || coalesce(kept.period_start, counted.period_start) AS key,
        to_jsonb(kept)::text AS kept, to_jsonb(counted)::text AS counted
      FROM kept FULL JOIN counted ON counted.charge_id = kept.charge_id AND counted.period_start = kept.period_start
      JOIN charges c ON c.id = coalesce(kept.charge_id, counted.charge_id)
      WHERE kept IS DISTINCT FROM counted`.execute(tx);
    const balances = await sql<ProjectionDifference>`
      WITH counted AS (${countedBalances(where)}), kept AS (
        SELECT b.* FROM account_balances b WHERE b.organization_id = ${where.organizationId} ${ofCustomer(where, sql`b`, sql`b`)})
      SELECT 'account_balances' AS projection, coalesce(kept.customer_id, counted.customer_id) AS customer_id,
        coalesce(kept.account, counted.account) || ' ' || coalesce(kept.currency, counted.currency) || ' ' || coalesce(kept.period_start, counted.period_start) AS key,
        kept.amount_micros::text AS kept, counted.amount_micros::text AS counted
      FROM kept FULL JOIN counted ON counted.customer_id = kept.customer_id AND counted.period_start = kept.period_start AND counted.account = kept.account AND counted.currency = kept.currency
      WHERE coalesce(kept.amount_micros, 0) <> coalesce(counted.amount_micros, 0)`.execute(tx);
    return [...totals.rows, ...balances.rows];
  }

  /** Puts the sums of postings and entries in the place of those that are kept. Nobody may post for the organization meanwhile. */
  async rebuild(tx: Tx, organizationId: string): Promise<void> {
    const where = { organizationId };
    await sql`DELETE FROM charge_totals USING charges c WHERE c.id = charge_totals.charge_id AND c.organization_id = ${organizationId}`.execute(tx);
    await sql`INSERT INTO charge_totals ${countedTotals(where)}`.execute(tx);
    await sql`DELETE FROM account_balances WHERE organization_id = ${organizationId}`.execute(tx);
    await sql`INSERT INTO account_balances ${countedBalances(where)}`.execute(tx);
  }

  async #addTotals(tx: Tx, postings: readonly Posting[]): Promise<void> {
    const sums = new Map<string, { chargeId: string; periodStart: Date; total: ChargeTotal }>();
    for (const posting of postings) {
      const key = `${posting.charge.id} ${posting.period.start.toISOString()}`;
      const sum = sums.get(key) ?? { chargeId: posting.charge.id, periodStart: posting.period.start, total: NO_TOTAL };
      sums.set(key, { ...sum, total: addTotals(sum.total, totalOf(posting)) });
    }
    for (const rows of inOrder(sums)) {
      await tx
        .insertInto('chargeTotals')
        .values(rows.map(({ chargeId, periodStart, total }) => ({ chargeId, periodStart, ...total, outcomes: BigInt(total.outcomes), reversals: BigInt(total.reversals), quantityMicros: total.quantityMicros.toString() })))
        .onConflict((conflict) =>
          conflict.columns(['chargeId', 'periodStart']).doUpdateSet({
            outcomes: sql`charge_totals.outcomes + excluded.outcomes`,
            reversals: sql`charge_totals.reversals + excluded.reversals`,
            quantityMicros: sql`charge_totals.quantity_micros + excluded.quantity_micros`,
            listedMicros: sql`charge_totals.listed_micros + excluded.listed_micros`,
            reversedMicros: sql`charge_totals.reversed_micros + excluded.reversed_micros`,
            adjustedMicros: sql`charge_totals.adjusted_micros + excluded.adjusted_micros`,
          }),
        )
        .execute();
    }
  }

  async #addBalances(tx: Tx, postings: readonly Posting[]): Promise<void> {
    const sums = new Map<string, { organizationId: string; customerId: string; periodStart: Date; account: string; currency: string; amountMicros: Micros }>();
    for (const { charge, period, entries } of postings) {
      const { organizationId, customerId } = charge;
      for (const { account, currency, amountMicros } of entries) {
        const row = { organizationId, customerId, periodStart: period.start, account, currency, amountMicros };
        const key = JSON.stringify([organizationId, customerId, period.start, account, currency]);
        sums.set(key, { ...row, amountMicros: amountMicros + (sums.get(key)?.amountMicros ?? 0n) });
      }
    }
    for (const rows of inOrder(sums)) {
      await tx
        .insertInto('accountBalances')
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(['organizationId', 'customerId', 'periodStart', 'account', 'currency']).doUpdateSet({ amountMicros: sql`account_balances.amount_micros + excluded.amount_micros` }),
        )
        .execute();
    }
  }
}

/** Which books are added up: an organization's, or what was booked for one customer in one period. */
export interface ProjectedBooks {
  organizationId: string;
  customerId?: string;
  periodStart?: Date;
}

/** A row of `charge_totals`, whatever else it is read with. */
export interface ChargeTotalRow {
  outcomes: bigint;
  reversals: bigint;
  quantityMicros: string;
  listedMicros: bigint;
  reversedMicros: bigint;
  adjustedMicros: bigint;
}

export function chargeTotalOf({ outcomes, reversals, quantityMicros, listedMicros, reversedMicros, adjustedMicros }: ChargeTotalRow): ChargeTotal {
  return { outcomes: Number(outcomes), reversals: Number(reversals), quantityMicros: BigInt(quantityMicros), listedMicros, reversedMicros, adjustedMicros };
}

function countedTotals(where: ProjectedBooks): RawBuilder<unknown> {
  const sumOf = (kinds: RawBuilder<unknown>) => sql`coalesce(sum(e.amount_micros) FILTER (WHERE p.kind IN (${kinds})), 0)::bigint`;
  return sql`
    SELECT p.charge_id, p.period_start, count(*) FILTER (WHERE p.kind = 'outcome') AS outcomes, count(*) FILTER (WHERE p.kind = 'reversal') AS reversals,
      sum(p.quantity_micros)::numeric(38, 0) AS quantity_micros, ${sumOf(sql`'outcome'`)} AS listed_micros, ${sumOf(sql`'reversal'`)} AS reversed_micros,
      ${sumOf(sql`'repricing', 'term'`)} AS adjusted_micros
    FROM postings p LEFT JOIN entries e ON e.posting_id = p.id AND e.account = 'receivable:' || p.customer_id
    WHERE p.organization_id = ${where.organizationId} ${ofCustomer(where, sql`p`, sql`p`)}
    GROUP BY p.charge_id, p.period_start`;
}

function countedBalances(where: ProjectedBooks): RawBuilder<unknown> {
  return sql`
    SELECT p.organization_id, p.customer_id, p.period_start, e.account, e.currency, sum(e.amount_micros)::bigint AS amount_micros
    FROM postings p JOIN entries e ON e.posting_id = p.id
    WHERE p.organization_id = ${where.organizationId} ${ofCustomer(where, sql`p`, sql`p`)}
    GROUP BY p.organization_id, p.customer_id, p.period_start, e.account, e.currency`;
}

function ofCustomer({ customerId, periodStart }: ProjectedBooks, customer: RawBuilder<unknown>, booked: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`${customerId === undefined ? sql`` : sql`AND ${customer}.customer_id = ${customerId}`} ${periodStart === undefined ? sql`` : sql`AND ${booked}.period_start = ${periodStart}`}`;
}

function* inOrder<Row>(sums: ReadonlyMap<string, Row>): Generator<Row[]> {
  const rows = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) yield rows.slice(from, from + ROWS_PER_STATEMENT);
}
