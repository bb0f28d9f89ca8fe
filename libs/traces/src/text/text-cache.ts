import { decodeUtf8 } from './utf8.js';

const PAIRS = 4096;
const BYTES_MAX = 96;

/**
 * What was made of a piece of UTF-8, by its bytes, so that the same attribute name is decoded and looked up once and not a million times.
 * Two places for each hash, the newer in front: bounded, nothing to evict, and two names that fall together do not drive each other out.
 */
export class TextCache<T> {
  readonly #keys = new Array<Uint8Array | undefined>(PAIRS * 2).fill(undefined);
  readonly #values = new Array<T | undefined>(PAIRS * 2).fill(undefined);

  constructor(private readonly make: (text: string) => T) {}

  get(bytes: Uint8Array, start: number, end: number): T {
    const length = end - start;
    if (length > BYTES_MAX) return this.make(decodeUtf8(bytes, start, end));
    const place = (hash(bytes, start, end) & (PAIRS - 1)) * 2;
    const first = this.#keys[place];
    if (first !== undefined && first.length === length && isAt(first, bytes, start)) return this.#values[place] as T;
    const second = this.#keys[place + 1];
    if (second !== undefined && second.length === length && isAt(second, bytes, start)) return this.#values[place + 1] as T;
    const value = this.make(decodeUtf8(bytes, start, end));
    this.#keys[place + 1] = first;
    this.#values[place + 1] = this.#values[place];
    // A plain Uint8Array of its own: a Buffer would be a view into a pool of Node's.
    this.#keys[place] = new Uint8Array(bytes.subarray(start, end));
    this.#values[place] = value;
    return value;
  }
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < key.length; at++) if (key[at] !== bytes[start + at]) return false;
  return true;
}

// FNV-1a over the length and the last bytes: names share their beginnings.
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = Math.imul(0x811c9dc5 ^ (end - start), 0x01000193);
  for (let at = Math.max(start, end - 10); at < end; at++) value = Math.imul(value ^ (bytes[at] as number), 0x01000193);
  return value ^ (value >>> 15);
}
