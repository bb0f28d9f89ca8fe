import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets so many calls a second pass, evenly: Stripe answers what is above its limit with 429, and every such answer is a call that was made
 * for nothing. Calls that could not be made in time are made up for within a short while, so that a pause of the process costs no throughput.
 */
export class Pacer {
  #nextAtMs = 0;

  /** @param nowMs a monotonic time, in milliseconds */
  constructor(
    private readonly callsPerSecond: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Resolves when the next call may be made. */
  async turn(): Promise<void> {
    const now = this.nowMs();
    const at = Math.max(this.#nextAtMs, now - CATCH_UP_MS);
    this.#nextAtMs = at + 1000 / this.callsPerSecond;
    if (at > now) await sleep(at - now);
  }
}

/** How far a burst may make up for a pause. */
const CATCH_UP_MS = 50;
