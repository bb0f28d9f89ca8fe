/**
 * The one file that calls Stripe, and the one that knows what its errors mean.
 *
 * Every write carries an idempotency key of ours, so that a repeat meets Stripe's own record of the first call. For writes the SDK's
 * retries are off: the outbox is the one place that decides when to send again (the SDK still repeats a call once whose connection was
 * closed; the key makes that safe). Errors are told apart by class, status and code. The one exception is a known identifier: the v1
 * endpoint refuses it with status 400 and no code at all (langfuse/langfuse#16292), so it is recognised by naming *our identifier*, which
 * no other refusal does, and not by its wording.
 */
import { Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { assertInvariant, derivedId, DomainError, messageOf, type Micros } from '#platform';
import type { SendAnswer } from './send-answer.js';
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

const CALL_TIMEOUT_MS = 20_000;
const MINUTE_MS = 60_000;
/** A key that is refused is for a person to mend; events wait, and are not given up. */
const CREDENTIALS_RETRY_MS = 60_000;
/** The connection was never made, so nothing was sent. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

@Injectable()
export class StripeGateway {
  readonly #stripe: Stripe;

  constructor({ secretKey, apiUrl }: StripeSettings, options: { callTimeoutMs?: number } = {}) {
    const url = apiUrl === null ? null : new URL(apiUrl);
    const protocol = url?.protocol === 'http:' ? 'http' : 'https';
    this.#stripe = new Stripe(secretKey, {
      timeout: options.callTimeoutMs ?? CALL_TIMEOUT_MS,
      telemetry: false,
      appInfo: { name: 'astrolabe' },
      ...(url && { host: url.hostname, port: url.port || (protocol === 'http' ? 80 : 443), protocol }),
    });
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
    return answered(identifier, () => this.#stripe.billing.meterEvents.create({ event_name: eventName, identifier, timestamp, payload }, { idempotencyKey: identifier, maxNetworkRetries: 0 }));
  }

  /**
   * Takes the event of an identifier out of its meter, within 24 hours of its receipt. Never throws for what Stripe or the network did.
   * @returns `rejected` where Stripe does not do that any more, and has changed nothing
   */
  async cancelMeterEvent({ eventName, identifier, idempotencyKey }: { eventName: string; identifier: string; idempotencyKey: string }): Promise<SendAnswer> {
    return answered(identifier, () => this.#stripe.billing.meterEventAdjustments.create({ type: 'cancel', event_name: eventName, cancel: { identifier } }, { idempotencyKey, maxNetworkRetries: 0 }), isCancelledAlready);
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

async function answered(identifier: string, call: () => Promise<unknown>, isKnown = isKnownIdentifier): Promise<SendAnswer> {
  try {
    await call();
    return { kind: 'accepted' };
  } catch (error) {
    return answerOf(error, (refusal) => isKnown(refusal, identifier));
  }
}

type Refusal = Stripe.errors.StripeInvalidRequestError;

const isKnownIdentifier = ({ code, message }: Refusal, identifier: string): boolean => code === 'duplicate_meter_event' || (code === undefined && message.includes(identifier));

/** No code says so. It is asked for again only by whoever cancelled it and got no answer. */
const isCancelledAlready = ({ message }: Refusal): boolean => /already (been )?cancell?ed/i.test(message);

function answerOf(error: unknown, isKnown: (refusal: Refusal) => boolean): SendAnswer {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const reason = reasonOf(error);
  if (error instanceof Stripe.errors.StripeConnectionError) {
    const cause = (error.detail as { code?: unknown } | undefined)?.code;
    return NEVER_CONNECTED.has(String(cause)) ? { kind: 'retry', afterMs: 0, reason } : { kind: 'ambiguous', reason };
  }
  if (error instanceof Stripe.errors.StripeRateLimitError) return { kind: 'retry', afterMs: retryAfterMs(error), reason };
  if (error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError) {
    return { kind: 'retry', afterMs: CREDENTIALS_RETRY_MS, reason };
  }
  // The first call under this key is still being worked on.
  if (error.statusCode === 409) return { kind: 'retry', afterMs: retryAfterMs(error), reason };
  if (error instanceof Stripe.errors.StripeInvalidRequestError) {
    return isKnown(error) ? { kind: 'already_known' } : { kind: 'rejected', code: error.code ?? error.rawType ?? 'invalid_request_error', message: error.message };
  }
  if (error instanceof Stripe.errors.StripeIdempotencyError) return { kind: 'rejected', code: 'idempotency_error', message: error.message };
  return { kind: 'ambiguous', reason };
}

function retryAfterMs(error: Stripe.errors.StripeError): number {
  const seconds = Number(error.headers?.['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

function reasonOf(error: Stripe.errors.StripeError): string {
  return [error.type, error.statusCode, error.code].filter((part) => part !== undefined).join(' ') + `: ${error.message}`;
}

/** For calls whose failure stops what was being done. */
async function translated<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    const isRefusal = error instanceof Stripe.errors.StripeInvalidRequestError || error instanceof Stripe.errors.StripeIdempotencyError;
    throw new DomainError({
      kind: isRefusal ? 'conflict' : 'unavailable',
      code: isRefusal ? 'stripe_refused' : 'stripe_unavailable',
      message: isRefusal ? `Stripe refused (${reasonOf(error)})` : `Stripe cannot be used now (${messageOf(error)}): check STRIPE_SECRET_KEY, STRIPE_API_URL and the network`,
      cause: error,
    });
  }
}
