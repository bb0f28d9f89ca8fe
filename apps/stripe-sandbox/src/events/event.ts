import type Stripe from 'stripe';
import { randomId } from '#platform';
import type { PriceObject } from '../catalogue/price.js';
import type { ProductObject } from '../catalogue/product.js';
import type { CreditNoteObject } from '../credit-notes/credit-note.js';
import type { CustomerObject } from '../customers/customer.js';
import type { InvoiceObject } from '../invoices/invoice.js';
import type { MeterObject } from '../meters/meter.js';
import type { SubscriptionObject } from '../subscriptions/subscription.js';
import type { TestClockObject } from '../time/test-clock.js';

/** The API version of the objects that the sandbox makes: that of the SDK it is made for. */
export const API_VERSION = '2026-10-28.endive';

export type SnapshotType = Extract<
  Stripe.Event['type'],
  | 'billing.meter.created'
  | 'billing.meter.deactivated'
  | 'credit_note.created'
  | 'credit_note.voided'
  | 'customer.created'
  | 'customer.subscription.created'
  | 'customer.subscription.deleted'
  | 'customer.subscription.updated'
  | 'customer.updated'
  | 'invoice.created'
  | 'invoice.finalized'
  | 'invoice.marked_uncollectible'
  | 'invoice.paid'
  | 'invoice.payment_succeeded'
  | 'invoice.updated'
  | 'invoice.voided'
  | 'price.created'
  | 'product.created'
  | 'test_helpers.test_clock.advancing'
  | 'test_helpers.test_clock.created'
  | 'test_helpers.test_clock.deleted'
  | 'test_helpers.test_clock.ready'
>;

export type EventSubject =
  | CustomerObject
  | MeterObject
  | ProductObject
  | PriceObject
  | SubscriptionObject
  | InvoiceObject
  | CreditNoteObject
  | TestClockObject;

/** Something that happened, before it has an id. */
export interface Happening {
  type: SnapshotType;
  /** As it is afterwards. */
  object: EventSubject;
  /** As it was before, for events of a change: what differs becomes `previous_attributes`. */
  previous?: EventSubject;
  /** Unix seconds, in the time of whose object it is. */
  at: number;
}

/** The API call that made something happen; null when time did. */
export interface Cause {
  requestId: string;
  idempotencyKey: string | undefined;
}

/** What is kept; the webhooks still to be delivered are counted when it is shown. */
export interface EventObject {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  data: { object: EventSubject; previous_attributes?: Record<string, unknown> };
  livemode: false;
  request: { id: string | null; idempotency_key: string | null };
  type: SnapshotType;
}

export function createEvent({ type, object, previous, at }: Happening, cause: Cause | null): EventObject {
  return {
    id: randomId('evt_sandbox'),
    object: 'event',
    api_version: API_VERSION,
    created: at,
    data: previous ? { object, previous_attributes: changedAttributes(previous, object) } : { object },
    livemode: false,
    request: { id: cause?.requestId ?? null, idempotency_key: cause?.idempotencyKey ?? null },
    type,
  };
}

export function showEvent(event: EventObject, pendingWebhooks: number) {
  return { ...event, pending_webhooks: pendingWebhooks };
}

/** The earlier values of what differs, by top-level attribute. */
function changedAttributes(before: object, after: object): Record<string, unknown> {
  const later = after as Record<string, unknown>;
  return Object.fromEntries(Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(later[key])));
}

/** Whether a list of enabled events has a type: by name, `*` for all, or `invoice.*`. */
export function wantsType(enabledEvents: readonly string[], type: string): boolean {
  return enabledEvents.some((enabled) => enabled === type || enabled === '*' || (enabled.endsWith('.*') && type.startsWith(enabled.slice(0, -1))));
}
