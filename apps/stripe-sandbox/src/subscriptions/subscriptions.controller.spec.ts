import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Stripe from 'stripe';
import { at, NOW, SandboxHarness } from '../testing/sandbox-harness.js';

const DECEMBER = at('2026-12-01');

describe('subscriptions, through the SDK', () => {
  let harness: SandboxHarness;
  let stripe: Stripe;
  let seeded: Awaited<ReturnType<SandboxHarness['seed']>>;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
    seeded = await harness.seed();
    stripe = seeded.stripe;
  });
  afterEach(() => harness.dispose());

  const price = (more: Partial<Stripe.PriceCreateParams> = {}, interval: 'month' | 'week' = 'month') =>
    stripe.prices.create({
      product: seeded.product.id,
      currency: 'usd',
      recurring: { interval, meter: seeded.meter.id, usage_type: 'metered' },
      unit_amount: 10,
      ...more,
    });

  it('bills an item that is added in the middle of a period from its start, and one taken away not at all', async () => {
    const { subscription, send } = seeded;
    await send('2', { timestamp: at('2026-11-02') });
    const second = await price();
    const updated = await stripe.subscriptions.update(subscription.id, { items: [{ price: second.id }], proration_behavior: 'none' });
    expect(updated.items.data.map((item) => item.price.id)).toEqual([seeded.price.id, second.id]);
    expect((await stripe.invoices.createPreview({ subscription: subscription.id })).lines.data.map(({ amount }) => amount)).toEqual([198, 20]);
    await stripe.subscriptions.update(subscription.id, { items: [{ id: subscription.items.data[0]!.id, deleted: true }] });
    harness.moveTo(DECEMBER);
    expect((await stripe.invoices.list()).data[0]?.lines.data.map(({ amount }) => amount)).toEqual([20]);
  });

  it('refuses items that do not go together', async () => {
    const { subscription } = seeded;
    const update = (items: Stripe.SubscriptionUpdateParams.Item[]) => stripe.subscriptions.update(subscription.id, { items });
    await expect(update([{ price: (await price({ currency: 'eur' })).id }])).rejects.toMatchObject({ param: 'items' });
    await expect(update([{ price: (await price({}, 'week')).id }])).rejects.toMatchObject({ param: 'items' });
    await expect(update([{ price: seeded.price.id }])).rejects.toMatchObject({ param: 'items[0][price]' });
    await expect(update([{ id: 'si_x', deleted: true }])).rejects.toMatchObject({ code: 'resource_missing', param: 'items[0][id]' });
    await expect(update([{ id: subscription.items.data[0]!.id, deleted: true }])).rejects.toMatchObject({ param: 'items' });
    expect(await stripe.subscriptions.retrieve(subscription.id)).toEqual(subscription);
  });

  it('merges metadata', async () => {
    const { id } = seeded.subscription;
    await stripe.subscriptions.update(id, { metadata: { a: '1', b: '2' } });
    expect((await stripe.subscriptions.update(id, { metadata: { a: '', c: '3' } })).metadata).toEqual({ b: '2', c: '3' });
  });

  it('is cancelled at the end of its period, with a last invoice', async () => {
    const { id } = seeded.subscription;
    await seeded.send('1');
    expect(await stripe.subscriptions.update(id, { cancel_at_period_end: true })).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
      cancel_at: DECEMBER,
      canceled_at: NOW,
    });
    harness.moveTo(at('2027-02-15'));
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'canceled', canceled_at: NOW, ended_at: DECEMBER });
    expect((await stripe.invoices.list()).data.map(({ total, period_end }) => [total, period_end])).toEqual([[99, DECEMBER]]);
  });

  it('is kept when the cancellation is taken back', async () => {
    const { id } = seeded.subscription;
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    expect(await stripe.subscriptions.update(id, { cancel_at_period_end: false })).toMatchObject({ cancel_at: null, canceled_at: null });
    harness.moveTo(DECEMBER);
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active');
  });

  it('is cancelled at once, and invoices what is open only when asked to', async () => {
    const { customer, subscription, send } = seeded;
    // Before the moment at which the period will end.
    await send('1', { timestamp: NOW - 60 });
    const other = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: seeded.price.id }], backdate_start_date: at('2026-11-01') });
    expect(await stripe.subscriptions.cancel(subscription.id)).toMatchObject({ status: 'canceled', canceled_at: NOW, ended_at: NOW });
    expect((await stripe.invoices.list()).data).toEqual([]);
    expect(await stripe.subscriptions.cancel(other.id, { invoice_now: true })).toMatchObject({ status: 'canceled' });
    const { data } = await stripe.invoices.list();
    expect(data).toMatchObject([{ status: 'draft', total: 99, period_start: at('2026-11-01'), period_end: NOW, billing_reason: 'subscription_update' }]);
    await expect(stripe.subscriptions.cancel(other.id)).rejects.toMatchObject({ statusCode: 400 });
    await expect(stripe.subscriptions.update(other.id, { cancel_at_period_end: true })).rejects.toMatchObject({ statusCode: 400 });
    await expect(stripe.invoices.createPreview({ customer: customer.id })).rejects.toMatchObject({ code: 'invoice_upcoming_none' });
    harness.moveTo(DECEMBER);
    expect((await stripe.invoices.list()).data).toHaveLength(1);
  });

  it('lists what is not cancelled unless a status is named', async () => {
    const { customer, subscription } = seeded;
    const second = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: seeded.price.id }] });
    await stripe.subscriptions.cancel(subscription.id);
    const ids = async (params: Stripe.SubscriptionListParams) => (await stripe.subscriptions.list(params)).data.map(({ id }) => id);
    expect(await ids({})).toEqual([second.id]);
    expect(await ids({ status: 'active' })).toEqual([second.id]);
    expect(await ids({ status: 'canceled' })).toEqual([subscription.id]);
    expect(await ids({ status: 'all', customer: customer.id })).toEqual([second.id, subscription.id]);
    expect(await ids({ status: 'past_due' })).toEqual([]);
  });

  it('is sent by invoice with a due date', async () => {
    const create = (more: Partial<Stripe.SubscriptionCreateParams>) =>
      stripe.subscriptions.create({ customer: seeded.customer.id, items: [{ price: seeded.price.id }], backdate_start_date: at('2026-11-01'), ...more });
    await expect(create({ collection_method: 'send_invoice' })).rejects.toMatchObject({ param: 'days_until_due' });
    const subscription = await create({ collection_method: 'send_invoice', days_until_due: 30, proration_behavior: 'none' });
    expect(subscription).toMatchObject({ collection_method: 'send_invoice', days_until_due: 30 });
    harness.moveTo(DECEMBER);
    expect((await stripe.invoices.list({ subscription: subscription.id })).data).toMatchObject([{ collection_method: 'send_invoice', due_date: at('2026-12-31') }]);
  });
});
