import type { PriceObject } from '../catalogue/price.js';
import type { ProductObject } from '../catalogue/product.js';
import type { CreditNoteObject } from '../credit-notes/credit-note.js';
import type { CustomerObject } from '../customers/customer.js';
import type { EventObject } from '../events/event.js';
import type { ThinEventObject } from '../events/thin-event.js';
import type { InvoiceRecord } from '../invoices/invoice.js';
import type { MeterEventRecord } from '../meters/meter-event.js';
import type { MeterObject } from '../meters/meter.js';
import type { SubscriptionRecord } from '../subscriptions/subscription.js';
import type { TestClockObject } from '../time/test-clock.js';
import type { Delivery } from '../webhooks/delivery.js';
import type { EventDestinationRecord } from '../webhooks/event-destination.js';
import type { WebhookEndpointRecord } from '../webhooks/webhook-endpoint.js';

/** What is kept under its id. */
export type StoredObject =
  | CustomerObject
  | MeterObject
  | ProductObject
  | PriceObject
  | SubscriptionRecord
  | InvoiceRecord
  | CreditNoteObject
  | TestClockObject
  | EventObject
  | ThinEventObject
  | WebhookEndpointRecord
  | EventDestinationRecord
  | Delivery;

/** What can go away again. */
export type RemovableKind = Exclude<
  StoredObject['object'],
  'billing.meter' | 'product' | 'price' | 'credit_note' | 'event' | 'v2.core.event' | 'sandbox.delivery'
>;

/** One change of the state. Applying the changes of the journal in order gives the state back. */
export type Change =
  | { kind: 'put'; object: StoredObject }
  | { kind: 'remove'; object: RemovableKind; id: string }
  | { kind: 'meter_event'; record: MeterEventRecord }
  | { kind: 'cancel_meter_event'; identifier: string }
  | { kind: 'meter_errors_reported'; identifiers: string[] };

/** The answer that a repeated idempotency key gets again. */
export interface SavedAnswer {
  key: string;
  /** Of method, path and parameters: another call under the same key is refused. */
  fingerprint: string;
  /** Unix seconds. */
  savedAt: number;
  body: unknown;
}

/**
 * One line of the journal: everything one call did, with its answer. In one line, because a crash between the change and the saved answer
 * would let the retry act twice. What falls due with the passing of time is a line a step, without an answer.
 */
export interface JournalEntry {
  changes: Change[];
  answer?: SavedAnswer;
}
