import { describe, expect, it } from '@jest/globals';
import { mcnemarExact } from './mcnemar.js';

describe('mcnemarExact', () => {
  it('gives the published p values', () => {
    expect(mcnemarExact(3, 6)).toBe(0.5078125); // airline: 2 * (1 + 9 + 36 + 84) / 512
    expect(mcnemarExact(0, 12)).toBe(0.00048828125); // telecom: 2 / 4096
  });

  it('is symmetric, and 1 when nothing or everything balances', () => {
    expect(mcnemarExact(6, 3)).toBe(mcnemarExact(3, 6));
    expect(mcnemarExact(0, 0)).toBe(1);
    expect(mcnemarExact(5, 5)).toBe(1);
    expect(mcnemarExact(1, 0)).toBe(1);
  });

  it('keeps its digits where a double would underflow on the way', () => {
    expect(mcnemarExact(0, 1070)).toBe(2 ** -1069);
    expect(mcnemarExact(1, 199)).toBeCloseTo(0, 12);
    expect(mcnemarExact(1, 199) / (402 / 2 ** 200)).toBeCloseTo(1, 12); // 2 * (1 + 200) / 2^200
  });

  it('refuses what is not a count', () => {
    expect(() => mcnemarExact(-1, 2)).toThrow(RangeError);
    expect(() => mcnemarExact(1.5, 2)).toThrow(RangeError);
  });
});
