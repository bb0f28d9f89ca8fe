import { describe, expect, it } from '@jest/globals';
import { bootstrapInterval } from './bootstrap.js';
import { krippendorffAlpha } from './krippendorff-alpha.js';
import { seededRandom } from './seeded-random.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('bootstrapInterval', () => {
  it('ranks what it drew', () => {
    // Of the units 0 and 10 it draws (0, 0), (0, 10), (10, 10), (10, 0) in turn: means 0, 5, 10, 5. A quarter of them on either side:
    // ranks ceil(4 x .25) = 1 and ceil(4 x .75) = 3 of 0, 5, 5, 10.
    const draws = [0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0].values();
    const random = () => draws.next().value ?? 1;
    expect(bootstrapInterval([0, 10], mean, { random, resamples: 4, confidence: 0.5 })).toEqual({ lower: 0, upper: 5 });
  });

  it('covers a mean as often as it says', () => {
    // 40 units of an exponential with mean 1, 400 times: 95 % nominal. The percentile interval is known to be a little short here.
    const random = seededRandom(11);
    let covered = 0;
    for (let run = 0; run < 400; run++) {
      const interval = bootstrapInterval(Array.from({ length: 40 }, () => -Math.log(1 - random())), mean, { random, resamples: 400 });
      if (interval && interval.lower <= 1 && interval.upper >= 1) covered++;
    }
    expect(covered / 400).toBeGreaterThan(0.9);
    expect(covered / 400).toBeLessThan(0.98);
  });

  it('is the same for the same seed, and no interval where resamples say nothing', () => {
    const items = [['yes', 'yes'], ['no', 'no'], ['yes', 'no'], ['no', 'no'], ['yes', 'yes'], ['no', 'yes']];
    const interval = (seed: number) => bootstrapInterval(items, krippendorffAlpha, { random: seededRandom(seed) });
    expect(interval(1)).toEqual(interval(1));
    expect(interval(1)).not.toBeNull();
    // One item in two says yes: a quarter of the resamples has one answer alone.
    expect(bootstrapInterval([['yes', 'yes'], ['no', 'no']], krippendorffAlpha, { random: seededRandom(1) })).toBeNull();
    expect(bootstrapInterval([1], mean, { random: seededRandom(1) })).toBeNull();
  });
});

describe('seededRandom', () => {
  it('is even, and another seed is another sequence', () => {
    const random = seededRandom(42);
    const buckets = Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) {
      const bucket = Math.floor(random() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // Chi-square with 9 degrees of freedom: 27.9 at p = .001.
    expect(buckets.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
    expect(seededRandom(1)()).not.toBe(seededRandom(2)());
  });
});
