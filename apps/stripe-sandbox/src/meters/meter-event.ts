import type Stripe from 'stripe';
import { z } from 'zod';
import { DomainError, formatDecimal, parseDecimal, randomId } from '#platform';
import { text, unixSeconds } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';
import type { MeterObject } from './meter.js';

const DAY = 86_400;
/** For how long an identifier stays taken and an event can be cancelled, from its receipt. Stripe says "at least 24 hours". */
export const IDENTIFIER_MEMORY_SECONDS = DAY;
const PAST_SECONDS_MAX = 35 * DAY;
const FUTURE_SECONDS_MAX = 5 * 60;

/** Decimal places of values: those of Stripe's decimal quantities. */
export const VALUE_SCALE = 12;

/** Codes of Stripe's asynchronous error reports that the sandbox can find. */
export type ProblemCode =
  | 'meter_event_customer_not_found'
  | 'meter_event_invalid_value'
  | 'meter_event_no_customer_defined'
  | 'meter_event_value_too_many_digits';

/** An accepted event, with what Stripe's later validation says of it: counted, or left out for a reason. */
export interface MeterEventRecord {
  /** Its `created` is the time of the receipt for the customer, by its test clock if it has one. */
  event: Stripe.Billing.MeterEvent;
  /** The time of the receipt by the sandbox's clock; older journals have only the other. */
  receivedAt?: number;
  meter: string;
  outcome: { kind: 'counted'; customer: string; value: string } | { kind: 'rejected'; code: ProblemCode; message: string };
}

export const meterEventParams = z.strictObject({
  event_name: text(100),
  payload: z.record(z.string(), z.string()),
  identifier: text(100).optional(),
  timestamp: unixSeconds().optional(),
});

/**
 * Checks what Stripe checks before it answers: age and identifier. Age codes are those of the error reports, which secondary sources also
 * give for v1's 400; not confirmed by an answer seen.
 * @throws StripeError 400
 */
export function acceptMeterEvent(
  params: z.output<typeof meterEventParams>,
  context: { meter: MeterObject; customerExists: (id: string) => boolean; isIdentifierTaken: (identifier: string) => boolean; now: number; receivedAt: number },
): MeterEventRecord {
  const { meter, now } = context;
  const timestamp = params.timestamp ?? now;
  if (timestamp < now - PAST_SECONDS_MAX) {
    throw invalidRequest(`The timestamp ${timestamp} is more than 35 days in the past.`, { code: 'timestamp_too_far_in_past', param: 'timestamp' });
  }
  if (timestamp > now + FUTURE_SECONDS_MAX) {
    throw invalidRequest(`The timestamp ${timestamp} is more than 5 minutes in the future.`, { code: 'timestamp_in_future', param: 'timestamp' });
  }
  if (params.identifier !== undefined && context.isIdentifierTaken(params.identifier)) throw duplicateIdentifier(params.identifier);
  return {
    event: {
      object: 'billing.meter_event',
      created: now,
      event_name: params.event_name,
      identifier: params.identifier ?? randomId('evt_sandbox'),
      livemode: false,
      payload: params.payload,
      timestamp,
    },
    receivedAt: context.receivedAt,
    meter: meter.id,
    outcome: validateLater(params.payload, meter, context.customerExists),
  };
}

/**
 * Status, type, message, `stripe-should-retry: false` and the *absence* of a code are what several integrations report of the v1 endpoint
 * (for one, langfuse/langfuse#16292). `duplicate_meter_event` is the code of the v2 endpoint only. Not confirmed: whether `param` is set
 * (left out here, so that nobody comes to depend on it), and whether identifiers are unique per account (as here) or per event name.
 */
function duplicateIdentifier(identifier: string): Error {
  const error = invalidRequest(`An event already exists with identifier ${identifier}.`);
  return Object.assign(error, { headers: { 'stripe-should-retry': 'false' } });
}

/** What Stripe finds out after it has answered 200. Here it is known at once, and told later (error-reports.ts). */
function validateLater(payload: Record<string, string>, meter: MeterObject, customerExists: (id: string) => boolean): MeterEventRecord['outcome'] {
  const customer = payload[meter.customer_mapping.event_payload_key];
  if (!customer) {
    return rejected('meter_event_no_customer_defined', `The payload has no ${meter.customer_mapping.event_payload_key}.`);
  }
  if (!customerExists(customer)) return rejected('meter_event_customer_not_found', `No such customer: ${customer}`);
  // A count asks only that there is an event.
  if (meter.default_aggregation.formula === 'count') return { kind: 'counted', customer, value: '1' };
  const value = payload[meter.value_settings.event_payload_key] ?? '';
  if (!/^-?\d+(\.\d+)?$/.test(value)) {
    return rejected('meter_event_invalid_value', `The value "${value}" of ${meter.value_settings.event_payload_key} is no decimal number.`);
  }
  try {
    return { kind: 'counted', customer, value: formatDecimal(parseDecimal(value, VALUE_SCALE), VALUE_SCALE) };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return rejected('meter_event_value_too_many_digits', `The value "${value}" has more than ${VALUE_SCALE} decimal places.`);
  }
}

function rejected(code: ProblemCode, message: string): MeterEventRecord['outcome'] {
  return { kind: 'rejected', code, message };
}
