import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Stripe from 'stripe';
import { NOW, SandboxHarness } from '../testing/sandbox-harness.js';

const at = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 1_000;

describe('invoice preview, through the SDK', () => {
  let harness: SandboxHarness;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
  });
  afterEach(() => harness.dispose());

  it('bills the meter value of the current period at the unit amount', async () => {
    const { stripe, customer, subscription, price, product, send } = await harness.seed({ unitAmountDecimal: '99' });
    await send('1', { timestamp: at('2026-10-31') + 86_399 });
    await send('2', { timestamp: at('2026-11-01') });
    await send('3');
    const invoice = await stripe.invoices.createPreview({ subscription: subscription.id });
    expect(invoice).toMatchObject({
      object: 'invoice',
      status: 'draft',
      livemode: false,
      currency: 'usd',
      customer: customer.id,
      period_start: at('2026-11-01'),
      period_end: at('2026-12-01'),
      subtotal: 495,
      total: 495,
      amount_due: 495,
    });
    const [line] = invoice.lines.data;
    expect(line).toMatchObject({ amount: 495, quantity: 5, pricing: { price_details: { price: price.id, product: product.id } } });
    expect(line?.quantity_decimal?.toString()).toBe('5');
    expect(line?.parent?.subscription_item_details?.subscription_item).toBe(subscription.items.data[0]?.id);
    expect((await stripe.invoices.createPreview({ customer: customer.id })).lines.data[0]?.amount).toBe(495);
  });

  it('multiplies exactly and rounds each line to the cent', async () => {
    const { stripe, subscription, send } = await harness.seed({ unitAmountDecimal: '0.05' });
    for (let sent = 0; sent < 3; sent += 1) await send('9.9');
    await send('0.3');
    const [line] = (await stripe.invoices.createPreview({ subscription: subscription.id })).lines.data;
    // 30 x 0.05 = 1.5 cents, Stripe's own example.
    expect(line?.quantity_decimal?.toString()).toBe('30');
    expect(line?.amount).toBe(2);
    expect(line?.pricing?.unit_amount_decimal?.toString()).toBe('0.05');
  });

  it('bills nothing for a period below zero, and starts a new period at the boundary', async () => {
    const { stripe, subscription, send } = await harness.seed();
    await send('-4');
    expect((await stripe.invoices.createPreview({ subscription: subscription.id })).total).toBe(0);
    await send('6');
    expect((await stripe.invoices.createPreview({ subscription: subscription.id })).total).toBe(198);
    harness.clock.advance((at('2026-12-01') - NOW) * 1_000);
    expect(await stripe.invoices.createPreview({ subscription: subscription.id })).toMatchObject({ total: 0, period_start: at('2026-12-01') });
    const [item] = (await stripe.subscriptions.retrieve(subscription.id)).items.data;
    expect(item).toMatchObject({ current_period_start: at('2026-12-01'), current_period_end: at('2027-01-01') });
  });

  it('has one line an item, added up after rounding', async () => {
    const { stripe, product, meter, customer, send } = await harness.seed();
    const recurring = { interval: 'month' as const, meter: meter.id, usage_type: 'metered' as const };
    const make = (amount: string) =>
      stripe.prices.create({ product: product.id, currency: 'usd', recurring, unit_amount_decimal: Stripe.Decimal.from(amount) });
    const prices = [await make('0.5'), await make('0.6')];
    const subscription = await stripe.subscriptions.create({
      customer: customer.id,
      items: prices.map(({ id }) => ({ price: id })),
      billing_cycle_anchor: at('2026-12-01'),
    });
    await send('1', { timestamp: NOW + 1 });
    const invoice = await stripe.invoices.createPreview({ subscription: subscription.id });
    expect(invoice.lines.data.map(({ amount }) => amount)).toEqual([1, 1]);
    expect(invoice).toMatchObject({ total: 2, period_start: NOW, period_end: at('2026-12-01') });
  });

  it('says what is missing', async () => {
    const { stripe, subscription, product, meter } = await harness.seed();
    const lonely = await stripe.customers.create();
    await expect(stripe.invoices.createPreview({ customer: lonely.id })).rejects.toMatchObject({ statusCode: 404, code: 'invoice_upcoming_none' });
    await expect(stripe.invoices.createPreview({ customer: lonely.id, subscription: subscription.id })).rejects.toMatchObject({ param: 'customer' });
    await expect(stripe.invoices.createPreview({})).rejects.toMatchObject({ code: 'parameter_missing' });
    await expect(stripe.subscriptions.create({ customer: lonely.id, items: [{ price: 'price_x' }] })).rejects.toMatchObject({ param: 'items[0][price]' });

    const price = (more: object) =>
      stripe.prices.create({ product: product.id, currency: 'usd', recurring: { interval: 'month', meter: meter.id, usage_type: 'metered' }, ...more });
    await expect(price({})).rejects.toMatchObject({ param: 'unit_amount_decimal' });
    expect(await price({ unit_amount: 5 })).toMatchObject({ unit_amount: 5 });
    expect((await price({ unit_amount_decimal: '0.000000000001' })).unit_amount).toBeNull();
    await stripe.billing.meters.deactivate(meter.id);
    await expect(price({ unit_amount: 5 })).rejects.toMatchObject({ param: 'recurring[meter]' });
  });
});
