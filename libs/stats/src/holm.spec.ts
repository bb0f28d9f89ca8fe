import { describe, expect, it } from '@jest/globals';
import { holmAdjust } from './holm.js';

describe('holmAdjust', () => {
  it('adjusts in the order of the input', () => {
    const adjusted = holmAdjust([0.01, 0.04, 0.03, 0.005, 0.55, 0.6]);
    [0.05, 0.12, 0.12, 0.03, 1, 1].forEach((expected, index) => expect(adjusted[index]).toBeCloseTo(expected, 12));
  });

  it('never reorders: a larger p is adjusted at least as high', () => {
    // 3 * .02 = .06, then 2 * .025 = .05 is lifted to .06.
    expect(holmAdjust([0.02, 0.025, 0.9])).toEqual([0.06, 0.06, 0.9]);
    expect(holmAdjust([])).toEqual([]);
    expect(() => holmAdjust([1.2])).toThrow(RangeError);
  });
});
