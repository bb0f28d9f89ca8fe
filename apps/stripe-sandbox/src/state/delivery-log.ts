import type { Delivery } from '../webhooks/delivery.js';

/** Every delivery there was, and beside it those still to be made, so that looking for due ones costs nothing when there are none. */
export class DeliveryLog {
  readonly #byId = new Map<string, Delivery>();
  readonly #pending = new Map<string, Delivery>();
  readonly #idsByEvent = new Map<string, Set<string>>();

  put(delivery: Delivery): void {
    this.#byId.set(delivery.id, delivery);
    if (delivery.status === 'pending') this.#pending.set(delivery.id, delivery);
    else this.#pending.delete(delivery.id);
    const ids = this.#idsByEvent.get(delivery.event) ?? new Set();
    this.#idsByEvent.set(delivery.event, ids.add(delivery.id));
  }

  find(id: string): Delivery | undefined {
    return this.#byId.get(id);
  }

  /** Oldest first. */
  values(): Iterable<Delivery> {
    return this.#byId.values();
  }

  /** Oldest first. */
  pending(): Iterable<Delivery> {
    return this.#pending.values();
  }

  ofEvent(event: string): Delivery[] {
    return [...(this.#idsByEvent.get(event) ?? [])].flatMap((id) => this.#byId.get(id) ?? []);
  }
}
