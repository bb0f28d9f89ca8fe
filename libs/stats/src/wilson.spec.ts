import { describe, expect, it } from '@jest/globals';
import { normalQuantile } from './normal-quantile.js';
import { wilsonInterval } from './wilson.js';

describe('wilsonInterval', () => {
  // Newcombe 1998, table I, method 3, printed to four digits.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (successes, trials, lower, upper) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.lower).toBeCloseTo(lower, 4);
    expect(interval.upper).toBeCloseTo(upper, 4);
  });

  it('ends exactly at 1, and mirrors', () => {
    expect(wilsonInterval(20, 20).upper).toBe(1);
    expect(wilsonInterval(20, 20).lower).toBeCloseTo(1 - wilsonInterval(0, 20).upper, 12);
    expect(() => wilsonInterval(1, 0)).toThrow(RangeError);
  });
});

describe('normalQuantile', () => {
  // Standard tables; the last three are checks printed with AS 241.
  it.each([
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.25, -0.6744897501960817],
    [0.001, -3.090232306167813],
    [1e-20, -9.262340089798408],
  ])('P = %d', (probability, z) => {
    expect(normalQuantile(probability)).toBeCloseTo(z, 10);
  });

  it('refuses what is no probability', () => {
    expect(() => normalQuantile(0)).toThrow(RangeError);
    expect(() => normalQuantile(Number.NaN)).toThrow(RangeError);
  });
});
