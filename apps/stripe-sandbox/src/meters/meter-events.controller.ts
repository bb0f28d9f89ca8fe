import type Stripe from 'stripe';
import { z } from 'zod';
import { readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { invalidRequest } from '../http/stripe-error.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { IDENTIFIER_MEMORY_SECONDS, acceptMeterEvent, meterEventParams } from './meter-event.js';
import { activeMeterOf } from './meter.js';

const adjustmentParams = z.strictObject({
  type: z.literal('cancel'),
  event_name: text(100),
  cancel: z.strictObject({ identifier: text(100) }),
});

@StripeApi('billing')
export class MeterEventsController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
  ) {}

  @StripePost('meter_events')
  create(@Call() call: StripeCall): Promise<Stripe.Billing.MeterEvent> {
    const params = readParams(meterEventParams, call.params);
    const { customers, meters, usage } = this.store.state;
    const findMeter = () => activeMeterOf(params.event_name, meters.values());
    const expected = findMeter();
    return this.writes.perform(call, {
      slot: expected && `${expected.id} ${params.payload[expected.customer_mapping.event_payload_key] ?? ''}`,
      act: (receivedAt) => {
        const meter = findMeter();
        // v1 is reported to answer this at once; the thin event v1.billing.meter.no_meter_found is for what is validated later.
        if (!meter) throw invalidRequest(`No active meter found for event name "${params.event_name}".`, { param: 'event_name' });
        const now = this.store.timeOf(params.payload[meter.customer_mapping.event_payload_key]);
        const record = acceptMeterEvent(params, {
          meter,
          customerExists: (id) => customers.has(id),
          isIdentifierTaken: (identifier) => usage.isIdentifierTaken(identifier, now),
          now,
          receivedAt,
        });
        return { body: record.event, changes: [{ kind: 'meter_event', record }] };
      },
    });
  }

  /** Stripe's answers to an unknown or too old identifier are not confirmed: it may accept first and report later. */
  @StripePost('meter_event_adjustments')
  adjust(@Call() call: StripeCall): Promise<Stripe.Billing.MeterEventAdjustment> {
    const { event_name: eventName, cancel } = readParams(adjustmentParams, call.params);
    const param = 'cancel[identifier]';
    return this.writes.perform(call, {
      act: () => {
        const { event, outcome } = this.store.state.usage.find(cancel.identifier) ?? {};
        const now = this.store.timeOf(outcome?.kind === 'counted' ? outcome.customer : undefined);
        if (event?.event_name !== eventName) {
          throw invalidRequest(`No event of ${eventName} with identifier ${cancel.identifier}.`, { code: 'resource_missing', param });
        }
        if (now - event.created >= IDENTIFIER_MEMORY_SECONDS) {
          throw invalidRequest(`The event ${cancel.identifier} was received more than 24 hours ago and cannot be cancelled.`, { param });
        }
        return {
          // Stripe answers `pending`; here the event is already out of the totals.
          body: { object: 'billing.meter_event_adjustment', cancel, event_name: eventName, livemode: false, status: 'pending', type: 'cancel' },
          changes: [{ kind: 'cancel_meter_event', identifier: cancel.identifier }],
        };
      },
    });
  }
}
