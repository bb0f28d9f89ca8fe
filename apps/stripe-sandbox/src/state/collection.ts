import { resourceMissing } from '../http/stripe-error.js';

/** The objects of one kind. */
export class Collection<Item extends { id: string }> {
  readonly #byId = new Map<string, Item>();

  /** `noun` is what Stripe calls it in "No such ...". */
  constructor(private readonly noun: string) {}

  put(item: Item): void {
    this.#byId.set(item.id, item);
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  find(id: string): Item | undefined {
    return this.#byId.get(id);
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
