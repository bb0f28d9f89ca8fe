/**
 * Writes values in ClickHouse's RowBinary format (clickhouse.com/docs/interfaces/formats/RowBinary): fixed-width numbers little-endian,
 * strings and arrays after their length as LEB128, Nullable after one byte that is 1 for NULL.
 *
 * One growing buffer, no object per value. ASCII strings are copied by hand: for the 5 to 40 bytes that attributes have, that beats the
 * call into the encoder.
 */
export class RowWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacityBytes = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafe(capacityBytes);
  }

  /** What was written so far. Valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A 64-bit integer as its two halves: times in nanoseconds do not fit a double. */
  u64(low: number, high: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeUInt32LE(low >>> 0, this.#length);
    this.#length = this.#buffer.writeUInt32LE(high >>> 0, this.#length);
  }

  /** A non-negative integer up to 2^53. */
  uint64(value: number): void {
    this.u64(value % 4_294_967_296, Math.floor(value / 4_294_967_296));
  }

  bigInt64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigInt64LE(value, this.#length);
  }

  nullableUint64(value: number | undefined): void {
    if (value === undefined) return this.u8(1);
    this.u8(0);
    this.uint64(value);
  }

  fixed(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Length of a string, array or map. */
  count(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  string(value: string): void {
    if (value.length < 128 && this.#asciiString(value)) return;
    // PostgreSQL keeps no NUL character, and what is decided from a row is kept there: it becomes U+FFFD before anything rests on it.
    if (value.includes('\0')) return this.string(value.replaceAll('\0', '\uFFFD'));
    const byteLength = Buffer.byteLength(value);
    this.count(byteLength);
    this.#reserve(byteLength);
    this.#length += this.#buffer.write(value, this.#length);
  }

  #asciiString(value: string): boolean {
    const { length } = value;
    this.#reserve(length + 1);
    const buffer = this.#buffer;
    let at = this.#length + 1;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127 || code === 0) return false;
      buffer[at++] = code;
    }
    buffer[this.#length] = length;
    this.#length = at;
    return true;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
