import type { PriceObject } from '../catalogue/price.js';
import type { ProductObject } from '../catalogue/product.js';
import type { CreditNoteObject } from '../credit-notes/credit-note.js';
import { completeCustomer, type CustomerObject } from '../customers/customer.js';
import type { EventObject } from '../events/event.js';
import type { ThinEventObject } from '../events/thin-event.js';
import type { InvoiceRecord } from '../invoices/invoice.js';
import type { MeterObject } from '../meters/meter.js';
import { completeSubscription, type SubscriptionRecord } from '../subscriptions/subscription.js';
import type { TestClockObject } from '../time/test-clock.js';
import type { EventDestinationRecord } from '../webhooks/event-destination.js';
import type { WebhookEndpointRecord } from '../webhooks/webhook-endpoint.js';
import { Collection } from './collection.js';
import { DeliveryLog } from './delivery-log.js';
import type { JournalEntry, RemovableKind, SavedAnswer, StoredObject } from './journal-entry.js';
import { MeterUsage } from './meter-usage.js';

/** For how long a key's answer is kept. Stripe prunes keys "after they are at least 24 hours old". */
const ANSWER_MEMORY_SECONDS = 86_400;

const FALLING_DUE = new Set<StoredObject['object']>(['customer', 'subscription', 'invoice', 'test_helpers.test_clock']);

/** Everything the sandbox knows, in memory. It changes only by `apply`, at run time and when the journal is read back. */
export class SandboxState {
  readonly customers = new Collection<CustomerObject>('customer');
  readonly meters = new Collection<MeterObject>('billing meter');
  readonly products = new Collection<ProductObject>('product');
  readonly prices = new Collection<PriceObject>('price');
  readonly subscriptions = new Collection<SubscriptionRecord>('subscription');
  readonly invoices = new Collection<InvoiceRecord>('invoice');
  readonly creditNotes = new Collection<CreditNoteObject>('credit note');
  readonly testClocks = new Collection<TestClockObject>('test clock');
  readonly events = new Collection<EventObject>('event');
  readonly thinEvents = new Collection<ThinEventObject>('event');
  readonly webhookEndpoints = new Collection<WebhookEndpointRecord>('webhook endpoint');
  readonly eventDestinations = new Collection<EventDestinationRecord>('event destination');
  readonly deliveries = new DeliveryLog();
  readonly usage = new MeterUsage();
  /** In the order they were saved. */
  readonly #answers = new Map<string, SavedAnswer>();
  #scheduleChanges = 0;

  /** How often something changed that falls due some day: as long as it stays the same, what is due next does too. */
  get scheduleChanges(): number {
    return this.#scheduleChanges;
  }

  apply({ changes, answer }: JournalEntry): void {
    for (const change of changes) {
      switch (change.kind) {
        case 'put':
          this.#put(change.object);
          if (FALLING_DUE.has(change.object.object)) this.#scheduleChanges += 1;
          break;
        case 'remove':
          this.#removable(change.object).remove(change.id);
          if (FALLING_DUE.has(change.object)) this.#scheduleChanges += 1;
          break;
        case 'meter_event':
          this.usage.add(change.record);
          break;
        case 'cancel_meter_event':
          this.usage.cancel(change.identifier);
          break;
        case 'meter_errors_reported':
          this.usage.markReported(change.identifiers);
          break;
      }
    }
    if (answer) this.#save(answer);
  }

  savedAnswer(key: string, now: number): SavedAnswer | undefined {
    const answer = this.#answers.get(key);
    return answer && now - answer.savedAt < ANSWER_MEMORY_SECONDS ? answer : undefined;
  }

  #put(object: StoredObject): void {
    switch (object.object) {
      case 'customer':
        return this.customers.put(completeCustomer(object));
      case 'billing.meter':
        return this.meters.put(object);
      case 'product':
        return this.products.put(object);
      case 'price':
        return this.prices.put(object);
      case 'subscription':
        return this.subscriptions.put(completeSubscription(object));
      case 'invoice':
        return this.invoices.put(object);
      case 'credit_note':
        return this.creditNotes.put(object);
      case 'test_helpers.test_clock':
        return this.testClocks.put(object);
      case 'event':
        return this.events.put(object);
      case 'v2.core.event':
        return this.thinEvents.put(object);
      case 'webhook_endpoint':
        return this.webhookEndpoints.put(object);
      case 'v2.core.event_destination':
        return this.eventDestinations.put(object);
      case 'sandbox.delivery':
        return this.deliveries.put(object);
    }
  }

  #removable(kind: RemovableKind): { remove(id: string): void } {
    switch (kind) {
      case 'customer':
        return this.customers;
      case 'subscription':
        return this.subscriptions;
      case 'invoice':
        return this.invoices;
      case 'test_helpers.test_clock':
        return this.testClocks;
      case 'webhook_endpoint':
        return this.webhookEndpoints;
      case 'v2.core.event_destination':
        return this.eventDestinations;
    }
  }

  #save(answer: SavedAnswer): void {
    this.#answers.delete(answer.key);
    this.#answers.set(answer.key, answer);
    for (const [key, { savedAt }] of this.#answers) {
      if (answer.savedAt - savedAt < ANSWER_MEMORY_SECONDS) break;
      this.#answers.delete(key);
    }
  }
}
