/**
 * Delivers events by webhook: several at once and so in no order, again and again until a 2xx, and each attempt is written down.
 *
 * An attempt begins when its event is on disk, so that nobody is told what a crash could take back, and is written down when it is over: a
 * crash in between delivers once more. Receivers have to live with both, as with Stripe.
 */
import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import { messageOf } from '#platform';
import { showEvent } from '../events/event.js';
import { notificationOf } from '../events/thin-event.js';
import type { Change } from '../state/journal-entry.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { afterAttempt, drop, type Delivery, type DeliveryAttempt } from './delivery.js';
import { WebhookFaults } from './webhook-faults.js';

const CONCURRENT_MAX = 8;
const ATTEMPT_TIMEOUT_MS = 10_000;

interface Letter {
  url: string;
  secret: string;
  payload: string;
}

@Injectable()
export class Deliverer {
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(
    private readonly store: SandboxStore,
    private readonly faults: WebhookFaults,
  ) {}

  /** Starts what is due, as far as there is room. `isTick`: also what is held back to be delivered in reverse. */
  deliverDue(options: { isTick: boolean } = { isTick: false }): void {
    if (this.#stopping.signal.aborted || (this.faults.isReversing && !options.isTick)) return;
    const now = this.store.now();
    const due = [...this.store.state.deliveries.pending()].filter(
      ({ id, next_attempt_at: at }) => at !== null && at <= now && !this.#underWay.has(id),
    );
    const room = (this.faults.isReversing ? 1 : CONCURRENT_MAX) - this.#underWay.size;
    for (const delivery of (this.faults.isReversing ? due.reverse() : due).slice(0, Math.max(0, room))) {
      // A failure is the journal's, which every call of the API reports too.
      const attempt = this.#attempt(delivery).catch(() => undefined);
      this.#underWay.set(delivery.id, attempt);
      void attempt.then(() => this.#underWay.delete(delivery.id));
    }
  }

  /** Attempts everything that is due once, and waits for it. */
  async attemptDue(options: { isTick: boolean }): Promise<void> {
    for (;;) {
      this.deliverDue(options);
      if (this.#underWay.size === 0) return;
      await Promise.race(this.#underWay.values());
    }
  }

  /** Breaks off what is under way; it is delivered again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay.values());
  }

  async #attempt(delivery: Delivery): Promise<void> {
    await this.store.settled();
    const letter = this.#letter(delivery);
    if (!letter) return this.#record(drop(delivery));
    const fault = this.faults.take(delivery);
    if (fault.delayMs > 0) await sleep(fault.delayMs, undefined, { signal: this.#stopping.signal });
    const at = this.store.now();
    const answers = fault.isLost ? [LOST] : await Promise.all(Array.from({ length: fault.isDuplicated ? 2 : 1 }, () => this.#post(letter)));
    if (this.#stopping.signal.aborted) return;
    await this.#record(answers.reduce((recorded, answer) => afterAttempt(recorded, { at, ...answer }), delivery));
  }

  async #post({ url, secret, payload }: Letter): Promise<Omit<DeliveryAttempt, 'at'>> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: payload,
        // Signed with real time, whatever clock the sandbox was given: receivers compare it with theirs.
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret }),
          'user-agent': 'Stripe-Sandbox/1.0 (not Stripe)',
          connection: 'close',
        },
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      return { http_status: response.status, error: null };
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      return { http_status: null, error: messageOf(cause ?? error) };
    }
  }

  /** Undefined when the endpoint is gone or switched off. */
  #letter({ event, endpoint }: Delivery): Letter | undefined {
    const { state } = this.store;
    const webhook = state.webhookEndpoints.find(endpoint);
    if (webhook) {
      if (webhook.status !== 'enabled') return undefined;
      const pending = state.deliveries.ofEvent(event).filter(({ status }) => status === 'pending').length;
      return { url: webhook.url, secret: webhook.secret, payload: JSON.stringify(showEvent(state.events.get(event), pending)) };
    }
    const destination = state.eventDestinations.find(endpoint)?.webhook_endpoint;
    if (!destination) return undefined;
    return { url: destination.url, secret: destination.signing_secret, payload: JSON.stringify(notificationOf(state.thinEvents.get(event))) };
  }

  /** With the last delivery of a draft's `invoice.created`, its hour begins. */
  #record(delivery: Delivery): Promise<void> {
    const { state } = this.store;
    const changes: Change[] = [{ kind: 'put', object: delivery }];
    const invoice = delivery.status === 'pending' || delivery.invoice === null ? undefined : state.invoices.find(delivery.invoice);
    if (invoice && invoice.webhooksDeliveredAt === null) {
      const isLast = ![...state.deliveries.pending()].some(({ id, invoice: awaiting }) => awaiting === invoice.id && id !== delivery.id);
      if (isLast) changes.push({ kind: 'put', object: { ...invoice, webhooksDeliveredAt: this.store.timeOf(invoice.customer) } });
    }
    return this.store.commit({ changes });
  }
}

const LOST = { http_status: null, error: 'Lost, as asked for at /sandbox/faults.' };
