import { assertInvariant, derivedId, type Micros } from '#platform';
import { receivableOf, revenueOf, type Account } from './chart-of-accounts.js';
import type { Period } from './period.js';

/** One line of a posting: debit positive, credit negative, never zero. */
export interface Entry {
  account: Account;
  currency: string;
  amountMicros: Micros;
}

/** A set of entries that sums to zero, and what it is for. Never changed: what was wrong is reversed. */
export interface Posting {
  /** Derived from what it books, so that booking twice meets the first. */
  id: string;
  organizationId: string;
  customerId: string;
  kind: 'outcome' | 'reversal';
  /** The decision that caused it; of a reversal, the one that took the outcome back. */
  decisionId: string;
  /** The posting that a reversal undoes. */
  reverses: string | null;
  outcome: string;
  grade: string;
  period: Period;
  bookedAt: Date;
  entries: Entry[];
}

export interface OutcomeBooking {
  organizationId: string;
  customerId: string;
  decisionId: string;
  outcome: string;
  grade: string;
  currency: string;
  /** Above 0. */
  amountMicros: Micros;
  period: Period;
  bookedAt: Date;
}

/** The customer owes it, the outcome has earned it. */
export function entriesForOutcome({ customerId, outcome, currency, amountMicros }: Pick<OutcomeBooking, 'customerId' | 'outcome' | 'currency' | 'amountMicros'>): Entry[] {
  assertInvariant(amountMicros > 0n, `an outcome is booked with an amount above 0, not ${amountMicros}`);
  return [
    { account: receivableOf(customerId), currency, amountMicros },
    { account: revenueOf(outcome), currency, amountMicros: -amountMicros },
  ];
}

/** What was booked, negated: from the entries themselves and not from what they were made of, which may be computed otherwise by now. */
export function entriesForReversal(original: readonly Entry[]): Entry[] {
  return original.map((entry) => ({ ...entry, amountMicros: -entry.amountMicros }));
}

export function outcomePosting({ currency, amountMicros, ...booking }: OutcomeBooking): Posting {
  return {
    ...booking,
    id: derivedId('posting', 'outcome', booking.decisionId),
    kind: 'outcome',
    reverses: null,
    entries: entriesForOutcome({ ...booking, currency, amountMicros }),
  };
}

/** Undoes `original`, in the period in which that was decided: a closed period is not touched. */
export function reversalPosting(original: Posting, cause: { decisionId: string; period: Period; bookedAt: Date }): Posting {
  assertInvariant(original.kind === 'outcome', `only an outcome is reversed, ${original.id} is a ${original.kind}`);
  return {
    ...original,
    ...cause,
    id: derivedId('posting', 'reversal', original.id),
    kind: 'reversal',
    reverses: original.id,
    entries: entriesForReversal(original.entries),
  };
}

/** Every currency of a posting sums to zero by itself. */
export function assertBalanced(entries: readonly Entry[]): void {
  assertInvariant(entries.length >= 2, `a posting has two entries or more, not ${entries.length}`);
  const sums = new Map<string, Micros>();
  for (const { currency, amountMicros } of entries) {
    assertInvariant(amountMicros !== 0n, 'an entry of zero says nothing');
    sums.set(currency, (sums.get(currency) ?? 0n) + amountMicros);
  }
  for (const [currency, sum] of sums) assertInvariant(sum === 0n, `the ${currency} entries of a posting sum to ${sum} micros, not to zero`);
}

/** What a posting does to what its customer owes: the amount that Stripe is told. */
export function receivableMovement(posting: Pick<Posting, 'customerId' | 'entries'>): { currency: string; amountMicros: Micros } {
  const entry = posting.entries.find(({ account }) => account === receivableOf(posting.customerId));
  assertInvariant(entry !== undefined, `a posting of ${posting.customerId} moves their receivable`);
  return { currency: entry.currency, amountMicros: entry.amountMicros };
}
