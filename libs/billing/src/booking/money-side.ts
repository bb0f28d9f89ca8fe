import type { Decision } from '#outcomes';
import type { Micros } from '#platform';
import { receivableMovement, type Posting } from '#ledger';

/** What of a decision is money. Two decisions with the same money side need no new posting, however else they differ. */
export interface MoneySide {
  customerId: string;
  contractId: string;
  outcome: string;
  grade: string;
  currency: string;
  /** Of the outcome by itself. */
  amountMicros: Micros;
  quantityMicros: bigint;
}

/** Null where nothing is to be booked: not billable. An outcome that is free by itself counts all the same: towards the next tier, and to be seen. */
export function moneySideOf({ isBillable, grade, amountMicros, quantityMicros, customerId, contractId, outcome, currency }: Decision): MoneySide | null {
  if (!isBillable || grade === null || contractId === null) return null;
  return { customerId, contractId, outcome, grade, currency, amountMicros, quantityMicros };
}

export function moneySideOfPosting(posting: Posting): MoneySide | null {
  const { charge, quantityMicros } = posting;
  if (charge.kind !== 'outcome') return null;
  const { customerId, contractId, outcome, grade, currency } = charge;
  return { customerId, contractId, outcome, grade, currency, amountMicros: receivableMovement(posting), quantityMicros };
}

const FIELDS = ['customerId', 'contractId', 'outcome', 'grade', 'currency', 'amountMicros', 'quantityMicros'] as const satisfies (keyof MoneySide)[];

export function isSameMoney(a: MoneySide | null, b: MoneySide | null): boolean {
  return a === null || b === null ? a === b : FIELDS.every((field) => a[field] === b[field]);
}
