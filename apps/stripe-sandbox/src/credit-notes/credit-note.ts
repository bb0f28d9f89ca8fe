import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import { integer, metadata, text } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';
import { settle } from '../invoices/change-invoice.js';
import { amountRemaining, type InvoiceRecord } from '../invoices/invoice.js';
import { totalOf } from '../invoices/invoice-line.js';

type LineFields = Pick<
  Stripe.CreditNoteLineItem,
  'id' | 'object' | 'amount' | 'description' | 'discount_amount' | 'invoice_line_item' | 'livemode' | 'quantity' | 'unit_amount'
>;

type CreditNoteLine = LineFields & { type: 'invoice_line_item' | 'custom_line_item'; unit_amount_decimal: string | null };

type Fields = Pick<
  Stripe.CreditNote,
  | 'id' | 'object' | 'amount' | 'amount_shipping' | 'created' | 'currency' | 'discount_amount' | 'effective_at' | 'livemode' | 'memo' | 'metadata'
  | 'number' | 'out_of_band_amount' | 'post_payment_amount' | 'pre_payment_amount' | 'reason' | 'subtotal' | 'total' | 'voided_at'
>;

export type CreditNoteObject = Fields & {
  customer: string;
  invoice: string;
  lines: { object: 'list'; url: string; has_more: false; data: CreditNoteLine[] };
  status: 'issued' | 'void';
  type: 'pre_payment' | 'post_payment' | 'mixed';
};

const LINES_MAX = 100;
const amount = () => integer(0, 999_999_999_999);

const lineParams = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('invoice_line_item'), invoice_line_item: text(), amount: integer(1, 999_999_999_999), description: text().optional() }),
  z.strictObject({ type: z.literal('custom_line_item'), description: text(), quantity: integer(1, 999_999).default(1), unit_amount: amount() }),
]);

type LineParams = z.output<typeof lineParams>;

export const creditNoteParams = z.strictObject({
  invoice: text(),
  lines: z.array(lineParams).min(1).max(LINES_MAX),
  reason: z.enum(['duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory']).optional(),
  memo: text().optional(),
  metadata: metadata(),
  /** To the customer's balance. */
  credit_amount: amount().default(0),
  out_of_band_amount: amount().default(0),
});

interface Issued {
  note: CreditNoteObject;
  invoice: InvoiceRecord;
}

/**
 * A correction of a final invoice. It first takes from what is left to pay; what goes beyond is for the caller to place, on the customer's
 * balance or outside of Stripe, and the sum has to be right: Stripe guesses nothing here either.
 * @throws StripeError 400
 */
export function issueCreditNote(
  params: z.output<typeof creditNoteParams>,
  given: { invoice: InvoiceRecord; earlier: readonly CreditNoteObject[]; now: number },
): Issued {
  const { invoice, now } = given;
  const earlier = given.earlier.filter(({ status }) => status === 'issued');
  if ((invoice.status !== 'open' && invoice.status !== 'paid') || invoice.lines === null) {
    throw invalidRequest(`A credit note needs an invoice that is open or paid. ${invoice.id} is ${invoice.status}.`, { param: 'invoice' });
  }
  const lines = params.lines.map(createLine);
  assertWithinLines(params.lines, invoice.lines, earlier);
  const total = totalOf(lines);
  const left = totalOf(invoice.lines) - earlier.reduce((sum, note) => sum + note.total, 0);
  if (total <= 0 || total > left) {
    throw invalidRequest(`The credit note's amount (${total}) must be above 0 and at most what is left of the invoice to credit (${left}).`, { param: 'lines' });
  }
  const prePayment = Math.min(total, amountRemaining(invoice, totalOf(invoice.lines)));
  const postPayment = total - prePayment;
  if (params.credit_amount + params.out_of_band_amount !== postPayment) {
    throw invalidRequest(
      `The sum of credit_amount and out_of_band_amount (${params.credit_amount + params.out_of_band_amount}) must equal the amount of the credit note after payment (${postPayment}).`,
      { param: 'credit_amount' },
    );
  }
  const id = randomId('cn_sandbox');
  const note: CreditNoteObject = {
    id,
    object: 'credit_note',
    amount: total,
    amount_shipping: 0,
    created: now,
    currency: invoice.currency,
    customer: invoice.customer,
    discount_amount: 0,
    effective_at: now,
    invoice: invoice.id,
    lines: { object: 'list', url: `/v1/credit_notes/${id}/lines`, has_more: false, data: lines },
    livemode: false,
    memo: params.memo ?? null,
    metadata: params.metadata,
    number: `${invoice.number ?? invoice.id}-CN-${String(given.earlier.length + 1).padStart(2, '0')}`,
    out_of_band_amount: params.out_of_band_amount || null,
    post_payment_amount: postPayment,
    pre_payment_amount: prePayment,
    reason: params.reason ?? null,
    status: 'issued',
    subtotal: total,
    total,
    type: postPayment === 0 ? 'pre_payment' : prePayment === 0 ? 'post_payment' : 'mixed',
    voided_at: null,
  };
  const credited = { ...invoice, prePaymentCredit: invoice.prePaymentCredit + prePayment, postPaymentCredit: invoice.postPaymentCredit + postPayment };
  return { note, invoice: settle(credited, now) };
}

/** Only while the invoice is open: what was credited after payment stays. @throws StripeError 400 */
export function voidCreditNote(note: CreditNoteObject, invoice: InvoiceRecord, now: number): Issued {
  if (note.status === 'void') throw invalidRequest(`The credit note ${note.id} is already void.`);
  if (invoice.status !== 'open') throw invalidRequest(`You can only void a credit note of an open invoice. ${invoice.id} is ${invoice.status}.`);
  return {
    note: { ...note, status: 'void', voided_at: now },
    invoice: { ...invoice, prePaymentCredit: invoice.prePaymentCredit - note.pre_payment_amount },
  };
}

function createLine(line: LineParams): CreditNoteLine {
  const common = { id: randomId('cnli_sandbox'), object: 'credit_note_line_item' as const, discount_amount: 0, livemode: false };
  if (line.type === 'invoice_line_item') {
    const { type, invoice_line_item, description } = line;
    return { ...common, amount: line.amount, description: description ?? null, invoice_line_item, quantity: null, type, unit_amount: null, unit_amount_decimal: null };
  }
  const { type, description, quantity, unit_amount } = line;
  return { ...common, amount: quantity * unit_amount, description, quantity, type, unit_amount, unit_amount_decimal: String(unit_amount) };
}

/** Never more than a line had, over all its credit notes. @throws StripeError 400 */
function assertWithinLines(given: readonly LineParams[], invoiceLines: readonly { id: string; amount: number }[], earlier: readonly CreditNoteObject[]): void {
  const left = new Map(invoiceLines.map(({ id, amount: billed }) => [id, billed]));
  for (const { invoice_line_item: id, amount: credited } of earlier.flatMap(({ lines }) => lines.data)) {
    if (id !== undefined) left.set(id, (left.get(id) ?? 0) - credited);
  }
  given.forEach((line, index) => {
    if (line.type !== 'invoice_line_item') return;
    const param = `lines[${index}]`;
    const available = left.get(line.invoice_line_item);
    if (available === undefined) {
      throw invalidRequest(`No such invoice line item: '${line.invoice_line_item}'`, { code: 'resource_missing', param: `${param}[invoice_line_item]` });
    }
    if (line.amount > available) {
      throw invalidRequest(`The amount ${line.amount} is more than what is left of the line to credit (${available}).`, { param: `${param}[amount]` });
    }
    left.set(line.invoice_line_item, available - line.amount);
  });
}
