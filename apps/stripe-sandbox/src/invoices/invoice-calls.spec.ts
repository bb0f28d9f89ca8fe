import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Stripe from 'stripe';
import { at, SandboxHarness } from '../testing/sandbox-harness.js';

const DECEMBER = at('2026-12-01');

describe('invoice calls, through the SDK', () => {
  let harness: SandboxHarness;
  let stripe: Stripe;
  let seeded: Awaited<ReturnType<SandboxHarness['seed']>>;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
    seeded = await harness.seed();
    stripe = seeded.stripe;
  });
  afterEach(() => harness.dispose());

  /** A draft of three outcomes at 99 cents. */
  const draft = async (): Promise<Stripe.Invoice> => {
    await seeded.send('3');
    harness.moveTo(DECEMBER);
    return (await stripe.invoices.list()).data[0]!;
  };
  const open = async (): Promise<Stripe.Invoice> => stripe.invoices.finalizeInvoice((await draft()).id);

  it('lists by customer, subscription and status, with pages', async () => {
    harness.moveTo(at('2027-03-01'));
    const all = await stripe.invoices.list({ limit: 2 }).autoPagingToArray({ limit: 10 });
    expect(all.map(({ status }) => status)).toEqual(['draft', 'paid', 'paid', 'paid']);
    expect((await stripe.invoices.list({ limit: 3 })).has_more).toBe(true);
    expect((await stripe.invoices.list({ status: 'draft' })).data).toHaveLength(1);
    expect((await stripe.invoices.list({ subscription: seeded.subscription.id })).data).toHaveLength(4);
    expect((await stripe.invoices.list({ subscription: 'sub_other' })).data).toEqual([]);
    expect((await stripe.invoices.list({ customer: (await stripe.customers.create()).id })).data).toEqual([]);
    expect(await stripe.invoices.retrieve(all[0]!.id)).toEqual(all[0]);
    await expect(stripe.invoices.retrieve('in_x')).rejects.toMatchObject({ statusCode: 404, code: 'resource_missing' });
  });

  it('embeds ten lines and lists them all, with exact quantities', async () => {
    const { product, meter, subscription, send } = seeded;
    const recurring = { interval: 'month' as const, meter: meter.id, usage_type: 'metered' as const };
    for (let index = 0; index < 11; index += 1) {
      const price = await stripe.prices.create({ product: product.id, currency: 'usd', recurring, unit_amount_decimal: Stripe.Decimal.from('0.05') });
      await stripe.subscriptions.update(subscription.id, { items: [{ price: price.id }], proration_behavior: 'none' });
    }
    await send('9.9');
    harness.moveTo(DECEMBER);
    const invoice = (await stripe.invoices.list()).data[0]!;
    expect([invoice.lines.data.length, invoice.lines.has_more]).toEqual([10, true]);
    const lines = await stripe.invoices.listLineItems(invoice.id, { limit: 5 }).autoPagingToArray({ limit: 100 });
    expect(lines).toHaveLength(12);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(12);
    // 9.9 x 99 = 980.1 cents, and eleven times 9.9 x 0.05 = 0.495.
    expect(lines.map(({ amount }) => amount)).toEqual([980, ...Array.from({ length: 11 }, () => 0)]);
    expect(lines[0]?.quantity_decimal?.toString()).toBe('9.9');
    expect(invoice.total).toBe(980);
    const final = await stripe.invoices.finalizeInvoice(invoice.id);
    expect((await stripe.invoices.listLineItems(final.id, { limit: 100 })).data).toEqual(lines);
  });

  it('updates metadata, description and auto_advance', async () => {
    const { id } = await draft();
    expect(await stripe.invoices.update(id, { description: 'November', metadata: { a: '1', b: '2' } })).toMatchObject({ description: 'November', metadata: { a: '1', b: '2' } });
    expect((await stripe.invoices.update(id, { metadata: { a: '' } })).metadata).toEqual({ b: '2' });
    await stripe.invoices.finalizeInvoice(id);
    await expect(stripe.invoices.update(id, { description: 'Else' })).rejects.toMatchObject({ statusCode: 400, code: 'invoice_not_editable' });
    expect((await stripe.invoices.update(id, { metadata: '' })).metadata).toEqual({});
    expect((await stripe.invoices.update(id, { auto_advance: false })).auto_advance).toBe(false);
  });

  it('finalises once', async () => {
    const invoice = await open();
    expect(invoice).toMatchObject({ status: 'open', amount_due: 297, amount_remaining: 297, effective_at: DECEMBER });
    await expect(stripe.invoices.finalizeInvoice(invoice.id)).rejects.toMatchObject({ statusCode: 400, code: 'invoice_not_editable' });
    const again = { idempotencyKey: 'finalize' };
    harness.moveTo(at('2027-01-01'));
    const next = (await stripe.invoices.list({ status: 'draft' })).data[0]!;
    const first = await stripe.invoices.finalizeInvoice(next.id, {}, again);
    expect(await stripe.invoices.finalizeInvoice(next.id, {}, again)).toEqual(first);
  });

  it('is paid out of band, and only then', async () => {
    const { id } = await draft();
    await expect(stripe.invoices.pay(id, { paid_out_of_band: true })).rejects.toMatchObject({ statusCode: 400, code: 'invoice_not_open' });
    await stripe.invoices.finalizeInvoice(id);
    await expect(stripe.invoices.pay(id)).rejects.toThrow('default_payment_method');
    harness.moveTo(DECEMBER + 5);
    expect(await stripe.invoices.pay(id, { paid_out_of_band: true })).toMatchObject({
      status: 'paid',
      amount_due: 297,
      amount_paid: 297,
      amount_remaining: 0,
      status_transitions: { paid_at: DECEMBER + 5 },
    });
    await expect(stripe.invoices.pay(id, { paid_out_of_band: true })).rejects.toThrow('already paid');
    await expect(stripe.invoices.voidInvoice(id)).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining('paid') });
  });

  it('is voided, or marked uncollectible, when it is open', async () => {
    const { id } = await draft();
    await expect(stripe.invoices.voidInvoice(id)).rejects.toThrow("isn't open");
    await expect(stripe.invoices.markUncollectible(id)).rejects.toThrow("isn't open");
    await stripe.invoices.finalizeInvoice(id);
    expect(await stripe.invoices.markUncollectible(id)).toMatchObject({ status: 'uncollectible', status_transitions: { marked_uncollectible_at: DECEMBER } });
    expect(await stripe.invoices.voidInvoice(id)).toMatchObject({ status: 'void', total: 297, status_transitions: { voided_at: DECEMBER } });
    await expect(stripe.invoices.pay(id, { paid_out_of_band: true })).rejects.toThrow('void');
  });
});
