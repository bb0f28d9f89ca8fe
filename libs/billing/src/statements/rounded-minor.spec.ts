import { describe, expect, it } from '@jest/globals';
import { roundedMinor } from './rounded-minor.js';

describe('roundedMinor', () => {
  it.each([
    [990_000n, 'USD', 99n],
    [5_000n, 'USD', 0n], // half a cent, to even
    [15_000n, 'USD', 2n],
    [-15_000n, 'USD', -2n],
    [15_001n, 'USD', 2n],
    [1_500_000n, 'JPY', 2n],
    [1_234_500n, 'KWD', 1_234n],
  ])('%s micros of %s', (micros, currency, minor) => {
    expect(roundedMinor(micros, currency)).toBe(minor);
  });

  it('refuses what is no currency', () => {
    expect(() => roundedMinor(1n, 'dollars')).toThrow(expect.objectContaining({ code: 'unknown_currency' }));
  });
});
