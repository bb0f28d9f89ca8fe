import { z } from 'zod';
import { boolean, metadataChange, withMetadata } from '../http/read-params.js';
import { StripeError, invalidRequest } from '../http/stripe-error.js';
import { amountDue, type InvoiceRecord } from './invoice.js';
import { totalOf, type InvoiceLine } from './invoice-line.js';

export const invoiceChangeParams = z.strictObject({
  auto_advance: boolean().optional(),
  description: z.string().max(1_500).optional(),
  metadata: metadataChange(),
});

/** A final invoice keeps what is printed on it. @throws StripeError 400 */
export function changeInvoice(invoice: InvoiceRecord, params: z.output<typeof invoiceChangeParams>, now: number): InvoiceRecord {
  if (params.description !== undefined && invoice.status !== 'draft') {
    throw notEditable("Finalized invoices can't be updated in this way: their description stays as it is.", 'description');
  }
  const changed = {
    ...invoice,
    description: params.description === undefined ? invoice.description : params.description || null,
    metadata: withMetadata(invoice.metadata, params.metadata),
  };
  return params.auto_advance === undefined ? changed : setAutoAdvance(changed, params.auto_advance, now);
}

export interface Finalized {
  invoice: InvoiceRecord;
  /** What the customer's balance is afterwards. */
  balance: number;
}

/** Freezes the lines, and uses up what credit the customer has. What is then nothing to pay is paid. @throws StripeError 400 unless it is a draft */
export function finalizeInvoice(
  invoice: InvoiceRecord,
  given: { lines: InvoiceLine[]; number: string; balance: number; at: number; autoAdvance?: boolean | undefined },
): Finalized {
  const { lines, number, balance, at, autoAdvance } = given;
  if (invoice.status !== 'draft') throw notEditable("This invoice is already finalized, you can't re-finalize a non-draft invoice.");
  const total = totalOf(lines);
  const after = balance + Math.min(Math.max(0, -balance), total);
  const open: InvoiceRecord = {
    ...(autoAdvance === undefined ? invoice : setAutoAdvance(invoice, autoAdvance, at)),
    lines,
    number,
    status: 'open',
    balance: { before: balance, after },
    finalizedAt: at,
  };
  return { invoice: settle(open, at), balance: after };
}

/**
 * There is no money here, so an invoice is paid only by saying that it was, elsewhere.
 * @throws StripeError 400 for an invoice that is not to be paid
 */
export function payInvoice(invoice: InvoiceRecord, given: { isOutOfBand: boolean; at: number }): InvoiceRecord {
  const { status, lines } = invoice;
  if (status === 'paid') throw invalidRequest('Invoice is already paid.', { code: 'invoice_already_paid' });
  if (status === 'draft' || lines === null) throw invalidRequest('Finalize this invoice first: a draft cannot be paid.', { code: 'invoice_not_open' });
  if (status === 'void') throw invalidRequest('This invoice is void and cannot be paid.', { code: 'invoice_not_open' });
  if (!given.isOutOfBand) {
    const message = 'There is no `default_payment_method` set on this Customer or Invoice, and the sandbox has none. Give paid_out_of_band.';
    throw new StripeError(400, invalidRequest(message, { code: 'missing', param: 'paid_out_of_band' }).body);
  }
  return { ...invoice, status: 'paid', amountPaid: amountDue(invoice, totalOf(lines)), paidOutOfBand: true, paidAt: given.at, autoAdvance: false };
}

/** @throws StripeError 400 unless it is open or uncollectible */
export function voidInvoice(invoice: InvoiceRecord, at: number): InvoiceRecord {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') throw notOpen('void', invoice.status);
  return { ...invoice, status: 'void', voidedAt: at, autoAdvance: false };
}

/** @throws StripeError 400 unless it is open */
export function markUncollectible(invoice: InvoiceRecord, at: number): InvoiceRecord {
  if (invoice.status !== 'open') throw notOpen('mark as uncollectible', invoice.status);
  return { ...invoice, status: 'uncollectible', markedUncollectibleAt: at, autoAdvance: false };
}

/** An open invoice of which nothing is left to pay is paid. */
export function settle(invoice: InvoiceRecord, at: number): InvoiceRecord {
  if (invoice.status !== 'open' || amountDue(invoice, totalOf(invoice.lines ?? [])) > invoice.amountPaid) return invoice;
  return { ...invoice, status: 'paid', paidAt: at, autoAdvance: false };
}

function setAutoAdvance(invoice: InvoiceRecord, autoAdvance: boolean, now: number): InvoiceRecord {
  if (autoAdvance === invoice.autoAdvance) return invoice;
  return { ...invoice, autoAdvance, autoAdvanceSince: autoAdvance ? now : invoice.autoAdvanceSince };
}

function notEditable(message: string, param?: string): StripeError {
  return invalidRequest(message, { code: 'invoice_not_editable', ...(param !== undefined && { param }) });
}

/** The wording is Stripe's for one of the calls; that others share it is not confirmed. */
function notOpen(what: string, status: string): StripeError {
  return invalidRequest(`You can only ${what} open invoices. This invoice isn't open: it is ${status}.`, { code: 'invoice_not_editable' });
}
