import { describe, expect, it } from '@jest/globals';
import { parseDecimal } from '#platform';
import { lineAmount } from './line-amount.js';

const amount = (quantity: string, unitAmount: string): bigint =>
  lineAmount({ value: parseDecimal(quantity, 12), scale: 12 }, { value: parseDecimal(unitAmount, 12), scale: 12 });

describe('lineAmount', () => {
  it.each([
    ['30', '0.05', 2n], // Stripe's own example: 1.5
    ['50', '0.05', 3n], // 2.5
    ['3', '99', 297n],
    ['0.1', '4', 0n], // 0.4
    ['0.125', '4', 1n], // 0.5
    ['-5', '99', 0n],
    ['0', '99', 0n],
    ['9007199254740993', '1', 9_007_199_254_740_993n], // 2^53 + 1, which no double holds
    ['1000000000000', '0.000000000001', 1n],
    ['499999999999', '0.000000000001', 0n],
  ])('%s x %s = %s', (quantity, unitAmount, expected) => {
    expect(amount(quantity, unitAmount)).toBe(expected);
  });
});
