import { canonicalJson, derivedId } from '#platform';
import type { Period } from './period.js';

/** Terms of a contract about a period as a whole. */
export type TermKind = 'minimum' | 'commitment' | 'cap';

/** Outcomes at one price; a term; or what rounding a line of a statement changes. */
export type ChargeKind = 'outcome' | TermKind | 'rounding';

interface ChargeKey {
  organizationId: string;
  customerId: string;
  /** Whose quantity it is worked out from. What is booked for it later, such as a reversal, is booked into a later period. */
  period: Period;
  currency: string;
}

interface PricedKey extends ChargeKey {
  contractId: string;
  /** The price or the term, as JSON: for whoever works it out. Null where it is not known any more. */
  pricing: unknown;
}

export type OutcomeCharge = PricedKey & { id: string; kind: 'outcome'; outcome: string; grade: string };
export type TermCharge = PricedKey & { id: string; kind: TermKind };
/** `line` is the name of the line: its meter. */
export type RoundingCharge = ChargeKey & { id: string; kind: 'rounding'; contractId: null; pricing: null; line: string };

/** What one price or one term of a contract comes to in one period, or rounding a line: what a posting is for. Never changed. */
export type Charge = OutcomeCharge | TermCharge | RoundingCharge;

/** The charge of outcomes at one price. Versions of a contract with the same price share it, so that a tier that was reached stays reached. */
export function outcomeCharge(key: PricedKey & { outcome: string; grade: string }): OutcomeCharge {
  return { ...key, id: chargeId(key, key.contractId, canonicalJson(key.pricing), 'outcome', key.outcome, key.grade), kind: 'outcome' };
}

export function termCharge(key: PricedKey, kind: TermKind): TermCharge {
  return { ...key, id: chargeId(key, key.contractId, canonicalJson(key.pricing), kind), kind };
}

export function roundingCharge(key: ChargeKey, line: string): RoundingCharge {
  return { ...key, id: chargeId(key, 'rounding', line), kind: 'rounding', contractId: null, pricing: null, line };
}

function chargeId({ organizationId, customerId, period, currency }: ChargeKey, ...rest: string[]): string {
  return derivedId('charge', organizationId, customerId, period.start.toISOString(), currency, ...rest);
}
