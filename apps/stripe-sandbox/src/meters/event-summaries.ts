import type Stripe from 'stripe';
import { z } from 'zod';
import { derivedId, formatDecimal } from '#platform';
import { pageParams } from '../http/list-page.js';
import { text, unixSeconds } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';
import { aggregateMeter, type CountedEvent } from './aggregate-meter.js';
import { VALUE_SCALE } from './meter-event.js';
import type { MeterObject } from './meter.js';

export const summaryParams = z.strictObject({
  ...pageParams,
  customer: text(),
  start_time: unixSeconds(),
  end_time: unixSeconds(),
  value_grouping_window: z.enum(['hour', 'day']).optional(),
});

type SummaryParams = z.output<typeof summaryParams>;

const WINDOW_SECONDS = { minute: 60, hour: 3_600, day: 86_400 };

/**
 * The summaries of one customer, newest window first. Without a window there is one for the whole range, zero included; with one, only
 * windows that have events. Neither the order nor what Stripe does with empty windows is confirmed: read an absent window as zero.
 * @throws StripeError 400 when a bound does not align with the minute, hour or UTC day
 */
export function summariseEvents(meter: MeterObject, events: readonly CountedEvent[], params: SummaryParams): Stripe.Billing.MeterEventSummary[] {
  const { start_time: startTime, end_time: endTime, value_grouping_window: window } = params;
  assertAligned(params, window ?? 'minute');
  if (window === undefined) return [summary(meter, events, params.customer, { startTime, endTime })];

  const seconds = WINDOW_SECONDS[window];
  const byStart = new Map<number, CountedEvent[]>();
  for (const event of events) {
    if (event.timestamp < startTime || event.timestamp >= endTime) continue;
    const start = event.timestamp - (event.timestamp % seconds);
    const inWindow = byStart.get(start) ?? [];
    inWindow.push(event);
    byStart.set(start, inWindow);
  }
  return [...byStart]
    .sort(([a], [b]) => b - a)
    .map(([start, inWindow]) => summary(meter, inWindow, params.customer, { startTime: start, endTime: start + seconds }));
}

function summary(
  meter: MeterObject,
  events: readonly CountedEvent[],
  customer: string,
  range: { startTime: number; endTime: number },
): Stripe.Billing.MeterEventSummary {
  const value = aggregateMeter(meter.default_aggregation.formula, events, range);
  return {
    id: derivedId('mtrusg_sandbox', meter.id, customer, range.startTime, range.endTime),
    object: 'billing.meter_event_summary',
    // Stripe sends a JSON number: the nearest double of the exact value, taken only here.
    aggregated_value: Number(formatDecimal(value, VALUE_SCALE)),
    end_time: range.endTime,
    livemode: false,
    meter: meter.id,
    start_time: range.startTime,
  };
}

function assertAligned(params: SummaryParams, boundary: keyof typeof WINDOW_SECONDS): void {
  for (const param of ['start_time', 'end_time'] as const) {
    if (params[param] % WINDOW_SECONDS[boundary] !== 0) {
      throw invalidRequest(`${param} (${params[param]}) must be aligned with ${boundary} boundaries.`, { param });
    }
  }
  if (params.start_time >= params.end_time) throw invalidRequest('start_time must be before end_time.', { param: 'start_time' });
}
