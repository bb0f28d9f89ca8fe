/*
 * Looking through what was sent takes place on the receiver's only thread, by patterns that an organization makes. RE2 needs time in
 * proportion to text times pattern and not 2^n, and that can still be seconds for one match in 64 KiB, or for many short ones (`a.*b|a`). So
 * it is given a time, for a body and for all bodies of a request, and stopped where it stands.
 */

const BODY_MS_MAX = 100;
const REQUEST_MS_MAX = 250;

/** What is left of the time for the bodies of one request. */
export class RedactionTime {
  #leftMs: number;

  constructor(
    requestMsMax = REQUEST_MS_MAX,
    private readonly bodyMsMax = BODY_MS_MAX,
    private readonly nowMs = () => performance.now(),
  ) {
    this.#leftMs = requestMsMax;
  }

  /** @returns undefined when there was no time for it, or not enough */
  spend<Result>(redact: (deadline: Deadline) => Result): Result | undefined {
    const startedAtMs = this.nowMs();
    const deadline = new Deadline(startedAtMs + Math.min(this.#leftMs, this.bodyMsMax), this.nowMs);
    try {
      deadline.check();
      return redact(deadline);
    } catch (error) {
      if (error instanceof OutOfTime) return undefined;
      throw error;
    } finally {
      this.#leftMs -= this.nowMs() - startedAtMs;
    }
  }
}

class OutOfTime extends Error {}

export class Deadline {
  constructor(
    private readonly atMs: number,
    private readonly nowMs: () => number,
  ) {}

  /** Stops what `spend` runs when its time is over. */
  check(): void {
    if (this.nowMs() >= this.atMs) throw new OutOfTime();
  }
}

const READS_A_LOOK = 64;

/** A text that checks the deadline while it is read. RE2 reads the next character after each of its steps, and nothing else can stop it. */
export class TimedText extends String {
  readonly #text: string;
  #readsLeft = READS_A_LOOK;

  constructor(
    text: string,
    private readonly deadline: Deadline,
  ) {
    super(text);
    this.#text = text;
  }

  override charCodeAt(index: number): number {
    if (--this.#readsLeft === 0) {
      this.#readsLeft = READS_A_LOOK;
      this.deadline.check();
    }
    return this.#text.charCodeAt(index);
  }

  override indexOf(searched: string, from?: number): number {
    this.deadline.check();
    return this.#text.indexOf(searched, from);
  }
}
