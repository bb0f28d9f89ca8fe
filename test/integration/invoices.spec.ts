import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Stripe from 'stripe';
import { InvoiceService, InvoiceStore, ProvisioningService, StripeCatalogue, StripeGateway, StripeInvoices, stripeSettings, type StripeSettings } from '#billing';
import { createLogger, ManualClock } from '#platform';
import { startStripeSandbox, type StripeSandbox } from '../../apps/stripe-sandbox/src/start-stripe-sandbox.js';
import { billingServices } from '../support/billing-services.js';
import { DecidedOutcomes } from '../support/decided-outcomes.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const HOUR = 3_600_000;
const UNIT = 1_000_000n;
const CONTRACT = `contract: support
version: 1
customer: { id: northwind, name: Northwind }
agents: [support]
currency: USD
time_zone: Europe/Berlin
quiet_window: 1h
minimum: 5
policies:
  - { outcome: resolved, title: Case resolved, when: 'true', grade: judged, price: 0.995 }
`;

let stores: TestStores;
let sandbox: StripeSandbox;
let stripe: Stripe;
let clock: ManualClock;
let settings: StripeSettings;
let organizationId: string;
let count = 0;

beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());
beforeEach(async () => {
  clock = new ManualClock('2026-11-10T12:00:00Z');
  organizationId = `org${(count += 1)}`;
  sandbox = await startStripeSandbox({ port: 0, directory: join(stores.config.DATA_DIR, `stripe-${count}`), clock, tickIntervalMs: 0 });
  settings = stripeSettings({ ...stores.config, STRIPE_API_URL: sandbox.url });
  stripe = new Stripe('sk_test_looker', { host: '127.0.0.1', port: sandbox.port, protocol: 'http', telemetry: false });
  await stores.postgres.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt: clock.now() }).execute();
});
afterEach(() => sandbox.close());

async function started() {
  const billing = billingServices(stores.postgres, clock, new StripeGateway(settings));
  const catalogue = new StripeCatalogue(settings);
  const store = new InvoiceStore(stores.postgres);
  await billing.contracts.apply(organizationId, CONTRACT, 'support.yaml');
  await billing.contracts.activate(organizationId, 'support', 1);
  const decided = new DecidedOutcomes(stores.postgres, clock, billing.booking, organizationId, 'Europe/Berlin');
  return {
    ...billing,
    catalogue,
    store,
    provisioning: new ProvisioningService(billing.contracts, billing.directory, catalogue, clock),
    invoices: new InvoiceService(store, billing.directory, new StripeInvoices(settings), clock, createLogger('silent', 'test')),
    decide: (...ids: string[]) => decided.decide(...ids.map((conversationId) => ({ conversationId, price: { kind: 'flat' as const, unitMicros: 995_000n }, amountMicros: 995_000n }))),
  };
}

/** November is over and locked, and everything is told. */
async function closeNovember({ closing, delivery }: Awaited<ReturnType<typeof started>>) {
  clock.advance(Date.parse('2026-11-30T23:30:00Z') - clock.now().getTime());
  expect(await closing.closeDue(organizationId)).toMatchObject([{ result: { kind: 'locked' } }]);
  await delivery.deliverDue(organizationId);
}

describe('what contracts need at Stripe', () => {
  it('is made once, also by a second run, and after one that died on the way', async () => {
    const { provisioning, catalogue } = await started();
    const before = await provisioning.plan(organizationId);
    expect(before.objects.every(({ action }) => action === 'create')).toBe(true);
    const ensurePrice = catalogue.ensurePrice.bind(catalogue);
    let prices = 0;
    // The second price is made, and nobody remembers it.
    catalogue.ensurePrice = async (...given) => {
      const id = await ensurePrice(...given);
      if ((prices += 1) === 2) throw new Error('killed');
      return id;
    };
    await expect(provisioning.apply(organizationId, before.sha256)).rejects.toThrow('killed');
    catalogue.ensurePrice = ensurePrice;
    await expect(provisioning.apply(organizationId, before.sha256)).rejects.toMatchObject({ code: 'plan_changed' });
    const after = await provisioning.apply(organizationId);
    expect(after.objects.every(({ action }) => action === 'keep')).toBe(true);
    expect(await provisioning.apply(organizationId)).toEqual(after);
    expect([(await stripe.prices.list()).data.length, (await stripe.products.list()).data.length, (await stripe.subscriptions.list()).data.length]).toEqual([2, 2, 1]);
    const [subscription] = (await stripe.subscriptions.list()).data;
    // By the calendar of Berlin.
    expect([subscription?.items.data.length, subscription?.start_date, subscription?.billing_cycle_anchor]).toEqual([2, Date.parse('2026-10-31T23:00:00Z') / 1000, Date.parse('2026-11-30T23:00:00Z') / 1000]);
  });
});

describe("a draft of Stripe's", () => {
  it('is held, and made final when every line is what its meter was told, to the cent', async () => {
    const all = await started();
    await all.provisioning.apply(organizationId);
    await all.decide('a', 'b', 'c');
    clock.advance(Date.parse('2026-11-30T23:05:00Z') - clock.now().getTime());
    await all.invoices.discover(organizationId);
    expect(await all.store.list(organizationId)).toMatchObject([{ status: 'draft', heldAt: clock.now(), customerId: 'northwind', currency: 'USD' }]);
    expect(await all.invoices.settleDrafts(organizationId)).toMatchObject([{ verdict: { kind: 'waits', reason: 'period_not_locked' } }]);
    await closeNovember(all);
    expect(await all.invoices.settleDrafts(organizationId)).toMatchObject([{ verdict: { kind: 'finalized' } }]);
    const statement = await all.statements.read(organizationId, 'northwind', '2026-11');
    const [invoice] = (await stripe.invoices.list()).data;
    expect([invoice?.status, invoice?.total, invoice?.lines.data.map(({ amount }) => amount)]).toEqual(['open', 500, expect.arrayContaining([298, 202])]);
    // 3 x 0.995 = 2.985, half to even; and what is missing to 5.
    expect(statement.lines.map(({ amountMinor }) => amountMinor)).toEqual([298n, 202n]);
    expect(await all.store.list(organizationId)).toMatchObject([{ status: 'open', totalMinor: 500n, differences: null }]);
    expect(await all.invoices.settleDrafts(organizationId)).toEqual([]);
  });

  it('stays a draft with what differs written down, when somebody else told its meter something', async () => {
    const all = await started();
    await all.provisioning.apply(organizationId);
    await all.decide('a');
    await all.delivery.deliverDue(organizationId);
    const customer = (await all.directory.find(organizationId, 'customer', 'northwind')) ?? '';
    await stripe.billing.meterEvents.create({ event_name: 'astrolabe_resolved_usd', payload: { stripe_customer_id: customer, value: '10000' } });
    await closeNovember(all);
    await all.invoices.discover(organizationId);
    // Stripe may be counting for an hour.
    expect(await all.invoices.settleDrafts(organizationId)).toMatchObject([{ verdict: { kind: 'waits', reason: 'not_all_counted' } }]);
    clock.advance(3 * HOUR);
    expect(await all.invoices.settleDrafts(organizationId)).toMatchObject([{ verdict: { kind: 'differs', differences: [{ eventName: 'astrolabe_resolved_usd', expectedMinor: 100n, stripeMinor: 101n }] } }]);
    expect(await all.store.list(organizationId)).toMatchObject([{ status: 'draft', differences: [{ expectedMinor: 100n, stripeMinor: 101n }] }]);
    clock.advance(48 * HOUR);
    expect((await stripe.invoices.list()).data).toMatchObject([{ status: 'draft' }]);
    // What was wrong is taken out, and it goes on.
    await stripe.billing.meterEvents.create({ event_name: 'astrolabe_resolved_usd', timestamp: Date.parse('2026-11-20T00:00:00Z') / 1000, payload: { stripe_customer_id: customer, value: '-10000' } });
    expect(await all.invoices.settleDrafts(organizationId)).toMatchObject([{ verdict: { kind: 'finalized' } }]);
  });

  it('waits for what is not told yet', async () => {
    const all = await started();
    await all.provisioning.apply(organizationId);
    await all.decide('a', 'b');
    clock.advance(Date.parse('2026-11-30T23:30:00Z') - clock.now().getTime());
    await all.closing.closeDue(organizationId);
    await all.invoices.discover(organizationId);
    expect(await all.invoices.settleDrafts(organizationId)).toMatchObject([{ verdict: { kind: 'waits', reason: 'not_all_told' } }]);
    await all.delivery.deliverDue(organizationId);
    expect(await all.invoices.settleDrafts(organizationId)).toMatchObject([{ verdict: { kind: 'finalized' } }]);
    expect((await stripe.invoices.list()).data).toMatchObject([{ total: Number(5n * UNIT) / 10_000 }]);
  });
});
