/**
 * Our own view of an invoice: what one customer owes for one period, and what it rests on.
 *
 * The lines are what was booked for each charge, the balance what was booked on the customer's account; that both are the same is asserted
 * each time a statement is read, because a statement that does not add up must not be shown. Both are sums that are kept, so that a statement
 * of a million outcomes is read as fast as one of ten: closing a period and reconciling add them up anew. Micros are exact; rounding happens
 * once per line.
 */
import { Injectable } from '@nestjs/common';
import { assertInvariant, Clock, DomainError, type Tx } from '#platform';
import { parsePeriod, periodLabel, periodStartRange, periodStatus, ProjectionStore, receivableOf, type Period } from '#ledger';
import { ReconciliationStore } from '../reconciliation/reconciliation.store.js';
import { statementLines } from './statement-lines.js';
import type { ChargeOutcomePage, Statement, StatementChargeKey, StatementKey, StatementSummary } from './statement.js';
import { StatementStore, type BookedPeriod } from './statement.store.js';

const PAGE_MAX = 500;

/** Which of several statements of a month is meant. Needed only where there are several. */
export interface StatementChoice {
  /** IANA zone whose month it is. */
  timeZone?: string | undefined;
  currency?: string | undefined;
}

@Injectable()
export class StatementReader {
  constructor(
    private readonly store: StatementStore,
    private readonly projections: ProjectionStore,
    private readonly reconciliations: ReconciliationStore,
    private readonly clock: Clock,
  ) {}

  /** Every statement there is, newest period first. */
  async list(organizationId: string): Promise<StatementSummary[]> {
    const booked = await this.store.inSnapshot((tx) => this.store.periods(tx, { organizationId }));
    return booked.map(({ customerId, customerName, currency, period, lockedAt, totalMicros }) => ({
      customer: { id: customerId, name: customerName },
      currency,
      period: { ...period, label: periodLabel(period) },
      status: periodStatus({ period, lockedAt }, this.clock.now()),
      totalMicros,
    }));
  }

  /**
   * @param period `2026-11`
   * @throws DomainError `statement_not_found`, `statement_not_unique`, `invalid_period`, `unknown_time_zone`
   */
  async read(organizationId: string, customerId: string, period: string, choice: StatementChoice = {}): Promise<Statement> {
    return this.readWith(organizationId, customerId, period, choice, (_tx, _key, statement) => Promise.resolve(statement));
  }

  /**
   * The same, for one who reads more of the statement's own moment: `work` sees what the statement was counted from, and nothing newer.
   * @throws DomainError as `read`
   */
  async readWith<Result>(
    organizationId: string,
    customerId: string,
    period: string,
    choice: StatementChoice,
    work: (tx: Tx, key: StatementKey, statement: Statement) => Promise<Result>,
  ): Promise<Result> {
    return this.store.inSnapshot(async (tx) => {
      const booked = await this.#choose(tx, organizationId, customerId, period, choice);
      const key = { organizationId, customerId, period: booked.period, currency: booked.currency };
      return work(tx, key, await this.#statement(tx, key, booked));
    });
  }

  /** All statements of a customer's period, one for each currency, as `tx` sees them. */
  async ofPeriod(tx: Tx, organizationId: string, customerId: string, period: Period): Promise<Statement[]> {
    const booked = await this.store.periods(tx, { organizationId, customerId, startsIn: periodStartRange(periodLabel(period)) });
    const statements: Statement[] = [];
    for (const one of booked.filter((each) => isSamePeriod(each.period, period))) {
      statements.push(await this.#statement(tx, { organizationId, customerId, period, currency: one.currency }, one));
    }
    return statements;
  }

  async #statement(tx: Tx, key: StatementKey, booked: BookedPeriod): Promise<Statement> {
    const { organizationId, customerId, currency } = key;
    const { lockedAt, snapshotSha256 } = booked;
    const period = { ...booked.period, label: periodLabel(booked.period) };
    const lines = statementLines(await this.store.charges(tx, key), period);
    const totalMicros = lines.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
    const balances = await this.projections.balances(tx, { organizationId, customerId, account: receivableOf(customerId), period });
    const ledgerBalanceMicros = balances.find((balance) => balance.currency === currency)?.amountMicros ?? 0n;
    assertInvariant(
      totalMicros === ledgerBalanceMicros,
      `the lines of ${customerId} for ${period.label} add up to ${totalMicros} ${currency} micros, the ledger says ${ledgerBalanceMicros}`,
    );
    const stripe = await this.reconciliations.stripeTotal(tx, key);
    return {
      customer: { id: customerId, name: booked.customerName },
      currency,
      period,
      status: periodStatus({ period, lockedAt }, this.clock.now()),
      lockedAt,
      snapshotSha256,
      lines,
      totalMicros,
      totalMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
      ledgerBalanceMicros,
      stripe: stripe ?? { amountMicros: null, asOf: null },
    };
  }

  /**
   * The decisions behind a charge of a statement, in the order they were booked. Every outcome and reversal is on exactly one page.
   * @throws DomainError `invalid_cursor`
   */
  async outcomesOf(charge: StatementChargeKey, page: { cursor?: string | undefined; limit?: number | undefined } = {}): Promise<ChargeOutcomePage> {
    const { cursor = '0', limit = 100 } = page;
    if (!/^\d{1,18}$/.test(cursor)) {
      throw new DomainError({ kind: 'invalid', code: 'invalid_cursor', message: `"${cursor}" is not a cursor: give back the nextCursor of the page before, or none` });
    }
    const size = Math.min(Math.max(limit, 1), PAGE_MAX);
    const found = await this.store.outcomesOf(charge, { after: BigInt(cursor), limit: size + 1 });
    const shown = found.slice(0, size);
    return {
      items: shown.map(({ sequence: _, ...item }) => item),
      nextCursor: found.length > size ? (shown.at(-1)?.sequence.toString() ?? null) : null,
    };
  }

  async #choose(tx: Tx, organizationId: string, customerId: string, label: string, { timeZone, currency }: StatementChoice): Promise<BookedPeriod> {
    const bounds = timeZone === undefined ? undefined : parsePeriod(label, timeZone);
    const booked = await this.store.periods(tx, { organizationId, customerId, startsIn: periodStartRange(label) });
    const fitting = booked.filter(
      (one) => (!bounds || isSamePeriod(one.period, bounds)) && (currency === undefined || one.currency === currency),
    );
    const [only, other] = fitting;
    if (!only) {
      throw new DomainError({
        kind: 'not_found',
        code: 'statement_not_found',
        message: `Nothing is booked for customer "${customerId}" in ${label}${timeZone ? ` (${timeZone})` : ''}${currency ? ` in ${currency}` : ''}: see /api/v1/statements for what there is`,
      });
    }
    if (other) {
      const choices = fitting.map((one) => ({ currency: one.currency, start: one.period.start.toISOString(), end: one.period.end.toISOString() }));
      throw new DomainError({
        kind: 'conflict',
        code: 'statement_not_unique',
        message: `Customer "${customerId}" has ${fitting.length} statements for ${label}: say which by timeZone and currency`,
        details: { choices },
      });
    }
    return only;
  }
}

function isSamePeriod(a: Period, b: Period): boolean {
  return a.start.getTime() === b.start.getTime() && a.end.getTime() === b.end.getTime();
}
