import { describe, expect, it } from '@jest/globals';
import { pairedDifference } from './paired-difference.js';

const tasks = (count: number, base: number, candidate: number) => Array.from({ length: count }, () => ({ base: [base], candidate: [candidate] }));

describe('pairedDifference', () => {
  it('gives the published errors of the telecom comparison', () => {
    // both / base only / candidate only / neither = 18/0/12/10 of 40.
    const result = pairedDifference([...tasks(18, 1, 1), ...tasks(12, 0, 1), ...tasks(10, 0, 0)]);
    expect(result.difference).toBeCloseTo(0.3, 12);
    expect(result.standardError).toBeCloseTo(0.0734, 4);
    expect(result.unpairedError).toBeCloseTo(0.1043, 4);
  });

  it('weighs tasks alike, however often each was tried', () => {
    // Per-task differences 1/2 and 0: mean 1/4, variance of the mean (1/16 + 1/16) * 2/1 / 4 = 1/16.
    const result = pairedDifference([{ base: [0, 0], candidate: [1, 0, 1, 0] }, { base: [1], candidate: [1, 1, 1] }]);
    expect(result.difference).toBe(0.25);
    expect(result.standardError).toBe(0.25);
  });

  it('has no error with one task, and needs trials', () => {
    expect(pairedDifference([{ base: [0], candidate: [1] }])).toEqual({ difference: 1, standardError: null, unpairedError: null });
    expect(() => pairedDifference([])).toThrow(RangeError);
    expect(() => pairedDifference([{ base: [], candidate: [1] }])).toThrow(RangeError);
  });
});
