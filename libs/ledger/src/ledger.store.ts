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

/** Writes and reads postings. Append-only: the tables refuse anything else. */
@Injectable()
export class LedgerStore {
  /** Books a posting once. Its id says what it books, so a second attempt is found and changes nothing. */
  async post(tx: Tx, posting: Posting): Promise<{ kind: 'posted' } | { kind: 'duplicate' }> {
    assertBalanced(posting.entries);
    const { period, entries, ...row } = posting;
    const posted = await tx
      .insertInto('postings')
      .values({ ...row, periodStart: period.start, periodEnd: period.end })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (!posted) return { kind: 'duplicate' };
    await tx
      .insertInto('entries')
      .values(entries.map((entry, index) => ({ ...entry, postingId: posting.id, line: index + 1 })))
      .execute();
    return { kind: 'posted' };
  }

  /** A posting as it was booked, with its entries in order. */
  async read(tx: Tx | Database, organizationId: string, id: string): Promise<Posting | undefined> {
    const row = await tx.selectFrom('postings').selectAll().where('organizationId', '=', organizationId).where('id', '=', id).executeTakeFirst();
    if (!row) return undefined;
    const entries = await tx.selectFrom('entries').select(['account', 'currency', 'amountMicros']).where('postingId', '=', id).orderBy('line').execute();
    const { periodStart, periodEnd, sequence: _, ...rest } = row;
    return { ...rest, kind: row.kind as Posting['kind'], period: { start: periodStart, end: periodEnd }, entries: entries as Entry[] };
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
