/**
 * Runs work a bounded number at a time and takes turns between keys: one that has a thousand requests waiting delays another's next by one
 * request and not by a thousand. How many may wait is bounded by whoever lets them in (`KeyLimits`).
 *
 * One piece of work is started in each turn of the event loop. Reading a body is work for the processor that nothing interrupts: started as
 * soon as there is room, the bodies of one key that came in together were all read before the loop looked at its sockets again, and another
 * key's request was behind hundreds of them without ever having stood in a line (test/integration/ingest-fairness.spec.ts).
 */
export class FairQueue {
  // In the order of their turns: a key whose work was started goes to the end.
  readonly #waiting = new Map<string, (() => void)[]>();
  #running = 0;
  #isScheduled = false;

  constructor(private readonly parallelMax: number) {}

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    await this.#turn(key);
    try {
      return await work();
    } finally {
      this.#running--;
      this.#schedule();
    }
  }

  #turn(key: string): Promise<void> {
    return new Promise((start) => {
      const line = this.#waiting.get(key);
      if (line) line.push(start);
      else this.#waiting.set(key, [start]);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#running >= this.parallelMax || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#startNext();
      this.#schedule();
    });
  }

  #startNext(): void {
    const [next] = this.#waiting;
    if (!next) return;
    const [key, line] = next;
    const start = line.shift();
    this.#waiting.delete(key);
    if (line.length > 0) this.#waiting.set(key, line);
    this.#running++;
    start?.();
  }
}
