import { describe, expect, it } from '@jest/globals';
import { seededRandom } from './seeded-random.js';
import { shareOfTotal } from './share-of-total.js';
import { stratifiedProportion, type Stratum } from './stratified-proportion.js';
import { wilsonInterval } from './wilson.js';

describe('stratifiedProportion', () => {
  it('is Wilson\'s with one stratum, and with one rate of sampling', () => {
    // Newcombe 1998, table I: 81 of 263.
    expect(stratifiedProportion([{ size: 5000, trials: 263, successes: 81 }])).toEqual({
      ...{ rate: expect.closeTo(81 / 263, 12), trials: 263, effectiveTrials: 263 },
      interval: { lower: expect.closeTo(0.2553, 4), upper: expect.closeTo(0.3662, 4) },
    });
    const halves = stratifiedProportion([{ size: 1000, trials: 100, successes: 40 }, { size: 630, trials: 63, successes: 41 }]);
    expect(halves?.effectiveTrials).toBeCloseTo(163, 9);
    expect(halves?.interval.lower).toBeCloseTo(wilsonInterval(81, 163).lower, 12);
  });

  it('weighs each stratum by its size', () => {
    // (900 x 8/10 + 100 x 1/10) / 1000 = .73; 1000^2 / (900^2/10 + 100^2/10) = 1000000/82000.
    const result = stratifiedProportion([{ size: 900, trials: 10, successes: 8 }, { size: 100, trials: 10, successes: 1 }]);
    expect(result).toMatchObject({ rate: expect.closeTo(0.73, 12), trials: 20, effectiveTrials: expect.closeTo(1000 / 82, 12) });
    const [n, z] = [1000 / 82, 1.959963984540054];
    const half = (z / (1 + z ** 2 / n)) * Math.sqrt((0.73 * 0.27) / n + z ** 2 / (4 * n ** 2));
    expect(result?.interval.lower).toBeCloseTo((0.73 + z ** 2 / (2 * n)) / (1 + z ** 2 / n) - half, 12);
  });

  it('does not collapse at the ends, and ends exactly there', () => {
    const all = stratifiedProportion([{ size: 90, trials: 7, successes: 7 }, { size: 11, trials: 3, successes: 3 }]);
    expect(all).toMatchObject({ rate: 1, interval: { upper: 1 } });
    expect(all?.interval.lower).toBeLessThan(0.75);
    expect(stratifiedProportion([{ size: 90, trials: 7, successes: 0 }])?.interval.lower).toBe(0);
  });

  it('knows nothing of what nobody looked at', () => {
    expect(stratifiedProportion([{ size: 90, trials: 9, successes: 9 }, { size: 1, trials: 0, successes: 0 }])).toBeNull();
    expect(stratifiedProportion([{ size: 90, trials: 9, successes: 9 }, { size: 0, trials: 0, successes: 0 }])).toMatchObject({ rate: 1 });
    expect(stratifiedProportion([])).toBeNull();
    expect(() => stratifiedProportion([{ size: 5, trials: 6, successes: 1 }])).toThrow(RangeError);
  });
});

describe('shareOfTotal', () => {
  it('is equation 9 of Donner and Zou, of two proportions', () => {
    // Of 7 of 34 and 1 of 34 the ratio is 1/7, and the share of the first 7/8. Their equation as it is printed, which divides by u2 (2 b - u2).
    const [seven, one] = [wilsonInterval(7, 34), wilsonInterval(1, 34)];
    const [a, b, product] = [1 / 34, 7 / 34, 7 / 34 ** 2];
    const lower = (product - Math.sqrt(product ** 2 - one.lower * seven.upper * (2 * a - one.lower) * (2 * b - seven.upper))) / (seven.upper * (2 * b - seven.upper));
    const upper = (product + Math.sqrt(product ** 2 - one.upper * seven.lower * (2 * a - one.upper) * (2 * b - seven.lower))) / (seven.lower * (2 * b - seven.lower));
    expect(shareOfTotal({ value: b, interval: seven }, { value: a, interval: one })).toEqual({
      rate: expect.closeTo(7 / 8, 12),
      interval: { lower: expect.closeTo(1 / (1 + upper), 12), upper: expect.closeTo(1 / (1 + lower), 12) },
    });
  });

  it('solves what it says: at its limits the difference part - ratio x rest may just be 0', () => {
    const [part, rest] = [{ value: 80, interval: { lower: 70, upper: 88 } }, { value: 20, interval: { lower: 9, upper: 45 } }];
    const share = shareOfTotal(part, rest);
    const [low, high] = [1 / (share?.interval.upper ?? 0) - 1, 1 / (share?.interval.lower ?? 0) - 1];
    // The MOVER limits of rest - ratio x part are 0: (20 - 80 r)^2 = (20 - 9)^2 + r^2 (88 - 80)^2 below, (45 - 20)^2 + r^2 (80 - 70)^2 above.
    expect((20 - 80 * low) ** 2).toBeCloseTo(11 ** 2 + (low * 8) ** 2, 8);
    expect((20 - 80 * high) ** 2).toBeCloseTo(25 ** 2 + (high * 10) ** 2, 8);
  });

  it('has a width where no miss was found, and knows nothing of nothing', () => {
    const none = { value: 0, interval: { lower: 0, upper: 12 } };
    const share = shareOfTotal({ value: 80, interval: { lower: 70, upper: 88 } }, none);
    expect(share).toMatchObject({ rate: 1, interval: { upper: 1 } });
    // 12 / sqrt(70 x 90) to one.
    expect(share?.interval.lower).toBeCloseTo(1 / (1 + 12 / Math.sqrt(70 * 90)), 12);
    expect(shareOfTotal(none, { value: 3, interval: { lower: 1, upper: 9 } })).toMatchObject({ rate: 0, interval: { lower: 0 } });
    expect(shareOfTotal(none, none)).toBeNull();
    expect(() => shareOfTotal({ value: 5, interval: { lower: 6, upper: 7 } }, none)).toThrow(RangeError);
  });

  it('covers a recall as often as it says, sampled at two rates', () => {
    // 1,000 billable of which 90 % are right, 4,000 not billable of which 2 % were missed: recall 900/980. 60 and 200 are looked at.
    const random = seededRandom(5);
    const [truth, runs] = [900 / 980, 2000];
    const draw = (size: number, trials: number, rate: number): Stratum => ({ size, trials, successes: Array.from({ length: trials }, () => random() < rate).filter(Boolean).length });
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const [right, missed] = [stratifiedProportion([draw(1000, 60, 0.9)]), stratifiedProportion([draw(4000, 200, 0.02)])];
      if (!right || !missed) throw new Error('something is not sampled');
      const total = ({ rate, interval }: typeof right, size: number) => ({ value: rate * size, interval: { lower: interval.lower * size, upper: interval.upper * size } });
      const share = shareOfTotal(total(right, 1000), total(missed, 4000));
      if (share && share.interval.lower <= truth && truth <= share.interval.upper) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.93);
    expect(covered / runs).toBeLessThan(0.985);
  });
});
