import type { PriceObject } from '../catalogue/price.js';
import type { ProductObject } from '../catalogue/product.js';
import type { CustomerObject } from '../customers/customer.js';
import type { MeterEventRecord } from '../meters/meter-event.js';
import type { MeterObject } from '../meters/meter.js';
import type { SubscriptionRecord } from '../subscriptions/subscription.js';

/** What is kept under its id. */
export type StoredObject = CustomerObject | MeterObject | ProductObject | PriceObject | SubscriptionRecord;

/** One change of the state. Applying the changes of the journal in order gives the state back. */
export type Change =
  | { kind: 'put'; object: StoredObject }
  | { kind: 'meter_event'; record: MeterEventRecord }
  | { kind: 'cancel_meter_event'; identifier: string };

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
 * would let the retry act twice.
 */
export interface JournalEntry {
  changes: Change[];
  answer?: SavedAnswer;
}
