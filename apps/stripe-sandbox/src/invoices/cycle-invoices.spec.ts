import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { at, SandboxHarness } from '../testing/sandbox-harness.js';

const HOUR = 3_600;
const DECEMBER = at('2026-12-01');

describe('invoices as time passes, through the SDK', () => {
  let harness: SandboxHarness;
  let seeded: Awaited<ReturnType<SandboxHarness['seed']>>;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
    seeded = await harness.seed();
  });
  afterEach(() => harness.dispose());

  const list = async () => (await harness.client().invoices.list({ customer: seeded.customer.id })).data;

  it('makes a draft when a period ends, and none a second before', async () => {
    const { customer, subscription, price, send } = seeded;
    await send('3', { timestamp: at('2026-11-01') });
    harness.moveTo(DECEMBER - 1);
    expect(await list()).toEqual([]);
    harness.moveTo(DECEMBER);
    const [invoice, ...others] = await list();
    expect(others).toEqual([]);
    expect(invoice).toMatchObject({
      object: 'invoice',
      status: 'draft',
      billing_reason: 'subscription_cycle',
      auto_advance: true,
      automatically_finalizes_at: DECEMBER + HOUR,
      created: DECEMBER,
      currency: 'usd',
      customer: customer.id,
      number: null,
      period_start: at('2026-11-01'),
      period_end: DECEMBER,
      parent: { type: 'subscription_details', subscription_details: { subscription: subscription.id } },
      total: 297,
      subtotal: 297,
      amount_due: 297,
      amount_paid: 0,
      amount_remaining: 297,
      status_transitions: { finalized_at: null, paid_at: null, voided_at: null, marked_uncollectible_at: null },
      livemode: false,
    });
    expect(invoice?.id).toMatch(/^in_sandbox_/);
    expect(invoice?.lines).toMatchObject({
      has_more: false,
      data: [{ amount: 297, invoice: invoice?.id, period: { start: at('2026-11-01'), end: DECEMBER }, pricing: { price_details: { price: price.id } } }],
    });
    expect(await harness.client().subscriptions.retrieve(subscription.id)).toMatchObject({ latest_invoice: invoice?.id });
  });

  it('bills what arrives while it is a draft, and what arrives later nowhere', async () => {
    const { stripe, send, subscription } = seeded;
    const november = { timestamp: DECEMBER - 1 };
    harness.moveTo(DECEMBER - 1);
    await send('1', november);
    harness.moveTo(DECEMBER + HOUR - 1);
    await send('2', november);
    expect((await list())[0]).toMatchObject({ status: 'draft', total: 297 });
    harness.moveTo(DECEMBER + HOUR);
    await send('4', november);
    const [final] = await list();
    expect(final).toMatchObject({ status: 'open', total: 297, auto_advance: true, automatically_finalizes_at: null });
    expect(final?.status_transitions.finalized_at).toBe(DECEMBER + HOUR);
    expect(final?.number).toMatch(/^SANDBOX[0-9A-F]{8}-0001$/);
    expect((await stripe.invoices.createPreview({ subscription: subscription.id })).total).toBe(0);
    await send('5');
    harness.moveTo(at('2027-01-01') + HOUR);
    expect((await list()).map(({ total, number }) => [total, number?.slice(-4)])).toEqual([[495, '0002'], [297, '0001']]);
  });

  it('decides by the time of the usage and not of its receipt', async () => {
    const { send } = seeded;
    harness.moveTo(DECEMBER + 60);
    await send('1', { timestamp: DECEMBER - 1 });
    await send('2', { timestamp: DECEMBER });
    expect((await list())[0]?.total).toBe(99);
  });

  it('pays at once what has a total of nothing', async () => {
    harness.moveTo(DECEMBER + HOUR);
    expect((await list())[0]).toMatchObject({ status: 'paid', total: 0, amount_remaining: 0, status_transitions: { finalized_at: DECEMBER + HOUR, paid_at: DECEMBER + HOUR } });
  });

  it('carries out what fell due while nobody looked, in order and as at its own time', async () => {
    harness.moveTo(at('2027-03-10'));
    const invoices = await list();
    expect(invoices.map(({ created, period_start, status_transitions }) => [created, period_start, status_transitions.finalized_at])).toEqual([
      [at('2027-03-01'), at('2027-02-01'), at('2027-03-01') + HOUR],
      [at('2027-02-01'), at('2027-01-01'), at('2027-02-01') + HOUR],
      [at('2027-01-01'), DECEMBER, at('2027-01-01') + HOUR],
      [DECEMBER, at('2026-11-01'), DECEMBER + HOUR],
    ]);
  });

  it('keeps a draft whose auto_advance is off, and finalises it when it is told to', async () => {
    const { stripe, send } = seeded;
    await send('1');
    harness.moveTo(DECEMBER);
    const [draft] = await list();
    expect(await stripe.invoices.update(draft!.id, { auto_advance: false })).toMatchObject({ auto_advance: false, automatically_finalizes_at: null });
    harness.moveTo(at('2026-12-15'));
    expect((await list())[0]).toMatchObject({ status: 'draft' });
    await send('2', { timestamp: DECEMBER - 1 });
    expect(await stripe.invoices.finalizeInvoice(draft!.id, { auto_advance: true })).toMatchObject({ status: 'open', total: 297, auto_advance: true });
  });

  it('finalises a draft whose auto_advance comes back no earlier than that', async () => {
    const { stripe, send } = seeded;
    await send('1');
    harness.moveTo(DECEMBER);
    const [draft] = await list();
    await stripe.invoices.update(draft!.id, { auto_advance: false });
    harness.moveTo(at('2026-12-15'));
    await stripe.invoices.update(draft!.id, { auto_advance: true });
    expect((await list())[0]).toMatchObject({ status: 'open', status_transitions: { finalized_at: at('2026-12-15') } });
  });

  it('has the drafts, numbers and frozen lines after a restart, and goes on', async () => {
    const { send } = seeded;
    await send('1');
    harness.moveTo(DECEMBER);
    const drafts = await list();
    await harness.restart();
    expect(await list()).toEqual(drafts);
    harness.moveTo(DECEMBER + HOUR);
    const finals = await list();
    await harness.restart();
    expect(await list()).toEqual(finals);
    await harness.stop();
    harness.moveTo(at('2027-01-01'));
    await harness.restart();
    expect((await list()).map(({ id, status }) => [id === finals[0]?.id, status])).toEqual([[false, 'draft'], [true, 'open']]);
  });

  it('takes the grace that it was given', async () => {
    await harness.dispose();
    harness = await SandboxHarness.start({ behaviour: { finalizationGraceSeconds: 72 * HOUR } });
    seeded = await harness.seed();
    harness.moveTo(DECEMBER + 72 * HOUR - 1);
    expect((await list())[0]).toMatchObject({ status: 'draft', automatically_finalizes_at: DECEMBER + 72 * HOUR });
    harness.moveTo(DECEMBER + 72 * HOUR);
    expect((await list())[0]).toMatchObject({ status: 'paid' });
  });

  it('carries out what is due by itself, on a timer', async () => {
    await harness.dispose();
    harness = await SandboxHarness.start({ tickIntervalMs: 5 });
    seeded = await harness.seed();
    harness.moveTo(DECEMBER);
    // The page at / carries nothing out.
    const page = async (): Promise<string> => (await fetch(harness.sandbox.url)).text();
    while (!(await page()).includes('<th scope="row">invoices</th><td>1</td>')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await list()).toHaveLength(1);
  });

  it('makes one first invoice of backdated time, to the end of the period it was made in', async () => {
    const { stripe, price, send } = seeded;
    const lonely = await stripe.customers.create();
    const payload = { stripe_customer_id: lonely.id, value: '1' };
    await send('1', { payload, timestamp: at('2026-10-20') });
    await send('1', { payload, timestamp: at('2026-11-02') });
    await stripe.subscriptions.create({
      customer: lonely.id,
      items: [{ price: price.id }],
      backdate_start_date: at('2026-10-15'),
      billing_cycle_anchor: DECEMBER,
    });
    harness.moveTo(DECEMBER);
    const { data } = await stripe.invoices.list({ customer: lonely.id });
    expect(data.map(({ period_start, period_end, total }) => [period_start, period_end, total])).toEqual([[at('2026-10-15'), DECEMBER, 198]]);
  });
});
