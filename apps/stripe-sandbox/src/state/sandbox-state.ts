import type { PriceObject } from '../catalogue/price.js';
import type { ProductObject } from '../catalogue/product.js';
import type { CustomerObject } from '../customers/customer.js';
import { resourceMissing } from '../http/stripe-error.js';
import type { MeterObject } from '../meters/meter.js';
import type { SubscriptionRecord } from '../subscriptions/subscription.js';
import type { JournalEntry, SavedAnswer, StoredObject } from './journal-entry.js';
import { MeterUsage } from './meter-usage.js';

/** For how long a key's answer is kept. Stripe prunes keys "after they are at least 24 hours old". */
const ANSWER_MEMORY_SECONDS = 86_400;

/** Everything the sandbox knows, in memory. It changes only by `apply`, at run time and when the journal is read back. */
export class SandboxState {
  readonly customers = new Collection<CustomerObject>('customer');
  readonly meters = new Collection<MeterObject>('billing meter');
  readonly products = new Collection<ProductObject>('product');
  readonly prices = new Collection<PriceObject>('price');
  readonly subscriptions = new Collection<SubscriptionRecord>('subscription');
  readonly usage = new MeterUsage();
  /** In the order they were saved. */
  readonly #answers = new Map<string, SavedAnswer>();

  apply({ changes, answer }: JournalEntry): void {
    for (const change of changes) {
      switch (change.kind) {
        case 'put':
          this.#put(change.object);
          break;
        case 'meter_event':
          this.usage.add(change.record);
          break;
        case 'cancel_meter_event':
          this.usage.cancel(change.identifier);
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
        this.customers.put(object);
        break;
      case 'billing.meter':
        this.meters.put(object);
        break;
      case 'product':
        this.products.put(object);
        break;
      case 'price':
        this.prices.put(object);
        break;
      case 'subscription':
        this.subscriptions.put(object);
        break;
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

/** The objects of one kind. */
class Collection<Item extends { id: string }> {
  readonly #byId = new Map<string, Item>();

  /** `noun` is what Stripe calls it in "No such ...". */
  constructor(private readonly noun: string) {}

  put(item: Item): void {
    this.#byId.set(item.id, item);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** The object that the address names. @throws StripeError 404 */
  get(id: string): Item {
    return this.#find(id, { param: 'id', inAddress: true });
  }

  /** The object that a parameter names. @throws StripeError 400 */
  named(id: string, param: string): Item {
    return this.#find(id, { param });
  }

  /** Oldest first. */
  values(): Iterable<Item> {
    return this.#byId.values();
  }

  /** In the order of Stripe's lists. */
  newestFirst(): Item[] {
    return [...this.#byId.values()].reverse();
  }

  get size(): number {
    return this.#byId.size;
  }

  #find(id: string, where: { param: string; inAddress?: boolean }): Item {
    const item = this.#byId.get(id);
    if (!item) throw resourceMissing(this.noun, id, where);
    return item;
  }
}
