import { sha256Hex } from '#platform';

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
