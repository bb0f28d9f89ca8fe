import type { Evidence } from '#outcomes';
import type { Micros } from '#platform';

/** `open`: outcomes may still be decided in it. `closing`: it is over, and nothing has locked it yet. */
export type PeriodStatus = 'open' | 'closing';

export interface StatementPeriod {
  /** `2026-11` */
  label: string;
  /** Half-open, as booked. */
  start: Date;
  end: Date;
  /** IANA name: as it was asked for, or of the contract whose month this is; null where no contract of the customer has it. */
  timeZone: string | null;
}

/** Outcomes of one kind, or their reversals. */
export interface StatementLine {
  outcome: string;
  grade: string;
  kind: 'outcome' | 'reversal';
  count: number;
  /** Of one outcome, negative in a reversal; null where the line has several prices. */
  unitAmountMicros: Micros | null;
  /** Exact. */
  amountMicros: Micros;
  /** Rounded to the currency's smallest unit, once, half to even. */
  amountMinor: bigint;
}

export interface Statement {
  customer: { id: string; name: string };
  currency: string;
  period: StatementPeriod;
  status: PeriodStatus;
  lines: StatementLine[];
  /** Exact, and equal to `ledgerBalanceMicros`. */
  totalMicros: Micros;
  /** The sum of the lines' rounded amounts: what is to be paid. */
  totalMinor: bigint;
  /** What the period moved the customer's receivable by. */
  ledgerBalanceMicros: Micros;
  /** What Stripe's meters held when the last reconciliation looked; null where none has. */
  stripe: { amountMicros: Micros | null; asOf: Date | null };
}

export interface StatementSummary {
  customer: { id: string; name: string };
  currency: string;
  period: StatementPeriod;
  status: PeriodStatus;
  totalMicros: Micros;
}

/** Names one statement, once its period is known to the millisecond. */
export interface StatementKey {
  organizationId: string;
  customerId: string;
  period: { start: Date; end: Date };
  currency: string;
}

/** Names one line of one statement. */
export interface StatementLineKey extends StatementKey {
  outcome: string;
  grade: string;
  kind: 'outcome' | 'reversal';
}

/** One booking behind a line. */
export interface LineOutcome {
  postingId: string;
  /** The decision that caused it; of a reversal, the one that took the outcome back. */
  decisionId: string;
  /** Of a reversal: the decision whose outcome was taken back. */
  reversedDecisionId: string | null;
  conversationId: string;
  episode: number;
  revision: number;
  reason: string;
  decidedAt: Date;
  amountMicros: Micros;
  evidence: Evidence;
}

export interface LineOutcomePage {
  items: LineOutcome[];
  /** Give it back for the next page; null at the end. */
  nextCursor: string | null;
}
