/**
 * Drains the outbox to Stripe.
 *
 * Invariants: strictly one call under way per customer and meter (Stripe answers a second one with 429), in the order of booking; queues
 * do not wait for each other. An event is claimed before it is sent and settled after (delivery-state.ts), so that no moment of a crash
 * leaves it looking unsent. A failed event is skipped, and seen in the outbox counts and by reconciliation; an ambiguous one holds its own
 * queue until it is known.
 * Safe to repeat, and from several workers at once: a claim excludes, and identifier and idempotency key are the event's own id.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Clock, DomainError, forEachBounded } from '#platform';
import { OutboxStore, type ClaimedEvent, type Queue } from '../outbox/outbox.store.js';
import type { SendAnswer } from '../stripe/send-answer.js';
import { StripeDirectory } from '../stripe/stripe-directory.js';
import { StripeGateway } from '../stripe/stripe.gateway.js';
import { settlementOf } from './delivery-state.js';

/** Nest token of a source of randomness, `() => [0, 1)`: only for jitter. */
export const RANDOM = Symbol('RANDOM');

const QUEUES_AT_ONCE_MAX = 8;
/** A run ends, so that the caller's lease does not run out under it; the next one goes on. */
const EVENTS_PER_QUEUE_AND_RUN_MAX = 500;

/** How many attempts ended in which way. */
export type DeliveryReport = Record<SendAnswer['kind'], number>;

@Injectable()
export class DeliveryService {
  constructor(
    private readonly outbox: OutboxStore,
    private readonly directory: StripeDirectory,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
    @Inject(RANDOM) private readonly random: () => number,
  ) {}

  /** Sends what is due of one organization. What Stripe does not take is tried again later, not thrown. */
  async deliverDue(organizationId: string): Promise<DeliveryReport> {
    const report: DeliveryReport = { accepted: 0, already_known: 0, retry: 0, ambiguous: 0, rejected: 0 };
    const queues = await this.outbox.dueQueues(organizationId, this.clock.now());
    await forEachBounded(queues, QUEUES_AT_ONCE_MAX, (queue) => this.#drain(queue, report));
    return report;
  }

  async #drain(queue: Queue, report: DeliveryReport): Promise<void> {
    for (let sent = 0; sent < EVENTS_PER_QUEUE_AND_RUN_MAX; sent += 1) {
      const event = await this.outbox.claimNext(queue, this.clock.now());
      if (!event) return;
      const answer = await this.#tellStripe(event);
      await this.outbox.settle(event, settlementOf(event.claim, answer, this.clock.now(), this.random()));
      report[answer.kind] += 1;
      // The queue keeps its order: what is behind waits for its head.
      if (answer.kind === 'retry' || answer.kind === 'ambiguous') return;
    }
  }

  async #tellStripe(event: ClaimedEvent): Promise<SendAnswer> {
    const ready = await this.#prepare(event);
    return ready.kind === 'ready' ? this.gateway.sendMeterEvent({ ...event, stripeCustomerId: ready.stripeCustomerId }) : ready;
  }

  /** Stripe must know customer and meter first. Failing here is failing before the event was sent, and no fault of the event: it waits. */
  async #prepare({ organizationId, customerId, eventName }: Queue): Promise<{ kind: 'ready'; stripeCustomerId: string } | Extract<SendAnswer, { kind: 'retry' }>> {
    try {
      const stripeCustomerId = await this.directory.ensureCustomer(organizationId, customerId);
      await this.directory.ensureMeter(organizationId, eventName);
      return { kind: 'ready', stripeCustomerId };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { kind: 'retry', afterMs: 0, reason: `${error.code}: ${error.message}` };
    }
  }
}
