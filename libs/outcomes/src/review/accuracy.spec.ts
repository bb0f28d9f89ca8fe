import { describe, expect, it } from '@jest/globals';
import { precisionOf, recallOf, type JudgedDecision } from './accuracy.js';

const DRAWN_AT = new Date('2026-12-01T00:00:00Z');
let made = 0;

/** Of one stratum: so many that people call right, wrong, and neither. */
function judged(size: number, [right, wrong, open = 0]: readonly [number, number, number?], given: Partial<JudgedDecision> & { period?: string } = {}): JudgedDecision[] {
  const { period = '2026-11', ...rest } = given;
  const draw = { period, seed: 's', stratumSize: size, stratumDrawn: right + wrong + open };
  const one = (isRight: boolean | null): JudgedDecision => ({ id: `d-${made++}`, outcome: 'resolved', locale: 'en', isBillable: true, draw, drawnAt: DRAWN_AT, isRight, missed: null, ...rest });
  return [...Array.from({ length: right }, () => one(true)), ...Array.from({ length: wrong }, () => one(false)), ...Array.from({ length: open }, () => one(null))];
}
const notBillable = { outcome: 'none', isBillable: false };

describe('precisionOf', () => {
  it('is the share of yes with Wilson\'s interval, and takes the undecided for nothing', () => {
    // 18 of 20: (.9 + 3.841459/40)/(1 + 3.841459/20) = .835545; half 1.959964/1.192073 x sqrt(.09/20 + 3.841459/1600) = .136551.
    expect(precisionOf([...judged(400, [18, 2, 5]), ...judged(900, [3, 4], notBillable)], 20)).toEqual({
      ...{ kind: 'measured', rate: expect.closeTo(0.9, 12), n: 20, coverage: 1 },
      interval: { lower: expect.closeTo(0.699, 3), upper: expect.closeTo(0.972, 3) },
    });
  });

  it('weighs months and outcomes by their size', () => {
    // (900 x 9/10 + 100 x 5/10) / 1000.
    expect(precisionOf([...judged(900, [9, 1]), ...judged(100, [5, 5], { period: '2026-12' })], 20)).toMatchObject({ kind: 'measured', rate: expect.closeTo(0.86, 12), n: 20 });
    expect(precisionOf([...judged(900, [9, 1]), ...judged(100, [5, 5], { outcome: 'refunded' })], 20)).toMatchObject({ rate: expect.closeTo(0.86, 12) });
  });

  it('takes the size of a stratum at the last draw', () => {
    const grown = judged(300, [5, 5], { drawnAt: new Date('2026-12-02T00:00:00Z') });
    expect(precisionOf([...judged(100, [5, 5]), ...grown, ...judged(100, [20, 0], { locale: 'de' })], 20)).toMatchObject({ rate: expect.closeTo((300 * 0.5 + 100) / 400, 12) });
  });

  it('gives no rate of few, nor where much of the population has no answer', () => {
    expect(precisionOf(judged(400, [18, 1, 30]), 20)).toEqual({ kind: 'too_few', n: 19, nMin: 20 });
    expect(precisionOf([...judged(900, [20, 0]), ...judged(100, [0, 0, 5], { locale: 'de' })], 20)).toEqual({ kind: 'incomplete', n: 20, coverage: 0.9 });
    expect(precisionOf([...judged(990, [20, 0]), ...judged(10, [0, 0, 5], { locale: 'de' })], 20)).toMatchObject({ kind: 'measured', rate: 1, coverage: 0.99 });
  });
});

describe('recallOf', () => {
  it('lets each miss stand for as many as it was drawn from', () => {
    // 18 of 20 of 400: 360 true positives. 1 of 40 of 2,000 not billable ones was missed: 50. 360 of 410, not 18 of 19.
    const recall = recallOf([...judged(400, [18, 2]), ...judged(2000, [39, 1], notBillable)], null, 20);
    expect(recall).toMatchObject({ kind: 'measured', rate: expect.closeTo(360 / 410, 12), n: 60, coverage: 1 });
    // Wilson of 1 of 40 is [.0044, .1288], so up to 258 may be missed of some 618: the interval is as wide as that.
    if (recall.kind !== 'measured') throw new Error(recall.kind);
    expect(recall.interval.lower).toBeGreaterThan(0.55);
    expect(recall.interval.lower).toBeLessThan(0.62);
    expect(recall.interval.upper).toBeGreaterThan(0.96);
    expect(recall.interval.upper).toBeLessThan(0.99);
  });

  it('is not certain where no miss was found', () => {
    const recall = recallOf([...judged(400, [18, 2]), ...judged(2000, [40, 0], notBillable)], null, 20);
    expect(recall).toMatchObject({ kind: 'measured', rate: 1, interval: { upper: 1 } });
    expect(recall.kind === 'measured' && recall.interval.lower).toBeLessThan(0.75);
  });

  it('needs enough of both', () => {
    expect(recallOf(judged(400, [20, 0]), null, 20)).toEqual({ kind: 'too_few', n: 0, nMin: 20 });
    expect(recallOf([...judged(400, [20, 0]), ...judged(2000, [19, 0], notBillable)], null, 20)).toEqual({ kind: 'too_few', n: 19, nMin: 20 });
    expect(recallOf([...judged(4, [0, 4]), ...judged(20, [4, 0], notBillable)], null, 1)).toEqual({ kind: 'too_few', n: 0, nMin: 1 });
  });

  it('is of one policy where it is asked about one: what that billed, and what people say that it missed', () => {
    // Of 1,000 not billable ones 2 of 20 are missed refunds, 100, and 1 of 20 a missed answer, 50.
    const [refund, answer] = ['refunded', 'resolved'].map((missed) => ({ ...notBillable, isRight: false, missed }));
    const notBilled = [...judged(1000, [17, 0], notBillable), ...judged(1000, [0, 2], refund), ...judged(1000, [0, 1], answer)];
    const all = [...judged(400, [20, 0]), ...judged(300, [10, 10], { outcome: 'refunded' }), ...notBilled];
    expect(recallOf(all, 'resolved', 20)).toMatchObject({ kind: 'measured', rate: expect.closeTo(400 / 450, 12), n: 40 });
    expect(recallOf(all, 'refunded', 20)).toMatchObject({ kind: 'measured', rate: expect.closeTo(150 / 250, 12), n: 40 });
    expect(recallOf(all, null, 20)).toMatchObject({ kind: 'measured', rate: expect.closeTo(550 / 700, 12), n: 60 });
    expect(recallOf(all, 'upsell', 20)).toEqual({ kind: 'too_few', n: 0, nMin: 20 });
  });
});
