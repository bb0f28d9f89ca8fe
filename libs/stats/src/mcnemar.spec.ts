import { describe, expect, it } from '@jest/globals';
import { mcnemar, mcnemarExact } from './mcnemar.js';

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

describe('mcnemar', () => {
  it('is the exact test up to 2,000 discordant pairs', () => {
    expect(mcnemar(3, 6)).toBe(0.5078125);
    expect(mcnemar(950, 1050)).toBe(mcnemarExact(950, 1050));
  });

  it('is close to it beyond', () => {
    for (const [baseOnly, candidateOnly] of [[990, 1020], [980, 1030], [950, 1060], [1400, 1600]] as const) {
      const [approximate, exact] = [mcnemar(baseOnly, candidateOnly), mcnemarExact(baseOnly, candidateOnly)];
      expect(approximate).not.toBe(exact);
      expect(approximate / exact).toBeCloseTo(1, 2);
      expect(mcnemar(candidateOnly, baseOnly)).toBe(approximate);
    }
    expect(mcnemar(5000, 5000)).toBe(1);
  });

  it('answers at once for a million', () => {
    // (1,961 - 1) / 1000 = 1.96.
    expect(mcnemar(500_980, 499_020)).toBeCloseTo(0.05, 3);
    expect(mcnemar(0, 1_000_000)).toBe(0);
  });

  it('refuses what is not a count', () => {
    expect(() => mcnemar(-1, 4000)).toThrow(RangeError);
    expect(() => mcnemar(0.5, 4000)).toThrow(RangeError);
    expect(() => mcnemar(Number.NaN, 1)).toThrow(RangeError);
  });
});
