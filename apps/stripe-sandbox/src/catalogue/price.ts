import type Stripe from 'stripe';
import { z } from 'zod';
import { formatDecimal, parseDecimal, randomId } from '#platform';
import { integer, metadata, text } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';

/** "At most 12 decimal places" of the currency's minor unit. */
export const UNIT_AMOUNT_SCALE = 12;

export type Interval = 'day' | 'week' | 'month' | 'year';

type Fields = Pick<
  Stripe.Price,
  | 'id' | 'object' | 'active' | 'billing_scheme' | 'created' | 'currency' | 'livemode' | 'metadata' | 'nickname' | 'tax_behavior'
  | 'tiers_mode' | 'transform_quantity' | 'type' | 'unit_amount'
>;

export type PriceObject = Fields & {
  product: string;
  recurring: Stripe.Price.Recurring & { interval: Interval; meter: string };
  /** A string on the wire; the SDK makes it a `Stripe.Decimal`. */
  unit_amount_decimal: string;
};

const amount = /^\d{1,12}(\.\d{1,12})?$/;

export const priceParams = z.strictObject({
  product: text(),
  currency: z.string().regex(/^[a-z]{3}$/, 'must be a lower-case ISO 4217 code'),
  nickname: text().optional(),
  metadata: metadata(),
  billing_scheme: z.literal('per_unit').optional(),
  // Only metered prices: they are what usage is billed by, and the sandbox bills nothing else.
  recurring: z.strictObject({
    interval: z.enum(['day', 'week', 'month', 'year']),
    interval_count: integer(1, 36).default(1),
    meter: text(),
    usage_type: z.literal('metered'),
  }),
  unit_amount: z.string().regex(/^\d{1,12}$/, 'must be a whole number of the minor unit').optional(),
  unit_amount_decimal: z.string().regex(amount, 'must be a decimal of the minor unit with at most 12 decimal places').optional(),
});

/** @throws StripeError 400 unless exactly one of the two amounts is given */
export function createPrice(params: z.output<typeof priceParams>, now: number): PriceObject {
  if ((params.unit_amount === undefined) === (params.unit_amount_decimal === undefined)) {
    throw invalidRequest('Give either unit_amount or unit_amount_decimal.', { param: 'unit_amount_decimal' });
  }
  const scaled = parseDecimal(params.unit_amount_decimal ?? params.unit_amount ?? '', UNIT_AMOUNT_SCALE);
  const decimal = formatDecimal(scaled, UNIT_AMOUNT_SCALE);
  return {
    id: randomId('price_sandbox'),
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: now,
    currency: params.currency,
    livemode: false,
    metadata: params.metadata,
    nickname: params.nickname ?? null,
    product: params.product,
    recurring: { ...params.recurring, trial_period_days: null },
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: decimal.includes('.') ? null : Number(decimal),
    unit_amount_decimal: decimal,
  };
}
