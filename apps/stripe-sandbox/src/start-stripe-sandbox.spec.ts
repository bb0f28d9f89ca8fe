import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStripeSandbox } from './start-stripe-sandbox.js';
import { SandboxHarness } from './testing/sandbox-harness.js';

describe('startStripeSandbox', () => {
  let harness: SandboxHarness;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
  });
  afterEach(() => harness.dispose());

  it('restores everything after a restart', async () => {
    const before = await harness.seed();
    const sent = await before.send('2', { identifier: 'a' }, { idempotencyKey: 'key-1' });
    await before.send('3', { identifier: 'b' });
    await before.send('bad', { identifier: 'c' });
    await before.stripe.billing.meterEventAdjustments.create({ type: 'cancel', event_name: 'outcomes', cancel: { identifier: 'b' } });
    await harness.restart();

    const stripe = harness.client();
    const meter = await stripe.billing.meters.retrieve(before.meter.id);
    expect(meter).toEqual(before.meter);
    expect(await stripe.customers.retrieve(before.customer.id)).toEqual(before.customer);
    expect(await stripe.products.retrieve(before.product.id)).toEqual(before.product);
    expect(await stripe.prices.retrieve(before.price.id)).toEqual(before.price);
    expect(await stripe.subscriptions.retrieve(before.subscription.id)).toEqual(before.subscription);
    expect(await before.total()).toBe(2);
    expect(await harness.control('GET', 'error_reports')).toMatchObject({ data: [{ reason: { error_count: 1 } }] });

    const payload = { stripe_customer_id: before.customer.id, value: '2' };
    const replayed = await stripe.billing.meterEvents.create({ event_name: 'outcomes', payload, identifier: 'a' }, { idempotencyKey: 'key-1' });
    expect(replayed).toEqual(sent);
    expect(replayed.lastResponse.headers['idempotent-replayed']).toBe('true');
    await expect(stripe.billing.meterEvents.create({ event_name: 'outcomes', payload, identifier: 'a' })).rejects.toThrow('already exists');
  });

  it('starts after a crash in the middle of a write', async () => {
    const { send, total } = await harness.seed();
    await send('2');
    await harness.stop();
    await appendFile(join(harness.directory, 'journal.jsonl'), '{"changes":[{"kind":"meter_ev');
    await harness.restart();
    expect(await total()).toBe(2);
    await harness.restart();
    expect(await total()).toBe(2);
  });

  it('refuses a second sandbox on its directory, and a port in use', async () => {
    await expect(startStripeSandbox({ port: 0, directory: harness.directory })).rejects.toMatchObject({ name: 'DomainError', code: 'data_directory_in_use', message: expect.stringContaining('--directory') });

    const directory = await mkdtemp(join(tmpdir(), 'stripe-sandbox-'));
    const start = (port: number) => startStripeSandbox({ port, directory });
    await expect(start(harness.sandbox.port)).rejects.toMatchObject({ name: 'DomainError', code: 'port_in_use' });
    // The failed start left no lock behind.
    await (await start(0)).close();
    await rm(directory, { recursive: true });
  });

  it('takes test keys only', async () => {
    await expect(harness.client({ apiKey: 'sk_live_secret' }).customers.list()).rejects.toMatchObject({
      type: 'StripeAuthenticationError',
      statusCode: 401,
      message: expect.not.stringContaining('secret'),
    });
    const keyless = await fetch(`${harness.sandbox.url}/v1/customers`);
    expect(keyless.status).toBe(401);
    expect(await keyless.json()).toMatchObject({ error: { type: 'invalid_request_error', message: expect.stringContaining('did not provide an API key') } });
  });

  it('limits calls a second over all endpoints', async () => {
    await harness.dispose();
    harness = await SandboxHarness.start({ callsPerSecondMax: 2 });
    const stripe = harness.client();
    await stripe.customers.create();
    await stripe.billing.meters.list();
    await expect(stripe.products.list()).rejects.toMatchObject({ type: 'StripeRateLimitError', headers: { 'stripe-rate-limited-reason': 'global-rate' } });
    harness.clock.advance(1_000);
    await expect(stripe.products.list()).resolves.toBeDefined();
  });

  it('lists with pages, newest first', async () => {
    const stripe = harness.client();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift((await stripe.customers.create({ name: `c${index}` })).id);
    const page = await stripe.customers.list({ limit: 2 });
    expect(page).toMatchObject({ object: 'list', url: '/v1/customers', has_more: true });
    expect((await stripe.customers.list({ limit: 2, starting_after: ids[3]! })).has_more).toBe(false);
    expect((await stripe.customers.list({ limit: 2 }).autoPagingToArray({ limit: 10 })).map(({ id }) => id)).toEqual(ids);
    await expect(stripe.customers.list({ limit: 101 })).rejects.toMatchObject({ param: 'limit' });
    await expect(stripe.customers.list({ starting_after: 'cus_x' })).rejects.toMatchObject({ code: 'resource_missing', param: 'starting_after' });
    await expect(stripe.customers.retrieve('cus_x')).rejects.toMatchObject({ statusCode: 404, code: 'resource_missing', message: "No such customer: 'cus_x'" });
  });

  it('answers in Stripe’s error shape whatever comes', async () => {
    const post = async (path: string, body: string, contentType = 'application/x-www-form-urlencoded'): Promise<unknown> => {
      const headers = { authorization: 'Bearer sk_test_x', 'content-type': contentType };
      const response = await fetch(`${harness.sandbox.url}${path}`, { method: 'POST', headers, body });
      return { status: response.status, ...((await response.json()) as object) };
    };
    const refusal = (status: number, message: string) => ({
      status,
      error: expect.objectContaining({ type: 'invalid_request_error', message: expect.stringContaining(message) }),
    });
    expect(await post('/v1/customers', '__proto__[polluted]=1')).toEqual(refusal(400, 'is not allowed'));
    expect(await post('/v1/customers', 'name=1&name=2')).toEqual(refusal(400, 'given twice'));
    expect(await post('/v1/customers', 'a'.repeat(1_100_000))).toEqual(refusal(413, 'too large'));
    expect(await post('/v1/customers', '<x/>', 'text/xml')).toEqual(refusal(415, 'Media Type'));
    expect(await post('/v1/nonsense', 'a=1')).toEqual(refusal(404, 'Unrecognized request URL (POST: /v1/nonsense)'));
  });

  it('says at its address that it is not Stripe', async () => {
    const response = await fetch(harness.sandbox.url);
    expect(response.headers.get('x-stripe-sandbox')).toContain('not Stripe');
    expect(await response.text()).toContain('<h1>This is not Stripe</h1>');
  });
});
