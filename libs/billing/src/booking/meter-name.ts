import { sha256Hex } from '#platform';
import type { Charge, TermKind } from '#ledger';

const SLUG_LENGTH_MAX = 60;

/**
 * The Stripe meter of an outcome in a currency, by its event name: at most 100 characters of a-z, 0-9 and _, which Stripe takes everywhere.
 * A name that had to be changed to fit carries a part of its hash, so that "Résolu" and "resolu" do not meet on one meter.
 */
export function meterName(outcome: string, currency: string): string {
  const slug = outcome.toLowerCase().replace(/[^a-z0-9_]+/g, '_').slice(0, SLUG_LENGTH_MAX);
  const unique = slug === outcome ? slug : `${slug}_${sha256Hex(outcome).slice(0, 8)}`;
  return `astrolabe_${unique}_${currency.toLowerCase()}`;
}

/** The meter of a charge. No outcome's name begins with an underscore, so that none meets that of a term. */
export function meterOf(charge: Charge): string {
  if (charge.kind === 'rounding') return charge.line;
  return charge.kind === 'outcome' ? meterName(charge.outcome, charge.currency) : termMeter(charge.kind, charge.currency);
}

export const termMeter = (kind: TermKind, currency: string): string => meterName(`_${kind}`, currency);
