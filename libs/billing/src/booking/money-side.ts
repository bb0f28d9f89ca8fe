import type { Decision } from '#outcomes';
import type { Micros } from '#platform';

/** What of a decision is money. Two decisions with the same money side need no new posting, however else they differ. */
export interface MoneySide {
  customerId: string;
  outcome: string;
  grade: string;
  currency: string;
  amountMicros: Micros;
}

/** Null where nothing is to be booked: not billable, or billable for nothing. */
export function moneySideOf(decision: Decision): MoneySide | null {
  const { isBillable, grade, amountMicros, customerId, outcome, currency } = decision;
  if (!isBillable || grade === null || amountMicros <= 0n) return null;
  return { customerId, outcome, grade, currency, amountMicros };
}

export function isSameMoney(a: MoneySide | null, b: MoneySide | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.customerId === b.customerId && a.outcome === b.outcome && a.grade === b.grade && a.currency === b.currency && a.amountMicros === b.amountMicros
  );
}
