import type { Micros } from '#platform';
import { roundedMinor } from '../statements/rounded-minor.js';
import type { StripeInvoice } from './stripe-invoice.js';

/** What a line should say: what its meter was told for the range of the invoice. */
export interface ExpectedLine {
  eventName: string;
  amountMicros: Micros;
}

/** A line that is not what it should be. Amounts are in the smallest unit of the currency; null where there is no such line. */
export interface InvoiceDifference {
  eventName: string | null;
  invoiceLineId: string | null;
  expectedMinor: bigint | null;
  stripeMinor: bigint | null;
}

/**
 * Holds a draft against what its meters were told, line by line, without a tolerance.
 * @param eventNameOf the meter of a price; undefined for a price that is none of ours
 * @returns every line that differs; none where the invoice may be made final
 */
export function compareInvoice(invoice: Pick<StripeInvoice, 'lines' | 'currency'>, expected: readonly ExpectedLine[], eventNameOf: (priceId: string) => string | undefined): InvoiceDifference[] {
  const differences: InvoiceDifference[] = [];
  const open = new Map(expected.map(({ eventName, amountMicros }) => [eventName, billedMinor(amountMicros, invoice.currency)]));
  for (const { id, priceId, amountMinor } of invoice.lines) {
    const eventName = priceId === null ? undefined : eventNameOf(priceId);
    if (eventName === undefined) {
      differences.push({ eventName: null, invoiceLineId: id, expectedMinor: null, stripeMinor: amountMinor });
      continue;
    }
    const expectedMinor = open.get(eventName) ?? 0n;
    open.delete(eventName);
    if (expectedMinor !== amountMinor) differences.push({ eventName, invoiceLineId: id, expectedMinor, stripeMinor: amountMinor });
  }
  // A meter that nothing puts on the invoice.
  for (const [eventName, expectedMinor] of open) if (expectedMinor !== 0n) differences.push({ eventName, invoiceLineId: null, expectedMinor, stripeMinor: null });
  return differences;
}

/** A cycle whose total is below zero bills zero. */
function billedMinor(amountMicros: Micros, currency: string): bigint {
  return amountMicros < 0n ? 0n : roundedMinor(amountMicros, currency);
}
