import { describe, expect, it } from '@jest/globals';
import { passK } from './pass-k.js';

describe('passK', () => {
  it('draws without replacement', () => {
    // One task, 2 of 4: C(2,1)/C(4,1) = 2/4, C(2,2)/C(4,2) = 1/6, then impossible.
    expect(passK([{ trials: 4, successes: 2 }])).toEqual([0.5, expect.closeTo(1 / 6, 14), 0, 0]);
  });

  it('gives the published figures of gpt-4o on tau-bench airline', () => {
    // Tasks by number of successes out of 4: {0: 14, 1: 12, 2: 10, 3: 4, 4: 10}. By hand: pass^2 = (10/6 + 4*3/6 + 10)/50 = 0.27333.
    const tasks = [14, 12, 10, 4, 10].flatMap((count, successes) => Array.from({ length: count }, () => ({ trials: 4, successes })));
    const [one, two, three, four] = passK(tasks);
    expect(one).toBeCloseTo(0.42, 12);
    expect(two).toBeCloseTo(0.273333333333, 10);
    expect(three).toBeCloseTo(0.22, 12);
    expect(four).toBeCloseTo(0.2, 12);
  });

  it('stops at the task with the fewest trials', () => {
    expect(passK([{ trials: 4, successes: 4 }, { trials: 2, successes: 1 }])).toEqual([0.75, 0.5]);
  });

  it('says nothing of no tasks, and refuses impossible counts', () => {
    expect(passK([])).toEqual([]);
    expect(() => passK([{ trials: 2, successes: 3 }])).toThrow(RangeError);
    expect(() => passK([{ trials: 0, successes: 0 }])).toThrow(RangeError);
  });
});
