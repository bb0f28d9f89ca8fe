import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import { text } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';

export type Formula = 'sum' | 'count' | 'last';

/** As it goes over the wire; the SDK's type is the contract. */
export type MeterObject = Stripe.Billing.Meter & { status: 'active' | 'inactive'; default_aggregation: { formula: Formula } };

export const meterParams = z.strictObject({
  display_name: text(250),
  event_name: text(100),
  default_aggregation: z.strictObject({ formula: z.enum(['sum', 'count', 'last']) }),
  customer_mapping: z.strictObject({ type: z.literal('by_id'), event_payload_key: text(100) }).optional(),
  value_settings: z.strictObject({ event_payload_key: text(100) }).optional(),
});

/** @throws StripeError 400 when an active meter has the event name: usage would belong to two meters */
export function createMeter(params: z.output<typeof meterParams>, meters: Iterable<MeterObject>, now: number): MeterObject {
  const taken = activeMeterOf(params.event_name, meters);
  if (taken) {
    // That it is refused is documented; the wording and the missing code are not confirmed.
    throw invalidRequest(`An active meter (${taken.id}) already uses the event name ${params.event_name}.`, { param: 'event_name' });
  }
  return {
    id: randomId('mtr_sandbox'),
    object: 'billing.meter',
    created: now,
    customer_mapping: { type: 'by_id', event_payload_key: params.customer_mapping?.event_payload_key ?? 'stripe_customer_id' },
    default_aggregation: params.default_aggregation,
    display_name: params.display_name,
    event_name: params.event_name,
    event_time_window: null,
    livemode: false,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: now,
    value_settings: { event_payload_key: params.value_settings?.event_payload_key ?? 'value' },
  };
}

export function deactivateMeter(meter: MeterObject, now: number): MeterObject {
  if (meter.status === 'inactive') throw invalidRequest(`The meter ${meter.id} is already inactive.`);
  return { ...meter, status: 'inactive', status_transitions: { deactivated_at: now }, updated: now };
}

export function activeMeterOf(eventName: string, meters: Iterable<MeterObject>): MeterObject | undefined {
  for (const meter of meters) if (meter.event_name === eventName && meter.status === 'active') return meter;
  return undefined;
}
