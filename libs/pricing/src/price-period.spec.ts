import { describe, expect, it } from '@jest/globals';
import { EVERY_CALL, bandFor, periodInForce, type PriceBand, type PricePeriod } from './price-period.js';

const at = (iso: string) => Date.parse(iso);

const period = (version: string, extra: Partial<PricePeriod> = {}): PricePeriod => ({
  fromMs: -Infinity,
  daily: undefined,
  source: 'catalogue',
  version,
  bands: [],
  ...extra,
});

describe('periodInForce', () => {
  const dated = [period('later', { fromMs: at('2026-03-13') }), period('first')];

  it('begins at its very first millisecond', () => {
    expect(periodInForce(dated, at('2026-03-13T00:00:00.000Z'))?.version).toBe('later');
    expect(periodInForce(dated, at('2026-03-12T23:59:59.999Z'))?.version).toBe('first');
  });

  it('is none before the first', () => {
    expect(periodInForce([period('only', { fromMs: at('2026-01-01') })], at('2025-12-31'))).toBeUndefined();
    expect(periodInForce([], 0)).toBeUndefined();
  });

  it('holds within a daily window, half-open', () => {
    const daily = [period('day', { daily: { startSecond: 1800, endSecond: 59_400 } }), period('night')];
    expect(periodInForce(daily, at('2026-05-05T00:29:59.999Z'))?.version).toBe('night');
    expect(periodInForce(daily, at('2026-05-05T00:30:00Z'))?.version).toBe('day');
    expect(periodInForce(daily, at('2026-05-05T16:29:59Z'))?.version).toBe('day');
    expect(periodInForce(daily, at('2026-05-05T16:30:00Z'))?.version).toBe('night');
    expect(periodInForce(daily, at('1969-12-31T12:00:00Z'))?.version).toBe('day');
  });

  it('holds across midnight', () => {
    const late = [period('late', { daily: { startSecond: 79_200, endSecond: 7_200 } }), period('other')];
    expect(periodInForce(late, at('2026-05-05T22:00:00Z'))?.version).toBe('late');
    expect(periodInForce(late, at('2026-05-05T01:59:59Z'))?.version).toBe('late');
    expect(periodInForce(late, at('2026-05-05T02:00:00Z'))?.version).toBe('other');
  });
});

it('bandFor chooses by more than its bound', () => {
  const band = (aboveInputTokens: number) => ({ aboveInputTokens }) as PriceBand;
  const tiered = period('tiered', { bands: [band(EVERY_CALL), band(128_000), band(200_000)] });
  expect(bandFor(tiered, 0)?.aboveInputTokens).toBe(EVERY_CALL);
  expect(bandFor(tiered, 128_000)?.aboveInputTokens).toBe(EVERY_CALL);
  expect(bandFor(tiered, 128_001)?.aboveInputTokens).toBe(128_000);
  expect(bandFor(tiered, 999_999)?.aboveInputTokens).toBe(200_000);
  expect(bandFor(period('unpriced'), 1)).toBeUndefined();
});
