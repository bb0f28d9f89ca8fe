import { describe, expect, it } from '@jest/globals';
import { contractWith } from '../testing/contracts.js';
import { ratePeriod, type PeriodCount } from './rate-period.js';

const counted = (outcome: string, grade: PeriodCount['grade'], count: number): PeriodCount => ({ outcome, grade, count, quantity: BigInt(count) * 1_000_000n });
const contract = (terms: string, price = '{ graduated: [{ up_to: 10, unit: 2 }, { unit: 1 }] }') => contractWith(['quiet_window: 1h', `quiet_window: 1h\n${terms}`], ['"1.80"', price]);

describe('ratePeriod', () => {
  it('prices each line by its own quantity', () => {
    const rated = ratePeriod(contract(''), [counted('resolved', 'customer_confirmed', 3), counted('refunded', 'system_verified', 8), counted('refunded', 'system_verified', 4), counted('refunded', 'judged', 1)]);
    expect(rated).toEqual({
      // 10 * 2 + 2 * 1; a grade of its own begins at the first tier.
      lines: [
        { outcome: 'refunded', grade: 'system_verified', count: 12, quantity: 12_000_000n, amountMicros: 22_000_000n },
        { outcome: 'refunded', grade: 'judged', count: 1, quantity: 1_000_000n, amountMicros: 2_000_000n },
        { outcome: 'resolved', grade: 'customer_confirmed', count: 3, quantity: 3_000_000n, amountMicros: 2_970_000n },
      ],
      outcomesMicros: 26_970_000n,
      topUpMicros: 0n,
      capMicros: 0n,
      totalMicros: 26_970_000n,
    });
  });

  it.each([
    ['a period of nothing', 'minimum: 5', 0, { outcomesMicros: 0n, topUpMicros: 5_000_000n, capMicros: 0n, totalMicros: 5_000_000n }],
    ['less than the minimum', 'minimum: 5', 2, { outcomesMicros: 4_000_000n, topUpMicros: 1_000_000n, capMicros: 0n, totalMicros: 5_000_000n }],
    ['exactly the minimum', 'minimum: 4', 2, { topUpMicros: 0n, totalMicros: 4_000_000n }],
    ['exactly the cap', 'cap: 4', 2, { capMicros: 0n, totalMicros: 4_000_000n }],
    ['more than the cap', 'cap: 3\nminimum: 3', 2, { outcomesMicros: 4_000_000n, topUpMicros: 0n, capMicros: -1_000_000n, totalMicros: 3_000_000n }],
  ])('%s', (_name, terms, count, expected) => {
    expect(ratePeriod(contract(terms), count === 0 ? [] : [counted('refunded', 'judged', count)])).toMatchObject(expected);
  });

  it('makes up in its last period what a commitment lacks, also beyond the cap of a period', () => {
    expect(ratePeriod(contract('cap: 3'), [counted('refunded', 'judged', 2)], { restMicros: 10_000_000n })).toMatchObject({ capMicros: -1_000_000n, topUpMicros: 7_000_000n, totalMicros: 10_000_000n });
    expect(ratePeriod(contract(''), [counted('refunded', 'judged', 2)], { restMicros: 1_000_000n })).toMatchObject({ topUpMicros: 0n, totalMicros: 4_000_000n });
  });
});
