/*
 * Spans that are on disk already, so that a client that sends a request again, because an answer was lost or because it sends everything
 * twice, costs a look-up and no row. Bounded: the newest spans, between one and two windows of them. Beyond the window, and after a restart,
 * the store's own key and the readers' `LIMIT 1 BY` hold.
 *
 * A span is recognised by organization, trace, span and a checksum of what it says: another span under the same id is not a copy, and goes
 * to the store, where the later of the two stands. It is remembered only when it is durable: of two copies that arrive together both are
 * written, and one is counted.
 */

const WORDS = 6;
const EMPTY = 0;

/** A span's identity as six 32-bit words: organization, two of the trace, two of the span, the checksum. */
export type SpanKey = Uint32Array;

export class RecentSpans {
  readonly #slots: number;
  readonly #spansMax: number;
  readonly #organizations = new Map<string, number>();
  #current: Uint32Array;
  #previous: Uint32Array;
  #count = 0;

  /** @param spansMax spans that are remembered at least; memory is 96 bytes for each (24 a place, twice as many places, two tables). 0 remembers none. */
  constructor(spansMax: number) {
    this.#spansMax = spansMax;
    this.#slots = spansMax * 2;
    this.#current = new Uint32Array(this.#slots * WORDS);
    this.#previous = new Uint32Array(this.#slots * WORDS);
  }

  /** Writes the key of a span into `key`. Organizations are numbered: what one sends cannot pass for what another sends. */
  keyOf(key: SpanKey, organizationId: string, traceId: Buffer, spanId: Buffer, checksum: number): void {
    let organization = this.#organizations.get(organizationId);
    if (organization === undefined) this.#organizations.set(organizationId, (organization = this.#organizations.size + 1));
    key[0] = organization;
    key[1] = fold(traceId, 0);
    key[2] = fold(traceId, 8);
    key[3] = word(spanId, 0);
    key[4] = word(spanId, 4);
    key[5] = checksum;
  }

  has(key: SpanKey): boolean {
    return this.#spansMax > 0 && (this.#find(this.#current, key) < 0 || this.#find(this.#previous, key) < 0);
  }

  /** Remembers spans, given as their keys one after the other. */
  add(keys: Uint32Array): void {
    if (this.#spansMax === 0) return;
    for (let at = 0; at < keys.length; at += WORDS) this.#add(keys.subarray(at, at + WORDS));
  }

  #add(key: SpanKey): void {
    const slot = this.#find(this.#current, key);
    if (slot < 0) return;
    this.#current.set(key, slot * WORDS);
    if (++this.#count < this.#spansMax) return;
    // The older half is forgotten, and its memory used again.
    [this.#current, this.#previous] = [this.#previous.fill(EMPTY), this.#current];
    this.#count = 0;
  }

  /** -1 when the key is there, else the free slot where it belongs. Half of the slots are always free. */
  #find(table: Uint32Array, key: SpanKey): number {
    // The high bits of the hash choose the place: a number of places that is no power of two is then no more memory than was promised.
    for (let slot = Math.floor((hash(key) / 4_294_967_296) * this.#slots); ; slot = slot + 1 === this.#slots ? 0 : slot + 1) {
      const at = slot * WORDS;
      // Organizations count from 1: a slot that begins with 0 is free.
      if (table[at] === EMPTY) return slot;
      if (table[at] === key[0] && table[at + 1] === key[1] && table[at + 2] === key[2] && table[at + 3] === key[3] && table[at + 4] === key[4] && table[at + 5] === key[5]) return -1;
    }
  }
}

/** Keys of the spans of one request, gathered while it is read. */
export class SpanKeys {
  #keys = new Uint32Array(WORDS * 512);
  #length = 0;
  readonly next: SpanKey = new Uint32Array(WORDS);

  reset(): void {
    this.#length = 0;
  }

  /** Keeps `next`. */
  push(): void {
    if (this.#length === this.#keys.length) {
      const grown = new Uint32Array(this.#keys.length * 2);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    this.#keys.set(this.next, this.#length);
    this.#length += WORDS;
  }

  toArray(): Uint32Array {
    return this.#keys.slice(0, this.#length);
  }
}

function word(bytes: Buffer, at: number): number {
  return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0;
}

// Two words in one. Multiplied first: ids that are made of one repeated word must not all come out as zero.
function fold(bytes: Buffer, at: number): number {
  return Math.imul(word(bytes, at), 0x9e3779b1) ^ Math.imul(word(bytes, at + 4), 0x85ebca77);
}

// Ids are mostly random, but nobody promises it: murmur3's finaliser over what differs between spans.
function hash(key: SpanKey): number {
  let value = (key[4] as number) ^ Math.imul(key[3] as number, 0x9e3779b1) ^ Math.imul(key[2] as number, 0x85ebca77) ^ (key[5] as number);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
