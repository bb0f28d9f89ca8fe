/**
 * Runs work a bounded number at a time and takes turns between keys: one that has a thousand requests waiting delays another's next by one
 * request and not by a thousand. How many may wait is bounded by whoever lets them in (`KeyLimits`).
 */
export class FairQueue {
  // In the order of their turns: a key whose work was started goes to the end.
  readonly #waiting = new Map<string, (() => void)[]>();
  #running = 0;

  constructor(private readonly parallelMax: number) {}

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.parallelMax) await this.#turn(key);
    else this.#running++;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #turn(key: string): Promise<void> {
    return new Promise((start) => {
      const line = this.#waiting.get(key);
      if (line) line.push(start);
      else this.#waiting.set(key, [start]);
    });
  }

  // The place of what has ended goes to the key whose turn it is.
  #passOn(): void {
    for (const [key, line] of this.#waiting) {
      const start = line.shift();
      this.#waiting.delete(key);
      if (line.length > 0) this.#waiting.set(key, line);
      if (start) return start();
    }
    this.#running--;
  }
}
