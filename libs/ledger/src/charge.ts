import { canonicalJson, derivedId } from '#platform';
import type { Period } from './period.js';

/** Outcomes at one price, or a term of the contract about the period as a whole. */
export type ChargeKind = 'outcome' | 'minimum' | 'commitment' | 'cap';

interface ChargeKey {
  organizationId: string;
  customerId: string;
  contractId: string;
  /** Whose quantity it is worked out from. What is booked for it later, such as a reversal, is booked into a later period. */
  period: Period;
  currency: string;
  /** The price or the term, as JSON: for whoever works it out. Null where it is not known any more. */
  pricing: unknown;
}

/** What one price or one term of a contract comes to in one period: what a posting is for. Never changed. */
export type Charge = ChargeKey & { id: string } & ({ kind: 'outcome'; outcome: string; grade: string } | { kind: Exclude<ChargeKind, 'outcome'> });

/** The charge of outcomes at one price. Versions of a contract with the same price share it, so that a tier that was reached stays reached. */
export function outcomeCharge(key: ChargeKey & { outcome: string; grade: string }): Charge & { kind: 'outcome' } {
  return { ...key, id: chargeId(key, 'outcome', key.outcome, key.grade), kind: 'outcome' };
}

export function termCharge(key: ChargeKey, kind: Exclude<ChargeKind, 'outcome'>): Charge {
  return { ...key, id: chargeId(key, kind), kind };
}

function chargeId({ organizationId, customerId, contractId, period, currency, pricing }: ChargeKey, ...rest: string[]): string {
  return derivedId('charge', organizationId, customerId, contractId, period.start.toISOString(), currency, canonicalJson(pricing), ...rest);
}
