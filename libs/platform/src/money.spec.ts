import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { divideHalfEven, formatDecimal, formatMicros, parseDecimal, parseMicros } from './money.js';

describe('divideHalfEven', () => {
  it.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [6n, 4n, 2n],
    [5n, 4n, 1n],
    [-7n, 4n, -2n],
    [0n, 3n, 0n],
  ])('%s / %s = %s', (numerator, denominator, expected) => {
    expect(divideHalfEven(numerator, denominator)).toBe(expected);
  });

  it('is never further than half a unit from the quotient', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.bigInt(1n, 10n ** 9n), (numerator, denominator) => {
        const error = 2n * (divideHalfEven(numerator, denominator) * denominator - numerator);
        return error <= denominator && error >= -denominator;
      }),
    );
  });
});

describe('decimals', () => {
  it('reads and writes exactly', () => {
    expect(parseMicros('0.99')).toBe(990_000n);
    expect(parseMicros('-12')).toBe(-12_000_000n);
    expect(formatMicros(990_000n)).toBe('0.99');
    expect(formatMicros(-1_500_000n)).toBe('-1.50');
    expect(formatMicros(1n)).toBe('0.000001');
    fc.assert(fc.property(fc.bigInt(), (n) => parseDecimal(formatDecimal(n, 12), 12) === n));
  });

  it.each(['', 'abc', '1e-7', '1.2.3', '0x10'])('refuses %p', (text) => {
    expect(() => parseMicros(text)).toThrow('is not a decimal number');
  });

  it('refuses digits it cannot keep', () => {
    expect(() => parseMicros('0.0000001')).toThrow('more than 6 decimal places');
  });
});
