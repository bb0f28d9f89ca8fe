import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NOW, SandboxHarness } from '../testing/sandbox-harness.js';
import type { ErrorReport } from './error-reports.js';

const DAY = 86_400;

describe('meters and meter events, through the SDK', () => {
  let harness: SandboxHarness;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
  });
  afterEach(() => harness.dispose());

  it('gives a meter Stripe’s defaults and says that it is not Stripe', async () => {
    const { stripe, meter } = await harness.seed();
    expect(meter).toMatchObject({
      object: 'billing.meter',
      event_name: 'outcomes',
      status: 'active',
      livemode: false,
      created: NOW,
      customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
      value_settings: { event_payload_key: 'value' },
    });
    expect(meter.id).toMatch(/^mtr_sandbox_/);
    expect(meter.lastResponse.headers['x-stripe-sandbox']).toContain('not Stripe');
    expect(meter.lastResponse.requestId).toMatch(/^req_sandbox_/);
    expect(meter.lastResponse.apiVersion).toBe('2026-10-28.endive');
    expect(await stripe.billing.meters.retrieve(meter.id)).toEqual(meter);
    expect((await stripe.billing.meters.list({ status: 'active' })).data).toEqual([meter]);
  });

  it('has one active meter for an event name', async () => {
    const { stripe, meter } = await harness.seed();
    const again = { display_name: 'Again', event_name: 'outcomes', default_aggregation: { formula: 'count' as const } };
    await expect(stripe.billing.meters.create(again)).rejects.toMatchObject({ statusCode: 400, param: 'event_name' });
    expect(await stripe.billing.meters.deactivate(meter.id)).toMatchObject({ status: 'inactive', status_transitions: { deactivated_at: NOW } });
    const second = await stripe.billing.meters.create(again);
    expect((await stripe.billing.meters.list()).data.map(({ id }) => id)).toEqual([second.id, meter.id]);
    await expect(stripe.billing.meters.create({ ...again, event_name: 'x'.repeat(101) })).rejects.toMatchObject({ param: 'event_name' });
  });

  it('accepts an event and shows it in the summary', async () => {
    const { stripe, meter, customer, send } = await harness.seed();
    const event = await send('2.5', { identifier: 'dec_1', timestamp: NOW - 60 });
    expect(event).toEqual({
      object: 'billing.meter_event',
      created: NOW,
      event_name: 'outcomes',
      identifier: 'dec_1',
      livemode: false,
      payload: { stripe_customer_id: customer.id, value: '2.5' },
      timestamp: NOW - 60,
    });
    expect((await send('1')).identifier).toMatch(/^evt_sandbox_/);

    const { data } = await stripe.billing.meters.listEventSummaries(meter.id, { customer: customer.id, start_time: NOW - 60, end_time: NOW });
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ aggregated_value: 2.5, start_time: NOW - 60, end_time: NOW, meter: meter.id, livemode: false });
  });

  it('adds decimals exactly', async () => {
    const { send, total } = await harness.seed();
    // As doubles, ten times 0.1 is 0.9999999999999999, and 0.000000000001 is lost beside 10^6.
    for (let sent = 0; sent < 10; sent += 1) await send('0.1');
    expect(await total()).toBe(1);
    await send('9007199254740993');
    await send('-9007199254740992');
    expect(await total()).toBe(2);
  });

  it('refuses an identifier for 24 hours from its receipt, and then takes it again', async () => {
    const { send } = await harness.seed();
    await send('1', { identifier: 'dec_1' });
    harness.clock.advance((DAY - 1) * 1_000);
    const refusal = { type: 'StripeInvalidRequestError', statusCode: 400, message: 'An event already exists with identifier dec_1.', code: undefined };
    await expect(send('1', { identifier: 'dec_1' })).rejects.toMatchObject({ ...refusal, headers: { 'stripe-should-retry': 'false' } });
    harness.clock.advance(1_000);
    await expect(send('1', { identifier: 'dec_1' })).resolves.toMatchObject({ identifier: 'dec_1' });
  });

  it('lets one of many concurrent events with one identifier through', async () => {
    const { stripe, customer, total } = await harness.seed();
    const other = await stripe.customers.create();
    const results = await Promise.allSettled(
      [customer, other, customer, other].map(({ id }) =>
        stripe.billing.meterEvents.create({ event_name: 'outcomes', identifier: 'one', payload: { stripe_customer_id: id, value: '1' } }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await total()).toBeLessThanOrEqual(1);
  });

  it('takes timestamps from 35 days ago to 5 minutes ahead', async () => {
    const { send } = await harness.seed();
    await send('1', { timestamp: NOW - 35 * DAY });
    await send('1', { timestamp: NOW + 300 });
    await expect(send('1', { timestamp: NOW - 35 * DAY - 1 })).rejects.toMatchObject({ statusCode: 400, code: 'timestamp_too_far_in_past' });
    await expect(send('1', { timestamp: NOW + 301 })).rejects.toMatchObject({ statusCode: 400, code: 'timestamp_in_future' });
  });

  it('refuses malformed events by parameter', async () => {
    const { send } = await harness.seed();
    await expect(send('1', { event_name: 'unknown' })).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining('No active meter found') });
    await expect(send('1', { identifier: 'x'.repeat(101) })).rejects.toMatchObject({ statusCode: 400, param: 'identifier' });
    await expect(send('1', { timestamp: 1.5 })).rejects.toMatchObject({ code: 'parameter_invalid_integer', param: 'timestamp' });
    await expect(send('1', { payload: { nested: { value: '1' } } as never })).rejects.toMatchObject({ param: 'payload[nested]' });
    await expect(send('1', { unheard_of: '1' } as never)).rejects.toMatchObject({ code: 'parameter_unknown', param: 'unheard_of' });
    await expect(send('1', { payload: undefined as never })).rejects.toMatchObject({ code: 'parameter_missing', param: 'payload' });
  });

  it('answers 200 to an event it will not bill, and reports it', async () => {
    const { customer, meter, send, total } = await harness.seed();
    await send('1', { payload: { stripe_customer_id: 'cus_unknown', value: '1' }, identifier: 'a' });
    await send('one', { identifier: 'b' });
    await send('1e3', { identifier: 'c' });
    await send('1', { payload: { stripe_customer_id: customer.id }, identifier: 'd' });
    await send('1', { payload: { value: '1' }, identifier: 'e' });
    await send('0.0000000000001', { identifier: 'f' });
    await send('4', { identifier: 'g' });
    expect(await total()).toBe(4);

    const { data } = await harness.control<{ data: ErrorReport[] }>('GET', 'error_reports');
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ meter: meter.id, event_name: 'outcomes', reason: { error_count: 6 } });
    const samples = data[0]!.reason.error_types.map((type) => [type.code, type.sample_errors.map(({ request }) => request.identifier)]);
    expect(Object.fromEntries(samples)).toEqual({
      meter_event_customer_not_found: ['a'],
      meter_event_invalid_value: ['b', 'c', 'd'],
      meter_event_no_customer_defined: ['e'],
      meter_event_value_too_many_digits: ['f'],
    });
  });

  it('cancels an event within 24 hours of its receipt', async () => {
    const { stripe, send, total } = await harness.seed();
    await send('1', { identifier: 'keep' });
    await send('2', { identifier: 'cancel' });
    const cancel = (identifier: string, eventName = 'outcomes') =>
      stripe.billing.meterEventAdjustments.create({ type: 'cancel', event_name: eventName, cancel: { identifier } });
    expect(await cancel('cancel')).toMatchObject({ object: 'billing.meter_event_adjustment', cancel: { identifier: 'cancel' }, type: 'cancel' });
    expect(await total()).toBe(1);
    await expect(send('2', { identifier: 'cancel' })).rejects.toThrow('already exists');
    await expect(cancel('never')).rejects.toMatchObject({ code: 'resource_missing' });
    await expect(cancel('keep', 'other')).rejects.toMatchObject({ code: 'resource_missing' });
    harness.clock.advance(DAY * 1_000);
    await expect(cancel('keep')).rejects.toThrow('more than 24 hours ago');
    expect(await total()).toBe(1);
  });

  it('counts events, or takes the last, as the meter says', async () => {
    const counted = await harness.seed({ formula: 'count' });
    await counted.send('70');
    await counted.send('no number');
    expect(await counted.total()).toBe(2);

    await counted.stripe.billing.meters.deactivate(counted.meter.id);
    const last = await harness.seed({ formula: 'last' });
    await last.send('5', { timestamp: NOW - 10 });
    await last.send('7', { timestamp: NOW - 20 });
    expect(await last.total()).toBe(5);
  });
});
