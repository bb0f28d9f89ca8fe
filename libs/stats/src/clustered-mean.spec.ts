import { describe, expect, it } from '@jest/globals';
import { clusteredMean } from './clustered-mean.js';

const task = (successes: number, trials: number) => Array.from({ length: trials }, (_, index) => (index < successes ? 1 : 0));

describe('clusteredMean', () => {
  it('gives the published errors of tau-bench airline', () => {
    const clusters = [14, 12, 10, 4, 10].flatMap((count, successes) => Array.from({ length: count }, () => task(successes, 4)));
    const result = clusteredMean(clusters);
    expect(result.mean).toBeCloseTo(0.42, 12);
    expect(result.naiveError).toBeCloseTo(0.0349, 6);
    expect(result.clusteredError).toBeCloseTo(0.052216, 6);
    expect(result.designEffect).toBeCloseTo(2.2385, 4);
  });

  it('applies the finite correction', () => {
    // Mean 1/2. Residual sums +1 and -1, so sqrt(2/1 * 2)/4 = 1/2; naive sqrt(4 * 1/4)/4 = 1/4.
    expect(clusteredMean([[1, 1], [0, 0]])).toEqual({ mean: 0.5, naiveError: 0.25, clusteredError: 0.5, designEffect: 4 });
  });

  it('weighs observations, not clusters', () => {
    expect(clusteredMean([[1, 1, 1], [0]]).mean).toBe(0.75);
  });

  it('does not invent a spread it cannot see', () => {
    expect(clusteredMean([[1, 0]])).toMatchObject({ mean: 0.5, clusteredError: null, designEffect: null });
    expect(clusteredMean([[1], [1]])).toEqual({ mean: 1, naiveError: 0, clusteredError: 0, designEffect: null });
    expect(() => clusteredMean([])).toThrow(RangeError);
    expect(() => clusteredMean([[1], []])).toThrow(RangeError);
  });
});
