import { DomainError, type Clock } from '#platform';

export interface KeyLimitOptions {
  bytesPerSecondMax: number;
  requestsMax: number;
  clock: Clock;
}

interface Usage {
  requests: number;
  /** Bytes that may be sent; below zero after a request that was larger than what was left. */
  balance: number;
  countedAtMs: number;
}

// What a key that was silent may send at once: seconds of its rate.
const BURST_SECONDS = 4;
const BUSY_RETRY_AFTER_SECONDS = 1;
const KEYS_MAX = 10_000;

/**
 * What one API key may send: a token bucket in bytes after decompression, and a number of requests under way. A request is let in while the
 * balance is above zero and pays when its size is known, so that the rate holds and no size is guessed.
 */
export class KeyLimits {
  readonly #usage = new Map<string, Usage>();

  constructor(private readonly options: KeyLimitOptions) {}

  /**
   * Lets a request of a key in.
   * @returns what to call when it has ended
   * @throws DomainError `key_busy`, `key_rate_exceeded`, both with `retryAfterSeconds`
   */
  enter(keyId: string): () => void {
    const usage = this.#usageOf(keyId);
    if (usage.requests >= this.options.requestsMax) {
      throw limited('key_busy', BUSY_RETRY_AFTER_SECONDS, `This API key has ${usage.requests} requests under way (limit: INGEST_KEY_REQUESTS_MAX)`);
    }
    if (usage.balance <= 0) {
      const seconds = Math.max(1, Math.ceil(-usage.balance / this.options.bytesPerSecondMax));
      throw limited('key_rate_exceeded', seconds, `This API key sends more than ${this.options.bytesPerSecondMax} bytes a second (limit: INGEST_KEY_BYTES_PER_SECOND_MAX)`);
    }
    usage.requests++;
    return () => void usage.requests--;
  }

  /** Takes the bytes of a request, as they are after decompression. */
  pay(keyId: string, bytes: number): void {
    this.#usageOf(keyId).balance -= bytes;
  }

  #usageOf(keyId: string): Usage {
    const { bytesPerSecondMax, clock } = this.options;
    const nowMs = clock.now().getTime();
    const burst = bytesPerSecondMax * BURST_SECONDS;
    let usage = this.#usage.get(keyId);
    if (!usage) {
      if (this.#usage.size >= KEYS_MAX) this.#forgetIdle();
      this.#usage.set(keyId, (usage = { requests: 0, balance: burst, countedAtMs: nowMs }));
    }
    usage.balance = Math.min(burst, usage.balance + ((nowMs - usage.countedAtMs) / 1000) * bytesPerSecondMax);
    usage.countedAtMs = nowMs;
    return usage;
  }

  #forgetIdle(): void {
    for (const [keyId, { requests, balance }] of this.#usage) if (requests === 0 && balance > 0) this.#usage.delete(keyId);
  }
}

function limited(code: string, retryAfterSeconds: number, why: string): DomainError {
  return new DomainError({ kind: 'rate_limited', code, message: `${why}: send again in ${retryAfterSeconds} s`, details: { retryAfterSeconds } });
}
