import type { Evidence, PriceJson, TierShare } from '#outcomes';
import type { Charge, ChargeKind, ChargeTotal, PeriodStatus, TermKind } from '#ledger';
import type { Micros } from '#platform';

export interface StatementPeriod {
  /** `2026-11` */
  label: string;
  /** Half-open, as booked. */
  start: Date;
  end: Date;
  /** IANA name; null where no contract of the customer says it any more. */
  timeZone: string | null;
}

/** What one charge adds to a statement: outcomes at one price, or a term of the contract. */
export interface StatementCharge extends ChargeTotal {
  id: string;
  kind: ChargeKind;
  /** Null for rounding, which is of no contract. */
  contractId: string | null;
  /** Null for a term and for rounding. */
  grade: string | null;
  /** Price or term as it was when it was booked; null where that was not kept. */
  pricing: PriceJson | { amountMicros: string } | null;
  /** How the price of the quantity comes about; none for a term, and in a correction. */
  tiers: TierShare[];
  /** Exact. */
  amountMicros: Micros;
}

/** What one outcome, or one kind of term, comes to in one period: one line of Stripe's invoice, or a correction of one. */
export interface StatementLine {
  kind: 'outcome' | TermKind;
  /** Null for a term. */
  outcome: string | null;
  /** Of Stripe's meter. */
  eventName: string;
  /** The earlier period that it corrects; null where it is of the statement's own. */
  corrects: StatementPeriod | null;
  /** Outcomes booked, and taken back again. */
  outcomes: number;
  reversals: number;
  /** Exact: the sum of its charges. */
  amountMicros: Micros;
  /** Rounded to the currency's smallest unit, once, half to even; when the period is over that is what is booked. */
  amountMinor: bigint;
  charges: StatementCharge[];
}

export interface Statement {
  customer: { id: string; name: string };
  currency: string;
  period: StatementPeriod;
  status: PeriodStatus;
  lockedAt: Date | null;
  /** Of what the period's statements said when it was locked. */
  snapshotSha256: string | null;
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

/** Names what one charge added to one statement. */
export interface StatementChargeKey {
  organizationId: string;
  customerId: string;
  period: { start: Date; end: Date };
  chargeId: string;
}

/** A charge and what was booked for it in a period. */
export interface BookedCharge {
  charge: Charge;
  total: ChargeTotal;
}

/** One outcome that was booked, or taken back. */
export interface ChargeOutcome {
  postingId: string;
  kind: 'outcome' | 'reversal';
  /** The decision that caused it; of a reversal, the one that took the outcome back. */
  decisionId: string;
  /** Of a reversal: the decision whose outcome was taken back. */
  reversedDecisionId: string | null;
  conversationId: string;
  episode: number;
  revision: number;
  reason: string;
  decidedAt: Date;
  quantityMicros: bigint;
  /** By itself: what the number of outcomes changes about it is in the charge. */
  amountMicros: Micros;
  evidence: Evidence;
}

export interface ChargeOutcomePage {
  items: ChargeOutcome[];
  /** Give it back for the next page; null at the end. */
  nextCursor: string | null;
}
