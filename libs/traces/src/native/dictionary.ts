import { ByteBuffer } from './byte-buffer.js';

// SerializationLowCardinality: keys stand in the block itself, and there is no dictionary shared between blocks.
const DICTIONARY_VERSION = 1;
const HAS_ADDITIONAL_KEYS = 0x200;
const NEEDS_NEW_DICTIONARY = 0x400;

/** Says which strings may stand in a dictionary: what one organization can fill it with is bounded. */
export type Admission = (value: string) => boolean;

const ADMIT_ALL: Admission = () => true;
const NOT_ADMITTED = -2;
const PLACES_KEPT_MAX = 4096;

/** A dictionary of the distinct strings, and for each value its place in it. Part of the columns that hold such strings. */
export class Dictionary {
  /** Asked once for each distinct string of a block. */
  admits = ADMIT_ALL;
  // Kept from block to block: most strings come again, and a map that is filled anew each time is garbage that outlives its block.
  readonly #places = new Map<string, { block: number; place: number }>();
  #block = 0;
  readonly #keys = new ByteBuffer();
  #indexes = new Uint32Array(1024);
  /** Distinct strings that are in it. */
  #size = 0;
  #count = 0;
  #last = '';
  #lastPlace = -1;

  get count(): number {
    return this.#count;
  }

  reset(): void {
    if (this.#places.size > PLACES_KEPT_MAX) this.#places.clear();
    this.#block++;
    this.#keys.reset();
    this.#size = 0;
    this.#count = 0;
    this.#lastPlace = -1;
  }

  /** False, and nothing is added, when the string is not admitted. */
  add(value: string): boolean {
    // Rows that follow one another mostly agree.
    if (this.#lastPlace === -1 || value !== this.#last) {
      this.#last = value;
      this.#lastPlace = this.#placeOf(value);
    }
    if (this.#lastPlace === NOT_ADMITTED) return false;
    if (this.#count === this.#indexes.length) this.#grow();
    this.#indexes[this.#count++] = this.#lastPlace;
    return true;
  }

  /** Repeats the values at [start, end). */
  repeat(start: number, end: number): void {
    while (this.#count + end - start > this.#indexes.length) this.#grow();
    for (let from = start; from < end; from++) this.#indexes[this.#count++] = this.#indexes[from] as number;
  }

  #grow(): void {
    const grown = new Uint32Array(this.#indexes.length * 2);
    grown.set(this.#indexes);
    this.#indexes = grown;
  }

  #placeOf(value: string): number {
    const known = this.#places.get(value);
    if (known?.block === this.#block) return known.place;
    const place = this.admits(value) ? this.#size++ : NOT_ADMITTED;
    if (known === undefined) this.#places.set(value, { block: this.#block, place });
    else {
      known.block = this.#block;
      known.place = place;
    }
    if (place !== NOT_ADMITTED) this.#keys.string(value);
    return place;
  }

  static readonly prefixLength = 8;

  static writePrefix(target: Buffer, at: number): number {
    return target.writeBigUInt64LE(BigInt(DICTIONARY_VERSION), at);
  }

  byteLength(): number {
    return this.#count === 0 ? 0 : 24 + this.#keys.length + this.#count * this.#width();
  }

  // Nothing at all follows where there is no value.
  writeTo(target: Buffer, start: number): number {
    if (this.#count === 0) return start;
    const width = this.#width();
    let at = target.writeBigUInt64LE(BigInt(HAS_ADDITIONAL_KEYS | NEEDS_NEW_DICTIONARY | (width >> 1)), start);
    at = target.writeBigUInt64LE(BigInt(this.#size), at);
    at = this.#keys.copyTo(target, at);
    at = target.writeBigUInt64LE(BigInt(this.#count), at);
    for (let row = 0; row < this.#count; row++) {
      const place = this.#indexes[row] as number;
      target[at++] = place;
      if (width > 1) target[at++] = place >>> 8;
      if (width > 2) {
        target[at++] = place >>> 16;
        target[at++] = place >>> 24;
      }
    }
    return at;
  }

  // Types 0, 1 and 2 are indexes of 8, 16 and 32 bits, which is also half of their bytes.
  #width(): 1 | 2 | 4 {
    if (this.#size <= 0x100) return 1;
    return this.#size <= 0x1_0000 ? 2 : 4;
  }
}
