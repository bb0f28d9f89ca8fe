/**
 * Drains the outbox to Stripe.
 *
 * Invariants: strictly one call under way per customer and meter (Stripe answers a second one with 429), in the order of booking; queues
 * do not wait for each other, and all together keep below Stripe's limit. An event is claimed before it is sent and settled after
 * (delivery-state.ts), so that no moment of a crash leaves it looking unsent. A failed event is skipped, and seen in the outbox counts and
 * by reconciliation; an ambiguous one holds its own queue until it is known.
 * Safe to repeat, and from several workers at once: a queue is leased, and identifier and idempotency key are the event's own.
 * Speed: queues are claimed and settled by the hundred, two lots in turn, so that the next are read while the last are sent
 * (`npm run bench:billing`). Claiming event by event took six statements each, and a third of the rate that Stripe allows.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Clock, DomainError, forEachBounded } from '#platform';
import { OutboxStore, type ClaimedEvent, type ClaimedQueue, type SettledEvent } from '../outbox/outbox.store.js';
import type { SendAnswer } from '../stripe/send-answer.js';
import { StripeDirectory } from '../stripe/stripe-directory.js';
import { StripeGateway } from '../stripe/stripe.gateway.js';
import { SEND_WITHIN_MS, settlementOf, unclaimed } from './delivery-state.js';
import { Pacer } from './pacer.js';

/** Nest token of a source of randomness, `() => [0, 1)`: only for jitter. */
export const RANDOM = Symbol('RANDOM');

const CLAIM = { queues: 200, eventsPerQueue: 20 };
const LOTS_AT_ONCE = 2;
const CALLS_AT_ONCE_PER_LOT = 24;
/** A run ends, so that the caller's lease does not run out under it; the next one goes on. */
const RUN_MS = 40_000;

/** How many attempts ended in which way. */
export type DeliveryReport = Record<SendAnswer['kind'], number>;

interface StripeIds {
  stripeCustomerId: string;
}

@Injectable()
export class DeliveryService {
  constructor(
    private readonly outbox: OutboxStore,
    private readonly directory: StripeDirectory,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
    private readonly pacer: Pacer,
    @Inject(RANDOM) private readonly random: () => number,
  ) {}

  /** Sends what is due of one organization. What Stripe does not take is tried again later, not thrown. */
  async deliverDue(organizationId: string): Promise<DeliveryReport> {
    const report: DeliveryReport = { accepted: 0, already_known: 0, retry: 0, ambiguous: 0, rejected: 0 };
    const endsAt = performance.now() + RUN_MS;
    const lot = async () => {
      while (performance.now() < endsAt && (await this.#deliverLot(organizationId, report)));
    };
    await Promise.all(Array.from({ length: LOTS_AT_ONCE }, lot));
    return report;
  }

  /** @returns whether there was anything to send */
  async #deliverLot(organizationId: string, report: DeliveryReport): Promise<boolean> {
    const claimedAt = this.clock.now();
    const queues = await this.outbox.claim(organizationId, claimedAt, CLAIM);
    if (queues.length === 0) return false;
    const settled: SettledEvent[] = [];
    try {
      await forEachBounded(queues, CALLS_AT_ONCE_PER_LOT, (queue) => this.#drain(queue, claimedAt, settled, report));
    } finally {
      const reached = new Set(settled.map(({ event }) => event.id));
      const rest = queues.flatMap(({ events }) => events).filter(({ id }) => !reached.has(id));
      await this.outbox.release(organizationId, queues, [...settled, ...rest.map((event) => ({ event, settlement: unclaimed(event.claim) }))], this.clock.now());
    }
    return true;
  }

  async #drain(queue: ClaimedQueue, claimedAt: Date, settled: SettledEvent[], report: DeliveryReport): Promise<void> {
    if (queue.events.length === 0) return;
    const ready = await this.#prepare(queue);
    for (const claimed of queue.events) {
      // Its claim would run out under the call, and somebody else take the queue.
      if (this.clock.now().getTime() - claimedAt.getTime() >= SEND_WITHIN_MS) return;
      const { event, answer } = ready.kind === 'ready' ? await this.#tellStripe(queue, claimed, ready) : { event: claimed, answer: ready };
      settled.push({ event, settlement: settlementOf(event.claim, answer, this.clock.now(), this.random()) });
      report[answer.kind] += 1;
      // The queue keeps its order: what is behind waits for its head.
      if (answer.kind === 'retry' || answer.kind === 'ambiguous') return;
    }
  }

  /** Cancels what the event takes back, where Stripe still does that; it says at once where it does not, and then is told the amount. */
  async #tellStripe({ eventName }: ClaimedQueue, event: ClaimedEvent, ids: StripeIds): Promise<{ event: ClaimedEvent; answer: SendAnswer }> {
    await this.pacer.turn();
    if (event.method === 'cancel' && event.reversesIdentifier !== null) {
      const answer = await this.gateway.cancelMeterEvent({ eventName, identifier: event.reversesIdentifier, idempotencyKey: event.identifier });
      if (answer.kind !== 'rejected') return { event, answer };
      await this.pacer.turn();
    }
    const sent = { ...event, method: 'event' as const };
    return { event: sent, answer: await this.gateway.sendMeterEvent({ ...sent, eventName, stripeCustomerId: ids.stripeCustomerId }) };
  }

  /** Stripe must know customer and meter first. Failing here is failing before the event was sent, and no fault of the event: it waits. */
  async #prepare({ organizationId, customerId, eventName, ...known }: ClaimedQueue): Promise<({ kind: 'ready' } & StripeIds) | Extract<SendAnswer, { kind: 'retry' }>> {
    try {
      const stripeCustomerId = known.stripeCustomerId ?? (await this.directory.ensureCustomer(organizationId, customerId));
      if (known.stripeMeterId === null) await this.directory.ensureMeter(organizationId, eventName);
      return { kind: 'ready', stripeCustomerId };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { kind: 'retry', afterMs: 0, reason: `${error.code}: ${error.message}` };
    }
  }
}
