import { DomainError, type Clock } from '#platform';

export interface KeyLimitOptions {
  /** Of one key, on average. */
  bytesPerSecondMax: number;
  /** Of one key, under way at the same time. */
  requestsMax: number;
  /** Of all keys, in memory at the same time. */
  heldBytesMax: number;
  clock: Clock;
}

/** A request that was let in. */
export interface Pass {
  /**
   * Takes room for bytes of the request that are about to be in memory, until it leaves.
   * @throws DomainError `key_busy`, `receiver_busy`, both with `retryAfterSeconds`
   */
  hold: (bytes: number) => void;
  /** Takes the bytes of the request, as they are after decompression, from what the key may send. */
  pay: (bytes: number) => void;
  /** Call it when the request has ended; a second time changes nothing. */
  leave: () => void;
}

interface Usage {
  requests: number;
  heldBytes: number;
  /** Bytes that may be sent; below zero after a request that was larger than what was left. */
  balance: number;
  countedAtMs: number;
}

// What a key that was silent may send at once: seconds of its rate.
const BURST_SECONDS = 4;
const BUSY_RETRY_AFTER_SECONDS = 1;
const KEYS_MAX = 10_000;

/**
 * What one API key may send: a token bucket in bytes after decompression, a number of requests under way, and a share of the memory that
 * requests are read into. A request is let in while the balance is above zero and pays when its size is known, so that the rate holds and no
 * size is guessed.
 *
 * A key may hold as much as it leaves free (Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", IEEE/ACM
 * Transactions on Networking 6(2), 1998, with alpha = 1): one alone half of all there is, two a third each, and a third one always finds some. A key that holds nothing may have all that is left.
 */
export class KeyLimits {
  readonly #usage = new Map<string, Usage>();
  #heldBytes = 0;

  constructor(private readonly options: KeyLimitOptions) {}

  /**
   * Lets a request of a key in.
   * @throws DomainError `key_busy`, `key_rate_exceeded`, both with `retryAfterSeconds`
   */
  enter(keyId: string): Pass {
    const usage = this.#usageOf(keyId);
    if (usage.requests >= this.options.requestsMax) throw keyBusy(`${usage.requests} requests under way (limit: INGEST_KEY_REQUESTS_MAX)`);
    if (usage.balance <= 0) {
      const seconds = Math.max(1, Math.ceil(-usage.balance / this.options.bytesPerSecondMax));
      throw limited('key_rate_exceeded', seconds, `This API key sends more than ${this.options.bytesPerSecondMax} bytes a second (limit: INGEST_KEY_BYTES_PER_SECOND_MAX)`);
    }
    usage.requests++;
    let held = 0;
    let isOver = false;
    return {
      hold: (bytes) => {
        this.#hold(usage, bytes);
        held += bytes;
      },
      pay: (bytes) => void (usage.balance -= bytes),
      leave: () => {
        if (isOver) return;
        isOver = true;
        usage.requests--;
        usage.heldBytes -= held;
        this.#heldBytes -= held;
      },
    };
  }

  #hold(usage: Usage, bytes: number): void {
    const free = this.options.heldBytesMax - this.#heldBytes;
    if (usage.heldBytes > 0 && usage.heldBytes + bytes > free - bytes) throw keyBusy(`${usage.heldBytes} bytes under way, and no more room for others (limit: INGEST_HELD_BYTES_MAX)`);
    if (bytes > free) throw receiverBusy();
    usage.heldBytes += bytes;
    this.#heldBytes += bytes;
  }

  #usageOf(keyId: string): Usage {
    const { bytesPerSecondMax, clock } = this.options;
    const nowMs = clock.now().getTime();
    const burst = bytesPerSecondMax * BURST_SECONDS;
    let usage = this.#usage.get(keyId);
    if (!usage) {
      if (this.#usage.size >= KEYS_MAX) this.#forgetIdle();
      this.#usage.set(keyId, (usage = { requests: 0, heldBytes: 0, balance: burst, countedAtMs: nowMs }));
    }
    usage.balance = Math.min(burst, usage.balance + ((nowMs - usage.countedAtMs) / 1000) * bytesPerSecondMax);
    usage.countedAtMs = nowMs;
    return usage;
  }

  #forgetIdle(): void {
    for (const [keyId, { requests, balance }] of this.#usage) if (requests === 0 && balance > 0) this.#usage.delete(keyId);
  }
}

function keyBusy(what: string): DomainError {
  return limited('key_busy', BUSY_RETRY_AFTER_SECONDS, `This API key has ${what}`);
}

function limited(code: string, retryAfterSeconds: number, why: string): DomainError {
  return new DomainError({ kind: 'rate_limited', code, message: `${why}: send again in ${retryAfterSeconds} s`, details: { retryAfterSeconds } });
}

function receiverBusy(): DomainError {
  return new DomainError({
    kind: 'unavailable',
    code: 'receiver_busy',
    message: `The requests under way leave no room for this one (limit: INGEST_HELD_BYTES_MAX): send again in ${BUSY_RETRY_AFTER_SECONDS} s`,
    details: { retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS },
  });
}
