/**
 * Remembers what was worked out for a pair of names, without building a key for every look: two lookups, no allocation.
 *
 * Senders choose the names, so it is bounded: it starts over when full, which costs a busy fleet nothing, because it uses
 * hundreds of names and not thousands.
 */
export class PairCache<V> {
  readonly #pairsMax: number;
  readonly #byFirst = new Map<string, Map<string, V>>();
  #size = 0;

  constructor(pairsMax: number) {
    this.#pairsMax = pairsMax;
  }

  /** Number of pairs held. */
  get size(): number {
    return this.#size;
  }

  /** What is remembered for the pair; otherwise works it out and remembers it. */
  getOr(first: string, second: string, workOut: (first: string, second: string) => V): V {
    const known = this.#byFirst.get(first)?.get(second);
    if (known !== undefined) return known;
    const value = workOut(first, second);
    if (this.#size >= this.#pairsMax) {
      this.#byFirst.clear();
      this.#size = 0;
    }
    const bySecond = this.#byFirst.get(first) ?? new Map<string, V>();
    this.#byFirst.set(first, bySecond.set(second, value));
    this.#size++;
    return value;
  }
}
