import { isAscii } from 'node:buffer';
import { decodeUtf8 } from '../text/utf8.js';

/*
 * One growing buffer that is written once and reused. Strings of a few characters are copied by hand: for the 5 to 40 bytes that attributes
 * have, that beats the call into Node's encoder (measured: 0.9 against 1.6 microseconds a span).
 */

const BY_HAND_BYTES_MAX = 48;

/** Bytes in the order in which they are written; numbers are little-endian. */
export class ByteBuffer {
  #bytes: Buffer;
  #length = 0;

  constructor(capacityBytes = 4096) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  /** What was written so far. Valid until the next write. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  copyTo(target: Buffer, at: number): number {
    this.#bytes.copy(target, at, 0, this.#length);
    return at + this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value & 0xff;
  }

  u16(value: number): void {
    this.u8(value);
    this.u8(value >>> 8);
  }

  u32(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.#length = at + 4;
  }

  u64(low: number, high: number): void {
    this.#reserve(8);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = low;
    bytes[at + 1] = low >>> 8;
    bytes[at + 2] = low >>> 16;
    bytes[at + 3] = low >>> 24;
    bytes[at + 4] = high;
    bytes[at + 5] = high >>> 8;
    bytes[at + 6] = high >>> 16;
    bytes[at + 7] = high >>> 24;
    this.#length = at + 8;
  }

  /** A whole number from 0 to 2^53, in 64 bits. */
  integer(value: number): void {
    if (value <= 0xffff_ffff) this.u64(value, 0);
    else this.u64(value % 4_294_967_296, Math.floor(value / 4_294_967_296));
  }

  bigInt64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeBigInt64LE(value, this.#length);
  }

  /** LEB128, as ClickHouse writes the lengths of strings. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    const count = end - start;
    this.#reserve(count);
    const bytes = this.#bytes;
    let at = this.#length;
    if (count <= BY_HAND_BYTES_MAX) for (let from = start; from < end; from++) bytes[at++] = source[from] as number;
    else bytes.set(source.subarray(start, end), at);
    this.#length += count;
  }

  /** Repeats what stands at [start, end) of this buffer. */
  repeat(start: number, end: number): void {
    const count = end - start;
    this.#reserve(count);
    const bytes = this.#bytes;
    let at = this.#length;
    if (count <= BY_HAND_BYTES_MAX) for (let from = start; from < end; from++) bytes[at++] = bytes[from] as number;
    else bytes.copyWithin(at, start, end);
    this.#length += count;
  }

  /**
   * A string after its length. PostgreSQL keeps no NUL character, and what is decided from a row is kept there: it becomes U+FFFD before
   * anything rests on it.
   */
  string(value: string): void {
    const { length } = value;
    if (length <= BY_HAND_BYTES_MAX && this.#asciiString(value, length)) return;
    if (value.includes('\0')) return this.string(value.replaceAll('\0', '\uFFFD'));
    const byteLength = Buffer.byteLength(value);
    this.varint(byteLength);
    this.#reserve(byteLength);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** A string that is UTF-8 already. What is not valid UTF-8 becomes U+FFFD, as does NUL. */
  utf8(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (count <= BY_HAND_BYTES_MAX) {
      this.#reserve(count + 1);
      const bytes = this.#bytes;
      let at = this.#length + 1;
      for (let from = start; from < end; from++) {
        const byte = source[from] as number;
        // 0 and everything from 128 on.
        if (byte - 1 >>> 0 >= 127) return this.string(decodeUtf8(source, start, end));
        bytes[at++] = byte;
      }
      bytes[this.#length] = count;
      this.#length = at;
      return;
    }
    const text = source.subarray(start, end);
    if (!isAscii(text) || text.includes(0)) return this.string(decodeUtf8(source, start, end));
    this.varint(count);
    this.bytes(source, start, end);
  }

  #asciiString(value: string, length: number): boolean {
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let at = this.#length + 1;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code - 1 >>> 0 >= 127) return false;
      bytes[at++] = code;
    }
    bytes[this.#length] = length;
    this.#length = at;
    return true;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
