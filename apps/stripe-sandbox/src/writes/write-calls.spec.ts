import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { SandboxHarness } from '../testing/sandbox-harness.js';
import type { Fault } from './faults.js';

describe('idempotency, limits and faults, through the SDK', () => {
  let harness: SandboxHarness;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
  });
  afterEach(() => harness.dispose());

  const listFaults = async () => (await harness.control<{ data: Fault[] }>('GET', 'faults')).data;

  /** Returns once the fault has been taken, that is, once its call is inside and holding what it holds. */
  const faultTaken = async (): Promise<void> => {
    while ((await listFaults()).length > 0) await turn();
  };

  it('replays the answer of a key and acts once', async () => {
    const { send, total } = await harness.seed();
    const first = await send('3', {}, { idempotencyKey: 'key-1' });
    const second = await send('3', {}, { idempotencyKey: 'key-1' });
    expect(second).toEqual(first);
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(second.lastResponse.idempotencyKey).toBe('key-1');
    expect(await total()).toBe(3);
  });

  it('refuses other parameters and another address under a used key', async () => {
    const { stripe, send } = await harness.seed();
    await send('3', {}, { idempotencyKey: 'key-1' });
    const refusal = { type: 'StripeIdempotencyError', statusCode: 400, rawType: 'idempotency_error' };
    await expect(send('4', {}, { idempotencyKey: 'key-1' })).rejects.toMatchObject(refusal);
    await expect(stripe.customers.create({ name: 'x' }, { idempotencyKey: 'key-1' })).rejects.toMatchObject(refusal);
  });

  it('keeps no answer for a refused call, and forgets keys after 24 hours', async () => {
    const { stripe, send, total } = await harness.seed();
    const params = { display_name: 'B', event_name: 'b', default_aggregation: { formula: 'sum' as const } };
    await expect(stripe.billing.meters.create({ ...params, event_name: '' }, { idempotencyKey: 'k' })).rejects.toMatchObject({ statusCode: 400 });
    await expect(stripe.billing.meters.create(params, { idempotencyKey: 'k' })).resolves.toMatchObject({ event_name: 'b' });

    const at = { timestamp: Math.floor(harness.clock.now().getTime() / 1_000) };
    await send('1', at, { idempotencyKey: 'day' });
    harness.clock.advance(86_399_000);
    await send('1', at, { idempotencyKey: 'day' });
    expect(await total()).toBe(1);
    harness.clock.advance(1_000);
    await send('1', at, { idempotencyKey: 'day' });
    expect(await total()).toBe(2);
  });

  it('answers 409 to a key whose call is under way', async () => {
    const { send } = await harness.seed();
    await harness.control('POST', 'faults', { delay_ms: 200 });
    const first = send('1', {}, { idempotencyKey: 'busy' });
    await faultTaken();
    await expect(send('1', {}, { idempotencyKey: 'busy' })).rejects.toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    await first;
  });

  it('answers 429, which the SDK does not retry, to a second call of one customer and meter, and not to others', async () => {
    const { customer, send, total } = await harness.seed();
    const stripe = harness.client({ maxNetworkRetries: 2 });
    const other = await stripe.customers.create();
    await harness.control('POST', 'faults', { path: '/v1/billing/meter_events', delay_ms: 200 });
    const first = send('1');
    await faultTaken();
    const create = (id: string) => stripe.billing.meterEvents.create({ event_name: 'outcomes', payload: { stripe_customer_id: id, value: '1' } });
    await expect(create(customer.id)).rejects.toMatchObject({
      type: 'StripeRateLimitError',
      statusCode: 429,
      code: 'rate_limit',
      headers: expect.not.objectContaining({ 'stripe-should-retry': expect.anything() }),
    });
    await expect(create(other.id)).resolves.toBeDefined();
    await first;
    await expect(create(customer.id)).resolves.toBeDefined();
    expect(await total()).toBe(2);
  });

  it('counts once what the SDK retries after a dropped answer', async () => {
    const { customer, total } = await harness.seed();
    await harness.control('POST', 'faults', { path: '/v1/billing/meter_events', drop_answer_after_acting: 1 });
    const event = await harness.client({ maxNetworkRetries: 1 }).billing.meterEvents.create({
      event_name: 'outcomes',
      payload: { stripe_customer_id: customer.id, value: '5' },
    });
    expect(event.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await total()).toBe(5);
  });

  it('leaves the caller without an answer when the retry is dropped too, though it has acted', async () => {
    const { send, total } = await harness.seed();
    // The SDK retries a closed connection once, even without retries.
    await harness.control('POST', 'faults', { drop_answer_after_acting: true, count: 2 });
    await expect(send('5', { identifier: 'a' }, { idempotencyKey: 'a' })).rejects.toMatchObject({ type: 'StripeConnectionError' });
    expect(await total()).toBe(5);
    await expect(send('5', { identifier: 'a' }, { idempotencyKey: 'a' })).resolves.toMatchObject({ identifier: 'a' });
    expect(await total()).toBe(5);
  });

  it('fails on demand without acting, as often as asked', async () => {
    const { send, total } = await harness.seed();
    await harness.control('POST', 'faults', { fail_with: 500, count: 2 });
    await harness.control('POST', 'faults', { fail_with: 429 });
    expect(await listFaults()).toMatchObject([{ fail_with: 500, remaining: 2 }, { fail_with: 429, remaining: 1 }]);
    await expect(send('1', {}, { idempotencyKey: 'k' })).rejects.toMatchObject({ type: 'StripeAPIError', statusCode: 500 });
    await expect(send('1', {}, { idempotencyKey: 'k' })).rejects.toMatchObject({ statusCode: 500 });
    await expect(send('1', {}, { idempotencyKey: 'k' })).rejects.toMatchObject({ statusCode: 429 });
    expect(await total()).toBe(0);
    await send('1', {}, { idempotencyKey: 'k' });
    expect(await total()).toBe(1);

    await harness.control('POST', 'faults', { fail_with: 500, path: '/v1/customers' });
    await send('1');
    expect(await harness.control('DELETE', 'faults')).toEqual({ object: 'list', data: [] });
    await expect(harness.client().customers.create()).resolves.toBeDefined();
    expect(await harness.control('POST', 'faults', { fail_with: 418 })).toMatchObject({ error: { type: 'invalid_request_error', param: 'fail_with' } });
  });
});
