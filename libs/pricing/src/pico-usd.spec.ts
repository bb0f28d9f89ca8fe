import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { picoUsdOfSender, picoUsdPerCall, picoUsdPerToken } from './pico-usd.js';

describe('picoUsdPerToken', () => {
  it.each([
    // 2 USD per million tokens is 0.000002 USD, two million pico-USD, per token.
    ['2', 2_000_000],
    ['0.40', 400_000],
    ['0.003625', 3_625],
    ['0.000001', 1],
    ['8e-7', 1], // 0.8, to the nearest
    ['0.08333333333333334', 83_333],
    ['0.18000000000000002', 180_000],
    ['0.0000005', 0], // half to even
    ['0.0000015', 2],
    ['0.0000025', 2],
    ['1e+1', 10_000_000],
    ['0', 0],
  ])('%s USD per million tokens is %i', (usdPerMtok, expected) => {
    expect(picoUsdPerToken(usdPerMtok)).toBe(expected);
  });

  it.each(['', '-1', '1,5', '$2', 'NaN', 'Infinity', '1000001', '1e99', '0x10'])('refuses %p', (text) => {
    expect(() => picoUsdPerToken(text)).toThrow('is not a price');
  });

  it('is exact for six decimals', () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.nat(999_999), (whole, millionths) => {
        return picoUsdPerToken(`${whole}.${String(millionths).padStart(6, '0')}`) === whole * 1_000_000 + millionths;
      }),
    );
  });
});

it('reads a fee per thousand calls', () => {
  // Perplexity's 12 USD per thousand requests is 0.012 USD a request.
  expect(picoUsdPerCall('12')).toBe(12_000_000_000);
});

describe('picoUsdOfSender', () => {
  it.each([
    [0.007148, 7_148_000_000n],
    [1e-7, 100_000n],
    [0.1 + 0.2, 300_000_000_000n], // 0.30000000000000004
    [999_999, 999_999_000_000_000_000n],
  ])('%p USD', (usd, expected) => {
    expect(picoUsdOfSender(usd)).toBe(expected);
  });

  it.each([undefined, 0, -0.1, Number.NaN, Number.POSITIVE_INFINITY, 1_000_000, 1e-13])('does not believe %p', (usd) => {
    expect(picoUsdOfSender(usd)).toBeUndefined();
  });
});
