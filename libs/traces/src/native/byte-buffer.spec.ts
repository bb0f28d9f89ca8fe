import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteBuffer } from './byte-buffer.js';

type Step = { write: (into: ByteBuffer) => void; expected: Buffer };

/** The slow way: one buffer for each value. */
const bufferOf = (size: number, write: (buffer: Buffer) => void) => {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return buffer;
};
const leb128 = (value: number) => {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
};
const prefixed = (text: Buffer) => Buffer.concat([leb128(text.length), text]);
const kept = (text: string) => prefixed(Buffer.from(text.toWellFormed().replaceAll('\0', '\ufffd')));

const u32 = () => fc.nat(0xffff_ffff);
const text = () => fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('\0', '\ud800', 'a'.repeat(47), 'a'.repeat(48), 'a'.repeat(49), 'é'.repeat(48), `${'a'.repeat(200)}\0`));
const content = () => fc.oneof(fc.uint8Array({ maxLength: 120 }), text().map((value) => new Uint8Array(Buffer.from(value))), fc.constantFrom(new Uint8Array(48), new Uint8Array(49).fill(97), new Uint8Array(60).fill(0x80)));

const step = (): fc.Arbitrary<Step> =>
  fc.oneof(
    fc.nat(0xff).map((value) => ({ write: (into: ByteBuffer) => into.u8(value), expected: Buffer.from([value]) })),
    fc.nat(0xffff).map((value) => ({ write: (into: ByteBuffer) => into.u16(value), expected: bufferOf(2, (buffer) => buffer.writeUInt16LE(value)) })),
    u32().map((value) => ({ write: (into: ByteBuffer) => into.u32(value), expected: bufferOf(4, (buffer) => buffer.writeUInt32LE(value)) })),
    fc.tuple(u32(), u32()).map(([low, high]) => ({ write: (into: ByteBuffer) => into.u64(low, high), expected: bufferOf(8, (buffer) => buffer.writeUInt32LE(high, buffer.writeUInt32LE(low))) })),
    fc.maxSafeNat().map((value) => ({ write: (into: ByteBuffer) => into.integer(value), expected: bufferOf(8, (buffer) => buffer.writeBigUInt64LE(BigInt(value))) })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ write: (into: ByteBuffer) => into.bigInt64(value), expected: bufferOf(8, (buffer) => buffer.writeBigInt64LE(value)) })),
    fc.maxSafeNat().map((value) => ({ write: (into: ByteBuffer) => into.varint(value), expected: leb128(value) })),
    content().map((value) => ({ write: (into: ByteBuffer) => into.bytes(value), expected: Buffer.from(value) })),
    fc.tuple(content(), fc.nat(9), fc.nat(9)).map(([value, before, after]) => {
      const source = Buffer.concat([Buffer.alloc(before, 0x78), value, Buffer.alloc(after, 0x79)]);
      return { write: (into: ByteBuffer) => into.bytes(source, before, before + value.length), expected: Buffer.from(value) };
    }),
    text().map((value) => ({ write: (into: ByteBuffer) => into.string(value), expected: kept(value) })),
    fc.tuple(content(), fc.nat(9), fc.nat(9)).map(([value, before, after]) => {
      const source = Buffer.concat([Buffer.alloc(before, 0x78), value, Buffer.alloc(after, 0x79)]);
      return { write: (into: ByteBuffer) => into.utf8(source, before, before + value.length), expected: kept(new TextDecoder('utf-8', { ignoreBOM: true }).decode(value)) };
    }),
  );

describe('ByteBuffer', () => {
  it('holds what the slow version holds, from any capacity on and after a reset', () => {
    fc.assert(
      fc.property(fc.array(step(), { maxLength: 30 }), fc.integer({ min: 1, max: 64 }), (steps, capacity) => {
        const buffer = new ByteBuffer(capacity);
        for (let round = 0; round < 2; round++) {
          buffer.reset();
          for (const { write } of steps) write(buffer);
          expect(buffer.view().toString('hex')).toBe(Buffer.concat(steps.map(({ expected }) => expected)).toString('hex'));
          expect(buffer.length).toBe(buffer.view().length);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('repeats what stands in it, however long, while it grows', () => {
    fc.assert(
      fc.property(content(), fc.nat(60), fc.nat(120), (value, from, count) => {
        const buffer = new ByteBuffer(1);
        buffer.bytes(value);
        const [start, end] = [Math.min(from, value.length), Math.min(from + count, value.length)];
        buffer.repeat(start, end);
        expect(buffer.view()).toEqual(Buffer.concat([value, value.subarray(start, end)]));
      }),
    );
  });

  it('copies itself to a place in another', () => {
    const buffer = new ByteBuffer();
    buffer.bytes(Buffer.from('abc'));
    const target = Buffer.alloc(6, 0x2d);
    expect([buffer.copyTo(target, 2), target.toString()]).toEqual([5, '--abc-']);
  });

  it('writes U+FFFD for NUL and for what is not UTF-8', () => {
    const buffer = new ByteBuffer();
    buffer.string('a\0b');
    buffer.utf8(Buffer.from([0x61, 0xff, 0x00]), 0, 3);
    expect(buffer.view().toString('hex')).toBe('0561efbfbd62' + '0761efbfbdefbfbd');
  });
});
