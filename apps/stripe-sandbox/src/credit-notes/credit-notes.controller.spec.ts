import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Stripe from 'stripe';
import { at, SandboxHarness } from '../testing/sandbox-harness.js';

const DECEMBER = at('2026-12-01');

describe('credit notes, through the SDK', () => {
  let harness: SandboxHarness;
  let stripe: Stripe;
  let invoice: Stripe.Invoice;
  let line: string;
  let customer: string;

  /** An open invoice over 1,000 cents. */
  beforeEach(async () => {
    harness = await SandboxHarness.start();
    const seeded = await harness.seed({ unitAmountDecimal: '100' });
    stripe = seeded.stripe;
    customer = seeded.customer.id;
    await seeded.send('10');
    harness.moveTo(DECEMBER);
    const draft = (await stripe.invoices.list()).data[0]!;
    invoice = draft;
    line = draft.lines.data[0]!.id;
    await expect(credit(100)).rejects.toMatchObject({ statusCode: 400, param: 'invoice' });
    invoice = await stripe.invoices.finalizeInvoice(draft.id);
  });
  afterEach(() => harness.dispose());

  const credit = (amount: number, more: Partial<Stripe.CreditNoteCreateParams> = {}, options?: Stripe.RequestOptions) =>
    stripe.creditNotes.create({ invoice: invoice.id, lines: [{ type: 'invoice_line_item', invoice_line_item: line, amount }], ...more }, options);

  it('takes off what is left to pay of an open invoice', async () => {
    const note = await credit(300, { reason: 'product_unsatisfactory', memo: 'Reopened', metadata: { ours: 'adj_1' } }, { idempotencyKey: 'adj_1' });
    expect(note).toMatchObject({
      object: 'credit_note',
      amount: 300,
      total: 300,
      created: DECEMBER,
      currency: 'usd',
      customer,
      invoice: invoice.id,
      memo: 'Reopened',
      metadata: { ours: 'adj_1' },
      number: `${invoice.number}-CN-01`,
      pre_payment_amount: 300,
      post_payment_amount: 0,
      reason: 'product_unsatisfactory',
      status: 'issued',
      type: 'pre_payment',
      livemode: false,
    });
    expect(note.lines.data).toMatchObject([{ type: 'invoice_line_item', invoice_line_item: line, amount: 300 }]);
    expect(await credit(300, { reason: 'product_unsatisfactory', memo: 'Reopened', metadata: { ours: 'adj_1' } }, { idempotencyKey: 'adj_1' })).toEqual(note);
    expect(await stripe.invoices.retrieve(invoice.id)).toMatchObject({
      status: 'open',
      total: 1_000,
      amount_due: 700,
      amount_remaining: 700,
      pre_payment_credit_notes_amount: 300,
      post_payment_credit_notes_amount: 0,
    });
    await harness.restart();
    stripe = harness.client();
    expect(await stripe.creditNotes.retrieve(note.id)).toEqual(note);
    expect((await stripe.creditNotes.list({ invoice: invoice.id })).data).toEqual([note]);
    expect((await stripe.creditNotes.list({ customer })).data).toEqual([note]);
    expect((await stripe.creditNotes.list({ invoice: 'in_other' })).data).toEqual([]);
    expect((await stripe.creditNotes.listLineItems(note.id)).data).toEqual(note.lines.data);
  });

  it('never credits more than is left of the line or the invoice', async () => {
    await expect(credit(1_001)).rejects.toMatchObject({ statusCode: 400, param: 'lines[0][amount]' });
    await credit(600);
    await expect(credit(401)).rejects.toMatchObject({ param: 'lines[0][amount]' });
    const half = { type: 'invoice_line_item' as const, invoice_line_item: line, amount: 250 };
    await expect(credit(0, { lines: [half, half] })).rejects.toMatchObject({ param: 'lines[1][amount]' });
    const custom = (amount: number) => credit(0, { lines: [{ type: 'custom_line_item', description: 'Goodwill', quantity: 1, unit_amount: amount }] });
    await expect(custom(401)).rejects.toMatchObject({ param: 'lines' });
    expect(await custom(400)).toMatchObject({ total: 400, lines: { data: [{ type: 'custom_line_item', unit_amount: 400 }] } });
    await expect(credit(1)).rejects.toMatchObject({ param: 'lines' });
    await expect(credit(1, { lines: [{ type: 'invoice_line_item', invoice_line_item: 'il_x', amount: 1 }] })).rejects.toMatchObject({ code: 'resource_missing' });
  });

  it('pays an open invoice of which it leaves nothing', async () => {
    await credit(1_000);
    expect(await stripe.invoices.retrieve(invoice.id)).toMatchObject({ status: 'paid', amount_due: 0, amount_paid: 0, amount_remaining: 0 });
  });

  it('credits a paid invoice to the balance or outside, and has to be told which', async () => {
    await stripe.invoices.pay(invoice.id, { paid_out_of_band: true });
    await expect(credit(300)).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining('must equal') });
    expect(await credit(300, { credit_amount: 200, out_of_band_amount: 100 })).toMatchObject({
      type: 'post_payment',
      post_payment_amount: 300,
      pre_payment_amount: 0,
      out_of_band_amount: 100,
    });
    expect(await stripe.invoices.retrieve(invoice.id)).toMatchObject({ status: 'paid', amount_paid: 1_000, amount_remaining: 0, post_payment_credit_notes_amount: 300 });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -200 });
    await expect(credit(701, { credit_amount: 701 })).rejects.toMatchObject({ statusCode: 400 });
  });

  it('pays the next invoice from the balance, and gives that back when it is voided', async () => {
    await stripe.invoices.pay(invoice.id, { paid_out_of_band: true });
    await credit(300, { credit_amount: 300 });
    await stripe.billing.meterEvents.create({ event_name: 'outcomes', payload: { stripe_customer_id: customer, value: '2' } });
    harness.moveTo(at('2027-01-01') + 3_600);
    expect((await stripe.invoices.list()).data[0]).toMatchObject({ status: 'paid', total: 200, starting_balance: -300, ending_balance: -100, amount_due: 0 });
    await stripe.billing.meterEvents.create({ event_name: 'outcomes', payload: { stripe_customer_id: customer, value: '2' } });
    harness.moveTo(at('2027-02-01') + 3_600);
    const next = (await stripe.invoices.list()).data[0]!;
    expect(next).toMatchObject({ status: 'open', total: 200, amount_due: 100, amount_remaining: 100, ending_balance: 0 });
    await stripe.invoices.voidInvoice(next.id);
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -100 });
  });

  it('is voided while the invoice is open', async () => {
    const note = await credit(300);
    expect(await stripe.creditNotes.voidCreditNote(note.id)).toMatchObject({ status: 'void', voided_at: DECEMBER });
    expect(await stripe.invoices.retrieve(invoice.id)).toMatchObject({ amount_remaining: 1_000, pre_payment_credit_notes_amount: 0 });
    await expect(stripe.creditNotes.voidCreditNote(note.id)).rejects.toThrow('already void');
    const second = await credit(1_000);
    await expect(stripe.creditNotes.voidCreditNote(second.id)).rejects.toThrow('open invoice');
  });
});
