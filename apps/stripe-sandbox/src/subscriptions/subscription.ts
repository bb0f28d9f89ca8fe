import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import type { PriceObject } from '../catalogue/price.js';
import { boolean, integer, metadata, text, unixSeconds } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';
import { currentPeriod, type BillingPeriod } from './billing-period.js';

export interface SubscriptionItemRecord {
  id: string;
  created: number;
  price: PriceObject;
  metadata: Record<string, string>;
}

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
  items: SubscriptionItemRecord[];
  /** Where the next cycle invoice begins: usage before it is on earlier ones, or on none. */
  invoicedThrough: number;
  collectionMethod: 'charge_automatically' | 'send_invoice';
  daysUntilDue: number | null;
  cancelAtPeriodEnd: boolean;
  canceledAt: number | null;
  endedAt: number | null;
  latestInvoice: string | null;
  testClock: string | null;
}

type Fields = Pick<
  Stripe.Subscription,
  | 'id' | 'object' | 'billing_cycle_anchor' | 'cancel_at' | 'cancel_at_period_end' | 'canceled_at' | 'created' | 'currency' | 'days_until_due'
  | 'ended_at' | 'livemode' | 'metadata' | 'start_date'
>;

export type SubscriptionObject = Fields & {
  collection_method: SubscriptionRecord['collectionMethod'];
  customer: string;
  items: { object: 'list'; url: string; has_more: false; data: SubscriptionItemObject[] };
  latest_invoice: string | null;
  status: 'active' | 'canceled';
  test_clock: string | null;
};

type SubscriptionItemObject = Pick<
  Stripe.SubscriptionItem,
  'id' | 'object' | 'created' | 'current_period_end' | 'current_period_start' | 'metadata' | 'subscription'
> & { price: PriceObject };

/** Metered prices are never prorated, so it changes nothing which of Stripe's values is given. */
export const prorationBehavior = () => z.enum(['none', 'create_prorations', 'always_invoice']).optional();

export const ITEMS_MAX = 20;

export const subscriptionParams = z.strictObject({
  customer: text(),
  items: z.array(z.strictObject({ price: text(), metadata: metadata() })).min(1).max(ITEMS_MAX),
  backdate_start_date: unixSeconds().optional(),
  billing_cycle_anchor: unixSeconds().optional(),
  cancel_at_period_end: boolean().optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: integer(0, 3_650).optional(),
  metadata: metadata(),
  proration_behavior: prorationBehavior(),
});

interface Context {
  prices: readonly PriceObject[];
  testClock: string | null;
  /** For the customer. */
  now: number;
}

/** @throws StripeError 400 when the items' currencies or intervals differ, or a date lies on the wrong side of now */
export function createSubscription(params: z.output<typeof subscriptionParams>, { prices, testClock, now }: Context): SubscriptionRecord {
  const [first] = prices;
  if (!first) throw invalidRequest('A subscription needs an item.', { param: 'items' });
  assertOneCycle(prices);
  const startedAt = params.backdate_start_date ?? now;
  if (startedAt > now) throw invalidRequest('backdate_start_date must lie in the past.', { param: 'backdate_start_date' });
  if (params.billing_cycle_anchor !== undefined && params.billing_cycle_anchor <= now) {
    throw invalidRequest('billing_cycle_anchor must lie in the future; for a past start give backdate_start_date.', {
      param: 'billing_cycle_anchor',
    });
  }
  const collectionMethod = params.collection_method ?? 'charge_automatically';
  if ((collectionMethod === 'send_invoice') !== (params.days_until_due !== undefined)) {
    throw invalidRequest('days_until_due goes with collection_method send_invoice, and only with it.', { param: 'days_until_due' });
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
    items: prices.map((price, index) => createItem(price, params.items[index]?.metadata ?? {}, now)),
    invoicedThrough: startedAt,
    collectionMethod,
    daysUntilDue: params.days_until_due ?? null,
    cancelAtPeriodEnd: params.cancel_at_period_end ?? false,
    canceledAt: params.cancel_at_period_end ? now : null,
    endedAt: null,
    latestInvoice: null,
    testClock,
  };
}

export function createItem(price: PriceObject, metadata: Record<string, string>, now: number): SubscriptionItemRecord {
  return { id: randomId('si_sandbox'), created: now, price, metadata };
}

/** @throws StripeError 400 */
export function assertOneCycle(prices: readonly PriceObject[]): void {
  if (new Set(prices.map(({ currency }) => currency)).size > 1) throw invalidRequest('All items must have one currency.', { param: 'items' });
  if (new Set(prices.map(({ recurring }) => `${recurring.interval_count} ${recurring.interval}`)).size > 1) {
    throw invalidRequest('All items must have one billing interval; the sandbox has no mixed intervals.', { param: 'items' });
  }
}

/** The period that contains `now`; all items share it. Of a subscription that has ended, its last. */
function periodOf({ startedAt, anchoredAt, endedAt, items }: SubscriptionRecord, now: number): BillingPeriod {
  const recurring = items[0]?.price.recurring;
  const cycle = { startedAt, anchoredAt, interval: recurring?.interval ?? 'month', intervalCount: recurring?.interval_count ?? 1 };
  return currentPeriod(cycle, endedAt === null ? now : Math.max(startedAt, Math.min(now, endedAt - 1)));
}

/**
 * What the next invoice is of. The first reaches from the start to the end of the period in which the subscription was made: Stripe puts
 * backdated time on the next invoice too, and makes none for each cycle that went by before.
 */
export function openPeriod(record: SubscriptionRecord): BillingPeriod {
  return { start: record.invoicedThrough, end: periodOf(record, Math.max(record.invoicedThrough, record.created)).end };
}

export function showSubscription(record: SubscriptionRecord, now: number): SubscriptionObject {
  const period = periodOf(record, now);
  return {
    id: record.id,
    object: 'subscription',
    billing_cycle_anchor: record.anchoredAt,
    cancel_at: record.cancelAtPeriodEnd ? period.end : null,
    cancel_at_period_end: record.cancelAtPeriodEnd,
    canceled_at: record.canceledAt,
    collection_method: record.collectionMethod,
    created: record.created,
    currency: record.currency,
    customer: record.customer,
    days_until_due: record.daysUntilDue,
    ended_at: record.endedAt,
    items: {
      object: 'list',
      url: `/v1/subscription_items?subscription=${record.id}`,
      has_more: false,
      data: record.items.map(({ id, created, price, metadata }) => ({
        id,
        object: 'subscription_item',
        created,
        current_period_end: period.end,
        current_period_start: period.start,
        metadata,
        price,
        subscription: record.id,
      })),
    },
    latest_invoice: record.latestInvoice,
    livemode: false,
    metadata: record.metadata,
    start_date: record.startedAt,
    status: record.endedAt === null ? 'active' : 'canceled',
    test_clock: record.testClock,
  };
}

type EarlierItem = Pick<SubscriptionItemRecord, 'id' | 'price'> & Partial<SubscriptionItemRecord>;
type EarlierSubscription = Pick<SubscriptionRecord, 'id' | 'object' | 'created' | 'customer' | 'currency' | 'metadata' | 'startedAt' | 'anchoredAt'> &
  Partial<Omit<SubscriptionRecord, 'items'>> & { items: EarlierItem[] };

/** A subscription as journals from before there were invoices have it. */
export function completeSubscription(record: EarlierSubscription): SubscriptionRecord {
  return {
    invoicedThrough: record.startedAt,
    collectionMethod: 'charge_automatically',
    daysUntilDue: null,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    latestInvoice: null,
    testClock: null,
    ...record,
    items: record.items.map((item) => ({ created: record.created, metadata: {}, ...item })),
  };
}
