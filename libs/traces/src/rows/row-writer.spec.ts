import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RowWriter } from './row-writer.js';

// Every expected byte is worked out from clickhouse.com/docs/interfaces/formats/RowBinary.
describe('RowWriter', () => {
  const bytesOf = (write: (row: RowWriter) => void, capacity?: number) => {
    const row = new RowWriter(capacity);
    write(row);
    return row.bytes();
  };

  it('writes numbers little-endian in their full width', () => {
    expect(bytesOf((row) => row.u8(200)).toString('hex')).toBe('c8');
    expect(bytesOf((row) => row.u64(0x04030201, 0x08070605)).toString('hex')).toBe('0102030405060708');
    expect(bytesOf((row) => row.u64(0xffffffff, 0x80000000)).toString('hex')).toBe('ffffffff00000080');
    expect(bytesOf((row) => row.uint64(0)).toString('hex')).toBe('0000000000000000');
    expect(bytesOf((row) => row.uint64(2 ** 32)).toString('hex')).toBe('0000000001000000');
    expect(bytesOf((row) => row.uint64(2 ** 53 - 1)).toString('hex')).toBe('ffffffffffff1f00');
  });

  it('writes a Decimal(18, n) as its signed 64-bit integer', () => {
    // 0.007148 USD in pico-USD is 7,148,000,000 = 0x1aa0dd300.
    expect(bytesOf((row) => row.bigInt64(7_148_000_000n)).toString('hex')).toBe('00d30daa01000000');
    expect(bytesOf((row) => row.bigInt64(-2n)).toString('hex')).toBe('feffffffffffffff');
  });

  it('puts one byte before a nullable: 1 for NULL, 0 before a value', () => {
    expect(bytesOf((row) => row.nullableUint64(undefined)).toString('hex')).toBe('01');
    expect(bytesOf((row) => row.nullableUint64(0)).toString('hex')).toBe('000000000000000000');
    expect(bytesOf((row) => row.nullableUint64(57)).toString('hex')).toBe('003900000000000000');
  });

  it('writes lengths as unsigned LEB128', () => {
    const lengths: [number, string][] = [[0, '00'], [127, '7f'], [128, '8001'], [300, 'ac02'], [16_383, 'ff7f'], [16_384, '808001'], [2 ** 32 - 1, 'ffffffff0f']];
    for (const [length, hex] of lengths) expect(bytesOf((row) => row.count(length)).toString('hex')).toBe(hex);
  });

  it('counts the length of a string in bytes of UTF-8', () => {
    expect(bytesOf((row) => row.string('')).toString('hex')).toBe('00');
    expect(bytesOf((row) => row.string('abc')).toString('hex')).toBe('03616263');
    expect(bytesOf((row) => row.string('né€')).toString('hex')).toBe('066ec3a9e282ac');
    expect(bytesOf((row) => row.string('🚀')).toString('hex')).toBe('04f09f9a80');
    expect(bytesOf((row) => row.string('x'.repeat(128))).toString('hex')).toBe(`8001${'78'.repeat(128)}`);
  });

  it('replaces NUL, which PostgreSQL cannot keep, in short and in long strings', () => {
    expect(bytesOf((row) => row.string('a\0b')).toString('hex')).toBe('0561efbfbd62');
    expect(bytesOf((row) => row.string(`\0${'x'.repeat(128)}`)).toString('hex')).toBe(`8301efbfbd${'78'.repeat(128)}`);
  });

  it('writes any strings one after the other, whatever the buffer had room for', () => {
    // Lone surrogates too: JSON can spell them. UTF-8 has the replacement character for them.
    const anyString = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)));
    fc.assert(
      fc.property(fc.array(anyString, { maxLength: 20 }), fc.integer({ min: 1, max: 64 }), (strings, capacity) => {
        const kept = strings.map((text) => Buffer.from(text.replaceAll('\0', '\uFFFD'), 'utf8'));
        const expected = Buffer.concat(kept.flatMap((bytes) => [leb128(bytes.length), bytes]));
        expect(bytesOf((row) => strings.forEach((text) => row.string(text)), capacity).equals(expected)).toBe(true);
      }),
    );
  });

  it('appends fixed bytes as they are, and grows from a capacity of zero', () => {
    expect(bytesOf((row) => row.fixed(Buffer.from('00ff10', 'hex')), 0).toString('hex')).toBe('00ff10');
  });
});

function leb128(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Buffer.from(out);
}
