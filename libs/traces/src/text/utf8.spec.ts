import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { characterStart } from './utf8.js';

describe('characterStart', () => {
  it('finds the first byte of the character that a byte belongs to', () => {
    // The slow way: the starts of all characters, and the last that is not behind the byte.
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), fc.nat(), (value, seed) => {
        const encoded = Buffer.from(value);
        const position = seed % encoded.length;
        const starts = [...value].map((_, index, characters) => Buffer.byteLength(characters.slice(0, index).join('')));
        expect(characterStart(encoded, position)).toBe(starts.findLast((start) => start <= position));
      }),
    );
  });

  it('gives the position itself where no character begins in the four bytes up to it', () => {
    expect(characterStart(Buffer.alloc(20, 0x80), 12)).toBe(12);
    expect(characterStart(Buffer.from([0x61, 0x80, 0x80, 0x80, 0x80]), 4)).toBe(4);
    expect(characterStart(Buffer.from([0xf0, 0x9f, 0x98, 0x80]), 3)).toBe(0);
  });
});
