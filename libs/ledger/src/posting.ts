import { assertInvariant, derivedId, type Micros } from '#platform';
import type { Charge, OutcomeCharge } from './charge.js';
import { receivableOf, repricingOf, revenueOf, TERM_ACCOUNTS, type Account } from './chart-of-accounts.js';
import type { Period } from './period.js';

/** One line of a posting: debit positive, credit negative, never zero. */
export interface Entry {
  account: Account;
  currency: string;
  amountMicros: Micros;
}

/**
 * `outcome`: an outcome at the price that it has by itself. `reversal`: takes one back. `repricing`: what the quantity of the whole charge
 * changes about the price of those in it. `term`: a minimum, a commitment or a cap, or the rounding of a line.
 */
export type PostingKind = 'outcome' | 'reversal' | 'repricing' | 'term';

/** A set of entries that sums to zero, and what it is for. Never changed: what was wrong is reversed or adjusted. */
export interface Posting {
  /** Derived from what it books, so that booking twice meets the first. */
  id: string;
  kind: PostingKind;
  charge: Charge;
  /** The decision that caused it; of a reversal, the one that took the outcome back. Null where no single decision did. */
  decisionId: string | null;
  /** The posting that a reversal undoes. */
  reverses: string | null;
  /** What it adds to the quantity of its charge, in millionths of a unit. */
  quantityMicros: bigint;
  /** The period that it is booked into: that of its charge, or a later one. */
  period: Period;
  /** The moment in that period that it counts for. */
  bookedAt: Date;
  /** None where it moves no money: an outcome that a tier gives away still counts towards the next tier. */
  entries: Entry[];
}

/** When a posting counts. */
export interface Booking {
  period: Period;
  bookedAt: Date;
}

/** @param amountMicros what the outcome costs by itself: 0 or more */
export function outcomePosting(charge: OutcomeCharge, outcome: Booking & { decisionId: string; quantityMicros: bigint; amountMicros: Micros }): Posting {
  const { amountMicros, decisionId, ...rest } = outcome;
  assertInvariant(amountMicros >= 0n && rest.quantityMicros > 0n, `an outcome has a price of 0 or more and a quantity above 0, not ${amountMicros} and ${rest.quantityMicros}`);
  return { ...rest, id: derivedId('posting', 'outcome', decisionId), kind: 'outcome', charge, decisionId, reverses: null, entries: entriesOf(charge, revenueOf(charge.outcome), amountMicros) };
}

/**
 * Undoes `original` by its own entries, and not by what they were made of, which may be worked out otherwise by now. Booked when that was
 * decided: a closed period is not touched.
 */
export function reversalPosting(original: Posting, cause: Booking & { decisionId: string }): Posting {
  assertInvariant(original.kind === 'outcome', `only an outcome is reversed, ${original.id} is a ${original.kind}`);
  return {
    ...original,
    ...cause,
    id: derivedId('posting', 'reversal', original.id),
    kind: 'reversal',
    reverses: original.id,
    quantityMicros: -original.quantityMicros,
    entries: original.entries.map((entry) => ({ ...entry, amountMicros: -entry.amountMicros })),
  };
}

/**
 * Moves what is booked for a charge to what it comes to.
 * @param after names what it was worked out from, so that working it out from the same again meets this posting
 * @param amountMicros what is missing, or negative what is too much; not 0
 */
export function adjustmentPosting(charge: Charge, amountMicros: Micros, after: string, booking: Booking): Posting {
  const isOutcome = charge.kind === 'outcome';
  const account = isOutcome ? repricingOf(charge.outcome) : TERM_ACCOUNTS[charge.kind];
  return {
    ...booking,
    id: derivedId('posting', 'adjustment', charge.id, after),
    kind: isOutcome ? 'repricing' : 'term',
    charge,
    decisionId: null,
    reverses: null,
    quantityMicros: 0n,
    entries: entriesOf(charge, account, amountMicros),
  };
}

/** The customer owes it, the account has earned it. */
function entriesOf({ customerId, currency }: Charge, account: Account, amountMicros: Micros): Entry[] {
  if (amountMicros === 0n) return [];
  return [
    { account: receivableOf(customerId), currency, amountMicros },
    { account, currency, amountMicros: -amountMicros },
  ];
}

/** Every currency of a posting sums to zero by itself. */
export function assertBalanced(entries: readonly Entry[]): void {
  const sums = new Map<string, Micros>();
  for (const { currency, amountMicros } of entries) {
    assertInvariant(amountMicros !== 0n, 'an entry of zero says nothing');
    sums.set(currency, (sums.get(currency) ?? 0n) + amountMicros);
  }
  for (const [currency, sum] of sums) assertInvariant(sum === 0n, `the ${currency} entries of a posting sum to ${sum} micros, not to zero`);
}

/** What a posting does to what its customer owes: the amount that Stripe is told. */
export function receivableMovement({ charge, entries }: Pick<Posting, 'charge' | 'entries'>): Micros {
  return entries.reduce((sum, { account, amountMicros }) => (account === receivableOf(charge.customerId) ? sum + amountMicros : sum), 0n);
}
