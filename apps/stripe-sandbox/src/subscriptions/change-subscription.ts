import { z } from 'zod';
import type { PriceObject } from '../catalogue/price.js';
import { boolean, integer, metadataChange, text, withMetadata } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';
import { ITEMS_MAX, assertOneCycle, createItem, prorationBehavior, type SubscriptionItemRecord, type SubscriptionRecord } from './subscription.js';

const itemChange = z.strictObject({
  id: text().optional(),
  price: text().optional(),
  deleted: boolean().optional(),
  metadata: metadataChange(),
});

export const subscriptionChangeParams = z.strictObject({
  items: z.array(itemChange).max(ITEMS_MAX).default([]),
  cancel_at_period_end: boolean().optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: integer(0, 3_650).optional(),
  metadata: metadataChange(),
  proration_behavior: prorationBehavior(),
});

/** Which statuses a list asks for. The sandbox has no others, so that some of Stripe's are always empty. */
export const statusFilter = () =>
  z.enum(['active', 'all', 'canceled', 'ended', 'incomplete', 'incomplete_expired', 'past_due', 'paused', 'trialing', 'unpaid']).optional();

type Status = z.output<ReturnType<typeof statusFilter>>;

/** Without a status Stripe lists what has not been cancelled. */
export function hasStatus({ endedAt }: SubscriptionRecord, status: Status): boolean {
  switch (status) {
    case 'all':
      return true;
    case 'canceled':
    case 'ended':
      return endedAt !== null;
    case undefined:
    case 'active':
      return endedAt === null;
    default:
      return false;
  }
}

interface Context {
  priceNamed: (id: string, param: string) => PriceObject;
  /** For the customer. */
  now: number;
}

/**
 * An item added in the middle of a period bills its meter from the period's start, and one taken away bills nothing more of it: metered
 * usage belongs to a period as a whole.
 * @throws StripeError 400
 */
export function changeSubscription(
  record: SubscriptionRecord,
  params: z.output<typeof subscriptionChangeParams>,
  context: Context,
): SubscriptionRecord {
  if (record.endedAt !== null) {
    const { metadata, items, ...others } = params;
    if (items.length > 0 || Object.values(others).some((value) => value !== undefined)) {
      throw invalidRequest('A canceled subscription can only update its metadata.');
    }
    return { ...record, metadata: withMetadata(record.metadata, metadata) };
  }
  const items = params.items.reduce((list, change, index) => changeItems(list, change, { ...context, param: `items[${index}]` }), record.items);
  if (items.length === 0) throw invalidRequest('A subscription must keep at least one item; cancel it instead.', { param: 'items' });
  if (items.length > ITEMS_MAX) throw invalidRequest(`A subscription has at most ${ITEMS_MAX} items.`, { param: 'items' });
  assertOneCycle(items.map(({ price }) => price));
  const collectionMethod = params.collection_method ?? record.collectionMethod;
  const daysUntilDue = collectionMethod === 'send_invoice' ? (params.days_until_due ?? record.daysUntilDue) : null;
  if (collectionMethod === 'send_invoice' && daysUntilDue === null) {
    throw invalidRequest('collection_method send_invoice needs days_until_due.', { code: 'parameter_missing', param: 'days_until_due' });
  }
  const cancelAtPeriodEnd = params.cancel_at_period_end ?? record.cancelAtPeriodEnd;
  return {
    ...record,
    items,
    collectionMethod,
    daysUntilDue,
    metadata: withMetadata(record.metadata, params.metadata),
    cancelAtPeriodEnd,
    canceledAt: cancelAtPeriodEnd ? (record.canceledAt ?? context.now) : null,
  };
}

function changeItems(
  items: readonly SubscriptionItemRecord[],
  { id, price, deleted, metadata }: z.output<typeof itemChange>,
  { priceNamed, now, param }: Context & { param: string },
): SubscriptionItemRecord[] {
  if (id === undefined) {
    if (price === undefined) throw invalidRequest(`Give a price to add, or the id of an item to change, in ${param}.`, { param: `${param}[price]` });
    if (items.some((item) => item.price.id === price)) {
      throw invalidRequest(`The price ${price} is already used by another item of this subscription.`, { param: `${param}[price]` });
    }
    return [...items, createItem(priceNamed(price, `${param}[price]`), withMetadata({}, metadata), now)];
  }
  const item = items.find((known) => known.id === id);
  if (!item) throw invalidRequest(`No such subscription item: '${id}'`, { code: 'resource_missing', param: `${param}[id]` });
  if (deleted) return items.filter((known) => known !== item);
  const changed = {
    ...item,
    price: price === undefined ? item.price : priceNamed(price, `${param}[price]`),
    metadata: withMetadata(item.metadata, metadata),
  };
  return items.map((known) => (known === item ? changed : known));
}

/** @throws StripeError 400 */
export function cancelSubscription(record: SubscriptionRecord, now: number): SubscriptionRecord {
  if (record.endedAt !== null) throw invalidRequest(`The subscription ${record.id} is already canceled.`);
  return endSubscription(record, now);
}

export function endSubscription(record: SubscriptionRecord, at: number): SubscriptionRecord {
  return { ...record, cancelAtPeriodEnd: false, canceledAt: record.canceledAt ?? at, endedAt: at };
}
