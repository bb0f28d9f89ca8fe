import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type Stripe from 'stripe';
import { NOW, SandboxHarness } from '../testing/sandbox-harness.js';

const HOUR = 3_600;
const MIDNIGHT = NOW - 10 * HOUR;

describe('event summaries, through the SDK', () => {
  let harness: SandboxHarness;
  let list: (range: Omit<Stripe.Billing.MeterListEventSummariesParams, 'customer'>) => Promise<{ data: Stripe.Billing.MeterEventSummary[]; has_more: boolean }>;
  let seeded: Awaited<ReturnType<SandboxHarness['seed']>>;

  beforeAll(async () => {
    harness = await SandboxHarness.start();
    seeded = await harness.seed();
    const { stripe, meter, customer, send } = seeded;
    list = (range) => stripe.billing.meters.listEventSummaries(meter.id, { customer: customer.id, ...range });
    await send('1', { timestamp: MIDNIGHT - 1 });
    await send('2', { timestamp: MIDNIGHT });
    await send('4', { timestamp: MIDNIGHT + HOUR });
    await send('8', { timestamp: MIDNIGHT + HOUR + 59 });
    await send('16', { timestamp: MIDNIGHT + 3 * HOUR });
  });
  afterAll(() => harness.dispose());

  it('takes the start and leaves the end', async () => {
    const value = async (start: number, end: number) => (await list({ start_time: start, end_time: end })).data[0]?.aggregated_value;
    expect(await value(MIDNIGHT, MIDNIGHT + HOUR)).toBe(2);
    expect(await value(MIDNIGHT - 60, MIDNIGHT + HOUR + 60)).toBe(15);
    expect(await value(MIDNIGHT + 60, MIDNIGHT + 120)).toBe(0);
  });

  it('groups by hour and by UTC day', async () => {
    const values = async (range: Parameters<typeof list>[0]) =>
      (await list(range)).data.map(({ start_time, end_time, aggregated_value }) => [start_time, end_time, aggregated_value]);
    expect(await values({ start_time: MIDNIGHT, end_time: MIDNIGHT + 4 * HOUR, value_grouping_window: 'hour' })).toEqual([
      [MIDNIGHT + 3 * HOUR, MIDNIGHT + 4 * HOUR, 16],
      [MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, 12],
      [MIDNIGHT, MIDNIGHT + HOUR, 2],
    ]);
    expect(await values({ start_time: MIDNIGHT - 24 * HOUR, end_time: MIDNIGHT + 24 * HOUR, value_grouping_window: 'day' })).toEqual([
      [MIDNIGHT, MIDNIGHT + 24 * HOUR, 30],
      [MIDNIGHT - 24 * HOUR, MIDNIGHT, 1],
    ]);
  });

  it('is paged by the SDK', async () => {
    const range = { start_time: MIDNIGHT, end_time: MIDNIGHT + 4 * HOUR, value_grouping_window: 'hour' as const, limit: 2 };
    expect((await list(range)).has_more).toBe(true);
    const { stripe, meter, customer } = seeded;
    const all = await stripe.billing.meters.listEventSummaries(meter.id, { customer: customer.id, ...range }).autoPagingToArray({ limit: 10 });
    expect(all.map((item) => item.aggregated_value)).toEqual([16, 12, 2]);
  });

  it.each([
    ['start_time', { start_time: MIDNIGHT + 1, end_time: MIDNIGHT + 60 }, 'minute'],
    ['end_time', { start_time: MIDNIGHT, end_time: MIDNIGHT + 61 }, 'minute'],
    ['start_time', { start_time: MIDNIGHT + 60, end_time: MIDNIGHT + HOUR, value_grouping_window: 'hour' as const }, 'hour'],
    ['end_time', { start_time: MIDNIGHT, end_time: MIDNIGHT + HOUR, value_grouping_window: 'day' as const }, 'day'],
    ['start_time', { start_time: MIDNIGHT, end_time: MIDNIGHT }, 'before end_time'],
  ])('refuses a %s that does not fit', async (param, range, reason) => {
    await expect(list(range)).rejects.toMatchObject({ statusCode: 400, param, message: expect.stringContaining(reason) });
  });

  it('refuses an unknown customer and an unknown meter', async () => {
    const range = { start_time: MIDNIGHT, end_time: MIDNIGHT + 60 };
    const { meters } = seeded.stripe.billing;
    await expect(meters.listEventSummaries(seeded.meter.id, { customer: 'cus_x', ...range })).rejects.toMatchObject({ statusCode: 400, param: 'customer' });
    await expect(meters.listEventSummaries('mtr_x', { customer: seeded.customer.id, ...range })).rejects.toMatchObject({ statusCode: 404 });
  });
});
