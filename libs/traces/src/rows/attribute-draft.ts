import { FIELDS } from '../convention-index.js';
import type { ByteBuffer } from '../native/byte-buffer.js';
import { TextCache } from '../text/text-cache.js';
import { characterStart, decodeUtf8 } from '../text/utf8.js';
import { isNameTooLong, type AttributeName } from './attribute-name.js';

/** What an attribute's value is read as. Arrays and maps arrive as their JSON text. */
export type AttributeValue = string | number | boolean;

/** The same with arrays and maps as they were sent; undefined is a value that is not set. */
export type PlainValue = AttributeValue | PlainValue[] | { [name: string]: PlainValue } | undefined;

/** A value as it is kept. */
export function attributeValue(value: Exclude<PlainValue, undefined>): AttributeValue {
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

/** How much of what is sent is kept: more attributes than that are left out, longer values are cut, and both are counted in the row. */
export interface AttributeLimits {
  attributesMax: number;
  attributeBytesMax: number;
}

// Of one span. More than there may be attributes: some conventions have one for each message of the conversation so far.
const BODIES_MAX = 1024;
const UNRANKED = 127;
const cachedText = new TextCache((text) => text);
const IN_SOURCE = Symbol('in source');

/**
 * Attributes on their way from the wire to a row: known ones in the slots of their fields, others in the order in which they came, message
 * bodies apart. Reused from span to span.
 *
 * A string from protobuf stays where it is, as a range of the request's bytes, until the row needs it: most are copied and never decoded.
 */
export class AttributeDraft {
  /** Counts the resets: two reads of the same generation see the same attributes. */
  generation = 0;
  /** Attributes and message bodies that were left out, because there were too many. */
  dropped = 0;
  /** Values that were cut, because they were too long. */
  cut = 0;
  readonly contentNames: string[] = [];
  readonly contentValues: string[] = [];

  #source: Uint8Array = new Uint8Array(0);
  readonly #values = new Array<AttributeValue | undefined | typeof IN_SOURCE>(FIELDS.length).fill(undefined);
  readonly #starts = new Int32Array(FIELDS.length);
  readonly #ends = new Int32Array(FIELDS.length);
  readonly #ranks = new Int8Array(FIELDS.length).fill(UNRANKED);
  readonly #otherNames: string[] = [];
  readonly #otherValues: (string | typeof IN_SOURCE)[] = [];
  readonly #otherStarts: number[] = [];
  readonly #otherEnds: number[] = [];
  #others = 0;

  constructor(
    private readonly limits: AttributeLimits,
    private readonly keepsContent: boolean,
  ) {}

  /** Forgets what was read; ranges count from here on in `source`. */
  reset(source: Uint8Array): void {
    this.#source = source;
    this.generation++;
    this.#values.fill(undefined);
    this.#ranks.fill(UNRANKED);
    this.#others = 0;
    this.dropped = 0;
    this.cut = 0;
    this.contentNames.length = 0;
    this.contentValues.length = 0;
  }

  /** Whether the value of such an attribute is wanted at all. */
  wants(name: AttributeName): boolean {
    return !name.isSecret && (!name.isContent || this.keepsContent);
  }

  add(name: AttributeName, value: AttributeValue): void {
    if (name.isSecret) return;
    if (name.isContent) return this.#addContent(name, String(value));
    const kept = typeof value === 'string' ? this.cutText(value) : value;
    if (name.slot < 0) {
      if (!this.#startOther(name)) return;
      this.#otherValues[this.#others++] = typeof kept === 'string' ? kept : String(kept);
    } else if (this.#wins(name) && kept !== '') {
      this.#ranks[name.slot] = name.rank;
      this.#values[name.slot] = kept;
    }
  }

  /** A string that stands at [start, end) of the source, in UTF-8. */
  addRange(name: AttributeName, start: number, sentEnd: number): void {
    if (name.isContent) return this.#addContent(name, decodeUtf8(this.#source, start, sentEnd));
    const end = sentEnd - start > this.limits.attributeBytesMax ? this.#cutRange(start) : sentEnd;
    if (name.slot < 0) {
      if (!this.#startOther(name)) return;
      this.#otherStarts[this.#others] = start;
      this.#otherEnds[this.#others] = end;
      this.#otherValues[this.#others++] = IN_SOURCE;
    } else if (this.#wins(name) && end > start) {
      this.#ranks[name.slot] = name.rank;
      this.#starts[name.slot] = start;
      this.#ends[name.slot] = end;
      this.#values[name.slot] = IN_SOURCE;
    }
  }

  /** The value of a field, by its slot. */
  get(slot: number): AttributeValue | undefined {
    const value = this.#values[slot];
    return value === IN_SOURCE ? cachedText.get(this.#source, this.#starts[slot] as number, this.#ends[slot] as number) : value;
  }

  /** Writes the text of a field, without decoding it where it need not be; false when there is none. */
  writeText(slot: number, into: ByteBuffer): boolean {
    const value = this.#values[slot];
    if (value === undefined) return false;
    if (value === IN_SOURCE) into.utf8(this.#source, this.#starts[slot] as number, this.#ends[slot] as number);
    else into.string(typeof value === 'string' ? value : String(value));
    return true;
  }

  get others(): number {
    return this.#others;
  }

  otherName(index: number): string {
    return this.#otherNames[index] as string;
  }

  writeOther(index: number, into: ByteBuffer): void {
    const value = this.#otherValues[index] as string | typeof IN_SOURCE;
    if (value === IN_SOURCE) into.utf8(this.#source, this.#otherStarts[index] as number, this.#otherEnds[index] as number);
    else into.string(value);
  }

  /** The text of an attribute that fills no field. */
  other(name: string): string {
    for (let index = 0; index < this.#others; index++) {
      if (this.#otherNames[index] !== name) continue;
      const value = this.#otherValues[index] as string | typeof IN_SOURCE;
      return value === IN_SOURCE ? decodeUtf8(this.#source, this.#otherStarts[index] as number, this.#otherEnds[index] as number) : value;
    }
    return '';
  }

  // A field's own attributes are few and money may rest on them: only others are limited in number.
  #startOther(name: AttributeName): boolean {
    if (this.#others >= this.limits.attributesMax || isNameTooLong(name)) {
      this.dropped++;
      return false;
    }
    this.#otherNames[this.#others] = name.text;
    return true;
  }

  #wins({ slot, rank }: AttributeName): boolean {
    return rank < (this.#ranks[slot] as number);
  }

  #addContent(name: AttributeName, value: string): void {
    if (!this.keepsContent) return;
    if (this.contentNames.length >= BODIES_MAX) {
      this.dropped++;
      return;
    }
    this.contentNames.push(name.text);
    this.contentValues.push(value);
  }

  /** A text within the limit on length; one that was longer is counted. */
  cutText(value: string): string {
    // A character has at most three bytes for each of its units: nearly every value is seen to fit without counting.
    const max = this.limits.attributeBytesMax;
    if (value.length * 3 <= max || Buffer.byteLength(value) <= max) return value;
    this.cut++;
    const bytes = Buffer.from(value);
    return decodeUtf8(bytes, 0, characterStart(bytes, max));
  }

  #cutRange(start: number): number {
    this.cut++;
    // With a limit below four bytes the character may begin before the value.
    return Math.max(start, characterStart(this.#source, start + this.limits.attributeBytesMax));
  }
}
