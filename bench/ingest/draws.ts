/** Reproducible randomness: xorshift128 (Marsaglia, "Xorshift RNGs", 2003). Same seed, same draws. */
export class Draws {
  #x: number;
  #y = 362_436_069;
  #z = 521_288_629;
  #w = 88_675_123;

  constructor(seed: number) {
    this.#x = seed >>> 0 || 1;
    for (let n = 0; n < 16; n++) this.#next();
  }

  /** 0 to below `bound`, a positive integer up to 2^32. */
  integer(bound: number): number {
    return Math.floor((this.#next() / 4_294_967_296) * bound);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)] as T;
  }

  bytes(length: number): Buffer {
    const out = Buffer.alloc(length);
    for (let at = 0; at < length; at++) out[at] = this.#next() >>> 24;
    return out;
  }

  #next(): number {
    const t = this.#x ^ (this.#x << 11);
    this.#x = this.#y;
    this.#y = this.#z;
    this.#z = this.#w;
    this.#w = (this.#w ^ (this.#w >>> 19) ^ t ^ (t >>> 8)) >>> 0;
    return this.#w;
  }
}
