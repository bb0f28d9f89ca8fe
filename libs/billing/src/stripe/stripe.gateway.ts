/**
 * Meters and customers at Stripe.
 *
 * Every write carries an idempotency key of ours, so that a repeat meets Stripe's own record of the first call. For writes the SDK's
 * retries are off: the outbox is the one place that decides when to send again (the SDK still repeats a call once whose connection was
 * closed; the key makes that safe).
 */
import { Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { assertInvariant, derivedId, DomainError, type Micros } from '#platform';
import { openStripe } from './open-stripe.js';
import type { SendAnswer } from './send-answer.js';
import { answered, isCancelledAlready, isKnownIdentifier, translated } from './stripe-failure.js';
import type { StripeSettings } from './stripe-settings.js';

export interface StripeMeterEvent {
  /** And idempotency key. */
  identifier: string;
  eventName: string;
  stripeCustomerId: string;
  valueMicros: Micros;
  /** The timestamp that Stripe counts it at. */
  countsAt: Date;
  /** When it happened, where that is another time: Stripe keeps it beside the value. */
  occurredAt: Date;
}

const MINUTE_MS = 60_000;

@Injectable()
export class StripeGateway {
  readonly #stripe: Stripe;

  constructor(settings: StripeSettings, options: { callTimeoutMs?: number } = {}) {
    this.#stripe = openStripe(settings, options);
  }

  /** Creates a customer once per key. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async createCustomer(customer: { organizationId: string; customerId: string; name: string }): Promise<string> {
    const metadata = { astrolabe_organization: customer.organizationId, astrolabe_customer: customer.customerId };
    const options = { idempotencyKey: derivedId('stripe_customer', customer.organizationId, customer.customerId), maxNetworkRetries: 0 };
    return translated(async () => (await this.#stripe.customers.create({ name: customer.name, metadata }, options)).id);
  }

  /**
   * The active meter of an event name, created where there is none. Stripe allows one per name in an account, so that organizations that
   * share an account share their meters, apart by customer. @throws DomainError `stripe_unavailable`, `stripe_refused`
   */
  async findOrCreateMeter(eventName: string): Promise<string> {
    return translated(async () => {
      const known = await this.#findMeter(eventName);
      if (known) return known;
      try {
        const meter = await this.#stripe.billing.meters.create(
          {
            event_name: eventName,
            display_name: `${eventName} (micros)`,
            default_aggregation: { formula: 'sum' },
            customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
            value_settings: { event_payload_key: 'value' },
          },
          { idempotencyKey: derivedId('stripe_meter', eventName), maxNetworkRetries: 0 },
        );
        return meter.id;
      } catch (error) {
        // Somebody else may have made it in between, under a key of their own.
        const made = error instanceof Stripe.errors.StripeInvalidRequestError ? await this.#findMeter(eventName) : undefined;
        if (made) return made;
        throw error;
      }
    });
  }

  async #findMeter(eventName: string): Promise<string | undefined> {
    for await (const meter of this.#stripe.billing.meters.list({ status: 'active', limit: 100 })) {
      if (meter.event_name === eventName) return meter.id;
    }
    return undefined;
  }

  /** Never throws for what Stripe or the network did: each case is an answer. */
  async sendMeterEvent({ eventName, identifier, stripeCustomerId, valueMicros, countsAt, occurredAt }: StripeMeterEvent): Promise<SendAnswer> {
    const moved = countsAt.getTime() === occurredAt.getTime() ? {} : { occurred_at: occurredAt.toISOString() };
    const timestamp = Math.floor(countsAt.getTime() / 1000);
    const payload = { stripe_customer_id: stripeCustomerId, value: valueMicros.toString(), ...moved };
    return answered(() => this.#stripe.billing.meterEvents.create({ event_name: eventName, identifier, timestamp, payload }, { idempotencyKey: identifier, maxNetworkRetries: 0 }), isKnownIdentifier(identifier));
  }

  /**
   * Takes the event of an identifier out of its meter, within 24 hours of its receipt. Never throws for what Stripe or the network did.
   * @returns `rejected` where Stripe does not do that any more, and has changed nothing
   */
  async cancelMeterEvent({ eventName, identifier, idempotencyKey }: { eventName: string; identifier: string; idempotencyKey: string }): Promise<SendAnswer> {
    return answered(() => this.#stripe.billing.meterEventAdjustments.create({ type: 'cancel', event_name: eventName, cancel: { identifier } }, { idempotencyKey, maxNetworkRetries: 0 }), isCancelledAlready);
  }

  /**
   * What a meter has counted for a customer in [from, to), both on a minute. Stripe adds up behind its answers: an event that was just
   * accepted may be missing for a while.
   * @throws DomainError `stripe_unavailable`, `stripe_refused`, `meter_total_not_exact`
   */
  async readMeterTotal(meterId: string, stripeCustomerId: string, from: Date, to: Date): Promise<Micros> {
    assertInvariant(from.getTime() % MINUTE_MS === 0 && to.getTime() % MINUTE_MS === 0, `event summaries begin and end on a minute: ${from.toISOString()}, ${to.toISOString()}`);
    return translated(async () => {
      let total = 0n;
      const range = { customer: stripeCustomerId, start_time: from.getTime() / 1000, end_time: to.getTime() / 1000, limit: 100 };
      for await (const summary of this.#stripe.billing.meters.listEventSummaries(meterId, range)) total += exactMicros(summary.aggregated_value, meterId);
      return total;
    });
  }
}

/** Stripe sends a double. Up to 2^53 micros, nine billion of a currency, it holds every whole number; beyond that it must not be trusted. */
function exactMicros(value: number, meterId: string): Micros {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new DomainError({
    kind: 'conflict',
    code: 'meter_total_not_exact',
    message: `Stripe gives ${value} as the total of meter ${meterId}, which is no whole number of micros: something else sends to this meter, or the range is too long`,
  });
}
