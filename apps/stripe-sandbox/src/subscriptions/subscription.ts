import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import type { PriceObject } from '../catalogue/price.js';
import { metadata, text, unixSeconds } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';
import { currentPeriod, type BillingPeriod } from './billing-period.js';

/** What is kept; periods follow from the clock and are computed when it is shown. */
export interface SubscriptionRecord {
  id: string;
  object: 'subscription';
  created: number;
  customer: string;
  currency: string;
  metadata: Record<string, string>;
  startedAt: number;
  anchoredAt: number;
  items: { id: string; price: PriceObject }[];
}

type Fields = Pick<
  Stripe.Subscription,
  | 'id' | 'object' | 'billing_cycle_anchor' | 'cancel_at_period_end' | 'canceled_at' | 'collection_method' | 'created' | 'currency'
  | 'ended_at' | 'livemode' | 'metadata' | 'start_date' | 'status'
>;

export type SubscriptionObject = Fields & {
  customer: string;
  items: { object: 'list'; url: string; has_more: false; data: SubscriptionItemObject[] };
};

type SubscriptionItemObject = Pick<
  Stripe.SubscriptionItem,
  'id' | 'object' | 'created' | 'current_period_end' | 'current_period_start' | 'metadata' | 'subscription'
> & { price: PriceObject };

export const subscriptionParams = z.strictObject({
  customer: text(),
  items: z.array(z.strictObject({ price: text() })).min(1).max(20),
  backdate_start_date: unixSeconds().optional(),
  billing_cycle_anchor: unixSeconds().optional(),
  metadata: metadata(),
});

/** @throws StripeError 400 when the items' currencies or intervals differ, or a date lies on the wrong side of now */
export function createSubscription(params: z.output<typeof subscriptionParams>, prices: readonly PriceObject[], now: number): SubscriptionRecord {
  const [first] = prices;
  if (!first) throw invalidRequest('A subscription needs an item.', { param: 'items' });
  if (prices.some(({ currency }) => currency !== first.currency)) throw invalidRequest('All items must have one currency.', { param: 'items' });
  const cycle = ({ recurring }: PriceObject): string => `${recurring.interval_count} ${recurring.interval}`;
  if (prices.some((price) => cycle(price) !== cycle(first))) {
    throw invalidRequest('All items must have one billing interval; the sandbox has no mixed intervals.', { param: 'items' });
  }
  const startedAt = params.backdate_start_date ?? now;
  if (startedAt > now) throw invalidRequest('backdate_start_date must lie in the past.', { param: 'backdate_start_date' });
  if (params.billing_cycle_anchor !== undefined && params.billing_cycle_anchor <= now) {
    throw invalidRequest('billing_cycle_anchor must lie in the future; for a past start give backdate_start_date.', {
      param: 'billing_cycle_anchor',
    });
  }
  return {
    id: randomId('sub_sandbox'),
    object: 'subscription',
    created: now,
    customer: params.customer,
    currency: first.currency,
    metadata: params.metadata,
    startedAt,
    anchoredAt: params.billing_cycle_anchor ?? startedAt,
    items: prices.map((price) => ({ id: randomId('si_sandbox'), price })),
  };
}

/** The period that contains `now`; all items share it. */
export function periodOf({ startedAt, anchoredAt, items }: SubscriptionRecord, now: number): BillingPeriod {
  const recurring = items[0]?.price.recurring;
  return currentPeriod({ startedAt, anchoredAt, interval: recurring?.interval ?? 'month', intervalCount: recurring?.interval_count ?? 1 }, now);
}

export function showSubscription(record: SubscriptionRecord, now: number): SubscriptionObject {
  const period = periodOf(record, now);
  return {
    id: record.id,
    object: 'subscription',
    billing_cycle_anchor: record.anchoredAt,
    cancel_at_period_end: false,
    canceled_at: null,
    collection_method: 'charge_automatically',
    created: record.created,
    currency: record.currency,
    customer: record.customer,
    ended_at: null,
    items: {
      object: 'list',
      url: `/v1/subscription_items?subscription=${record.id}`,
      has_more: false,
      data: record.items.map(({ id, price }) => ({
        id,
        object: 'subscription_item',
        created: record.created,
        current_period_end: period.end,
        current_period_start: period.start,
        metadata: {},
        price,
        subscription: record.id,
      })),
    },
    livemode: false,
    metadata: record.metadata,
    start_date: record.startedAt,
    status: 'active',
  };
}
