import { decodeUtf8 } from '../text/utf8.js';
import { malformed, NESTING_MAX } from './malformed.js';

/*
 * Protocol buffers off the wire (protobuf.dev/programming-guides/encoding): tags, varints, fixed words and lengths, each checked against
 * the end of the message it stands in. No object, no closure and no copy for a field: a message is a loop over `next` in the caller.
 *
 * `pbf` lost: it neither checks lengths nor wire types, and its callbacks made the reader 2.4 times slower; protobufjs builds an object a field.
 */

const VARINT = 0;
const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export class WireReader {
  at = 0;
  /** Number and wire type of the field that `next` stands before. */
  field = 0;
  wireType = 0;
  readonly bytes: Buffer;
  readonly #view: DataView;

  constructor(body: Uint8Array) {
    this.bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Goes to the next field of a message that ends at `end`; false when there is none. */
  next(end: number): boolean {
    if (this.at >= end) {
      if (this.at > end) throw malformed('a message is longer than it says');
      return false;
    }
    const tag = this.#varint32();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    if (this.field === 0) throw malformed('a field has no number');
    return true;
  }

  /** Passes over the value of the field, whatever it is. */
  skip(): void {
    switch (this.wireType) {
      case VARINT:
        this.#varint32();
        return;
      case FIXED64:
        this.at += 8;
        break;
      case LENGTH_DELIMITED:
        this.at = this.#lengthEnd();
        return;
      case FIXED32:
        this.at += 4;
        break;
      default:
        throw malformed(`a field has the wire type ${this.wireType}, which no OTLP message uses`);
    }
    if (this.at > this.bytes.length) throw malformed('the protobuf is cut off');
  }

  /** Reads a length and gives the position where what it measures ends. */
  end(): number {
    this.#expect(LENGTH_DELIMITED);
    return this.#lengthEnd();
  }

  /** The low 32 bits of a varint, unsigned: enums and flags. */
  uint32(): number {
    this.#expect(VARINT);
    return this.#varint32();
  }

  bool(): boolean {
    this.#expect(VARINT);
    const start = this.at;
    this.#varint32();
    for (let at = start; at < this.at; at++) if (((this.bytes[at] as number) & 0x7f) !== 0) return true;
    return false;
  }

  /** An int64 as a number; beyond 2^53, which no count that we compute with is, as its digits. */
  int64(): number | string {
    this.#expect(VARINT);
    const start = this.at;
    const low = this.#varint32();
    // Four bytes hold 28 bits: nearly every count there is.
    if (this.at - start <= 4) return low;
    let digits = 0n;
    for (let at = this.at - 1; at >= start; at--) digits = (digits << 7n) | BigInt((this.bytes[at] as number) & 0x7f);
    const value = BigInt.asIntN(64, digits);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }

  double(): number {
    this.#expect(FIXED64);
    const at = this.#fixed(8);
    return this.#view.getFloat64(at, true);
  }

  /** The halves of a fixed64 are read apart: times in nanoseconds do not fit a double. */
  fixed64At(): number {
    this.#expect(FIXED64);
    return this.#fixed(8);
  }

  uint32At(at: number): number {
    return this.#view.getUint32(at, true);
  }

  text(start: number, end: number): string {
    return decodeUtf8(this.bytes, start, end);
  }

  checkDepth(depth: number): void {
    if (depth > NESTING_MAX) throw malformed(`an attribute is nested deeper than ${NESTING_MAX}`);
  }

  #fixed(width: number): number {
    const at = this.at;
    this.at += width;
    if (this.at > this.bytes.length) throw malformed('the protobuf is cut off');
    return at;
  }

  #lengthEnd(): number {
    const start = this.at;
    const length = this.#varint32();
    // Five bytes can hold more than 32 bits; such a length is beyond any body all the same.
    if (this.at - start > 5 || length > this.bytes.length - this.at) throw malformed('the protobuf is cut off');
    return this.at + length;
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) throw malformed('a field has the wrong wire type');
  }

  // At most ten bytes; what is above 32 bits is passed over.
  #varint32(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] ?? -1;
    if (byte >= 0 && byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      if (byte < 0) break;
      byte = bytes[this.at++] ?? -1;
      if (shift < 35) value |= (byte & 0x7f) << shift;
      if (byte >= 0 && byte < 0x80) return value >>> 0;
    }
    throw malformed(byte < 0 ? 'the protobuf is cut off' : 'a varint has no end');
  }
}
