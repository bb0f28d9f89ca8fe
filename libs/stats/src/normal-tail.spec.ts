import { describe, expect, it } from '@jest/globals';
import { normalQuantile } from './normal-quantile.js';
import { normalUpperTail } from './normal-tail.js';

describe('normalUpperTail', () => {
  it('gives the tabulated values, with their digits in the far tail', () => {
    expect(normalUpperTail(0)).toBe(0.5);
    expect(normalUpperTail(1) / 0.15865525393145705).toBeCloseTo(1, 12);
    expect(normalUpperTail(3) / 0.0013498980316300946).toBeCloseTo(1, 12);
    expect(normalUpperTail(10) / 7.619853024160526e-24).toBeCloseTo(1, 12);
    expect(normalUpperTail(Infinity)).toBe(0);
  });

  it('undoes the quantile, on both sides of where the method changes', () => {
    for (const tail of [0.49, 0.3, 0.025, 0.0063, 0.0062, 0.001, 1e-6, 1e-12]) expect(normalUpperTail(-normalQuantile(tail)) / tail).toBeCloseTo(1, 12);
  });

  it('refuses what lies left of the centre or nowhere', () => {
    expect(() => normalUpperTail(-1)).toThrow(RangeError);
    expect(() => normalUpperTail(Number.NaN)).toThrow(RangeError);
  });
});
