import { describe, expect, it } from '@jest/globals';
import { formatCount, formatDuration, formatMinor, formatMoney, formatNoun, formatPoints, formatRounded, formatShare, formatTick, readCost, shareOf, sumUsd } from './figures.js';

// Figures and their units are kept on one line.
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567n, '1,234,567'],
  ])('groups %s as %s', (count, expected) => {
    expect(formatCount(count)).toBe(expected);
  });

  it('says one call and two calls', () => {
    expect([0, 1, 2].map((count) => plain(formatNoun(count, 'call')))).toEqual(['0 calls', '1 call', '2 calls']);
  });

  it.each([
    [0n, '0.00 USD'],
    [990_000n, '0.99 USD'],
    [1_234_500_000n, '1,234.50 USD'],
    [1n, '0.000001 USD'],
    [-1_990_000_000n, '−1,990.00 USD'],
  ])('writes %s micros as %s', (micros, expected) => {
    expect(plain(formatMoney(micros, 'USD'))).toBe(expected);
  });

  it('rounds what is computed, half to even', () => {
    expect([3_758_546n, 250n, 350n, -1_234_567_850n].map((micros) => plain(formatRounded(micros, 'USD')))).toEqual(['3.7585 USD', '0.0002 USD', '0.0004 USD', '−1,234.5678 USD']);
  });

  it('writes minor units with as many places as the currency has', () => {
    expect([formatMinor(123456n, 2, 'EUR'), formatMinor(123456n, 0, 'JPY'), formatMinor(-5n, 3, 'KWD')].map(plain)).toEqual(['1,234.56 EUR', '123,456 JPY', '−0.005 KWD']);
  });
});

describe('readCost', () => {
  it('rounds half to even and never rounds what was paid to zero', () => {
    const text = (usd: string, digits: number) => {
      const cost = readCost(usd, 0, digits);
      return cost.kind === 'known' ? plain(cost.text) : cost.kind;
    };
    expect(text('0.12345', 4)).toBe('0.1234 USD');
    expect(text('0.000000000001', 6)).toBe('< 0.000001 USD');
    expect(text('0', 4)).toBe('0.0000 USD');
    expect(text('1234.5', 2)).toBe('1,234.50 USD');
  });

  it('keeps unknown calls beside what is known, and gives no figure where nothing is', () => {
    expect(readCost('0.5', 3, 2)).toEqual({ kind: 'partly', text: '0.50\u00a0USD', unknownCalls: 3 });
    expect(readCost('0', 3)).toEqual({ kind: 'unknown', unknownCalls: 3 });
  });

  it('adds exactly', () => {
    expect(sumUsd(['0.1', '0.2', '0.000000000001'])).toBe('0.300000000001');
    expect(sumUsd([])).toBe('0');
  });
});

describe('shares', () => {
  it('are of what there is', () => {
    expect(shareOf('1', '8')).toBe(0.125);
    expect(shareOf('0', '0')).toBeNull();
    expect(plain(formatShare(0.125))).toBe('12.5 %');
  });

  it.each([
    [0.04, '+4.0 points'],
    [-0.25, '−25.0 points'],
    [0, '0.0 points'],
    [-0.0001, '0.0 points'],
    [0.0001, '0.0 points'],
  ])('differ by %s: %s', (difference, expected) => {
    expect(plain(formatPoints(difference))).toBe(expected);
  });
});

describe('formatTick', () => {
  it.each([
    [0n, '0'],
    [500_000_000n, '500 ms'],
    [10_000_000n, '10 ms'],
    [1_000_000_000n, '1 s'],
    [1_500_000_000n, '1.50 s'],
    [10_000_000_000n, '10 s'],
  ])('writes %s ns as %s', (nanoseconds, expected) => {
    expect(plain(formatTick(nanoseconds))).toBe(expected);
  });
});

describe('formatDuration', () => {
  it.each([
    [0n, '0 µs'],
    [340_000n, '340 µs'],
    [12_340_000n, '12.3 ms'],
    [850_400_000n, '850 ms'],
    [1_240_000_000n, '1.24 s'],
    [125_000_000_000n, '2 min 05 s'],
  ])('writes %s ns as %s', (nanoseconds, expected) => {
    expect(plain(formatDuration(nanoseconds))).toBe(expected);
  });
});
