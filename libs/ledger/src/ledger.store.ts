import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { type Database, type Micros, type Tx } from '#platform';
import type { Account } from './chart-of-accounts.js';
import type { Period } from './period.js';
import { assertBalanced, type Entry, type Posting } from './posting.js';

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

// PostgreSQL takes 65,535 parameters in a statement.
const POSTINGS_PER_STATEMENT = 1000;

function inParts(postings: readonly Posting[]): Posting[][] {
  return Array.from({ length: Math.ceil(postings.length / POSTINGS_PER_STATEMENT) }, (_, part) => postings.slice(part * POSTINGS_PER_STATEMENT, (part + 1) * POSTINGS_PER_STATEMENT));
}

/** Writes and reads postings. Append-only: the tables refuse anything else. */
@Injectable()
export class LedgerStore {
  /**
   * Books each posting once. Its id says what it books, so a second attempt is found and changes nothing.
   * @returns the ids of those that were not there before
   */
  async post(tx: Tx, postings: readonly Posting[]): Promise<Set<string>> {
    for (const { entries } of postings) assertBalanced(entries);
    const posted = new Set<string>();
    for (const part of inParts(postings)) {
      const rows = part.map(({ period, entries: _, ...row }) => ({ ...row, periodStart: period.start, periodEnd: period.end }));
      const added = await tx
        .insertInto('postings')
        .values(rows)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id')
        .execute();
      for (const { id } of added) posted.add(id);
      const entries = part.filter(({ id }) => posted.has(id)).flatMap((posting) => posting.entries.map((entry, index) => ({ ...entry, postingId: posting.id, line: index + 1 })));
      if (entries.length > 0) await tx.insertInto('entries').values(entries).execute();
    }
    return posted;
  }

  /** Postings as they were booked, with their entries in order, by id. */
  async read(tx: Tx | Database, organizationId: string, ids: readonly string[]): Promise<Map<string, Posting>> {
    if (ids.length === 0) return new Map();
    const isOne = sql<string>`any(${ids}::text[])`;
    const rows = await tx.selectFrom('postings').selectAll().where('organizationId', '=', organizationId).where('id', '=', isOne).execute();
    const entries = await tx.selectFrom('entries').select(['postingId', 'account', 'currency', 'amountMicros']).where('postingId', '=', isOne).orderBy('postingId').orderBy('line').execute();
    const entriesOf = Map.groupBy(entries, ({ postingId }) => postingId);
    return new Map(
      rows.map(({ periodStart, periodEnd, sequence: _, ...row }) => {
        const own = (entriesOf.get(row.id) ?? []).map(({ account, currency, amountMicros }) => ({ account, currency, amountMicros }) as Entry);
        return [row.id, { ...row, kind: row.kind as Posting['kind'], period: { start: periodStart, end: periodEnd }, entries: own }];
      }),
    );
  }

  /** Sums of entries by account and currency: there is no stored balance that could disagree with them. */
  async balances(tx: Tx | Database, filter: BalanceFilter): Promise<Balance[]> {
    let query = tx
      .selectFrom('entries')
      .innerJoin('postings', 'postings.id', 'entries.postingId')
      .select(['entries.account', 'entries.currency', sql<string>`sum(entries.amount_micros)::text`.as('amountMicros')])
      .where('postings.organizationId', '=', filter.organizationId)
      .groupBy(['entries.account', 'entries.currency'])
      .orderBy('entries.account')
      .orderBy('entries.currency');
    if (filter.account !== undefined) query = query.where('entries.account', '=', filter.account);
    if (filter.customerId !== undefined) query = query.where('postings.customerId', '=', filter.customerId);
    if (filter.period) query = query.where('postings.periodStart', '=', filter.period.start).where('postings.periodEnd', '=', filter.period.end);
    const rows = await query.execute();
    return rows.map((row) => ({ account: row.account as Account, currency: row.currency, amountMicros: BigInt(row.amountMicros) }));
  }
}
