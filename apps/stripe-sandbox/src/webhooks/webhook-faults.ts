import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Delivery } from './delivery.js';

const times = z.int().min(1).max(1_000_000);

/** The body of `POST /sandbox/faults` for webhooks. What is given again replaces what there was. */
export const webhookFaultParams = z.strictObject({
  webhooks: z.strictObject({
    /** So many deliveries are made twice at once in their first attempt. */
    duplicate: times.optional(),
    /** So many deliveries are lost in their first attempt, and repeated like any other that failed. */
    drop: times.optional(),
    /** Every attempt waits so long, in real time, before it is sent. */
    delay_ms: z.int().min(0).max(60_000).optional(),
    /** Deliveries are held back until `POST /sandbox/tick`, and then made one after another, the newest first. */
    reverse: z.boolean().optional(),
  }),
});

/** Kept in memory only, like the faults of calls. */
@Injectable()
export class WebhookFaults {
  #duplicate = 0;
  #drop = 0;
  #delayMs = 0;
  #isReversing = false;

  set({ webhooks }: z.output<typeof webhookFaultParams>): void {
    this.#duplicate = webhooks.duplicate ?? this.#duplicate;
    this.#drop = webhooks.drop ?? this.#drop;
    this.#delayMs = webhooks.delay_ms ?? this.#delayMs;
    this.#isReversing = webhooks.reverse ?? this.#isReversing;
  }

  clear(): void {
    this.#duplicate = 0;
    this.#drop = 0;
    this.#delayMs = 0;
    this.#isReversing = false;
  }

  get isReversing(): boolean {
    return this.#isReversing;
  }

  /** What befalls one attempt; a loss comes before a duplicate. */
  take({ attempts }: Delivery): { isLost: boolean; isDuplicated: boolean; delayMs: number } {
    const isFirst = attempts.length === 0;
    const isLost = isFirst && this.#drop > 0;
    if (isLost) this.#drop -= 1;
    const isDuplicated = isFirst && !isLost && this.#duplicate > 0;
    if (isDuplicated) this.#duplicate -= 1;
    return { isLost, isDuplicated, delayMs: this.#delayMs };
  }

  /** Those left. */
  show() {
    return { duplicate: this.#duplicate, drop: this.#drop, delay_ms: this.#delayMs, reverse: this.#isReversing };
  }
}
