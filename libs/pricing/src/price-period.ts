import type { TokenBucket } from './token-buckets.js';

/** Pico-USD per token of each bucket; `undefined` where the provider names no price and none may stand in. */
export type BucketPrices = Readonly<Record<TokenBucket, number | undefined>>;

/** The prices of calls that read more than `aboveInputTokens` tokens. */
export interface PriceBand {
  readonly aboveInputTokens: number;
  readonly picoUsdPerToken: BucketPrices;
  /** A fee for the call itself, whatever it used. */
  readonly picoUsdPerCall: number;
}

/** Seconds since midnight UTC, half-open; it wraps midnight when it ends before it starts. */
export interface DailyWindow {
  readonly startSecond: number;
  readonly endSecond: number;
}

/** One price of one model, and when it is in force. */
export interface PricePeriod {
  /** Epoch milliseconds, inclusive; -Infinity when undated. */
  readonly fromMs: number;
  readonly daily: DailyWindow | undefined;
  readonly source: 'catalogue' | 'override';
  readonly version: string;
  /** Ascending by `aboveInputTokens`, the first for every call. Empty when the model is listed without a price for tokens. */
  readonly bands: readonly PriceBand[];
}

/** The first band stands for every call, also one of no tokens. */
export const EVERY_CALL = -1;

/**
 * The first of `periods` in force at a moment. Precedence is their order: whoever builds the list puts overrides before the
 * catalogue and later dates before earlier ones.
 */
export function periodInForce(periods: readonly PricePeriod[], atMs: number): PricePeriod | undefined {
  for (const period of periods) {
    if (atMs >= period.fromMs && (period.daily === undefined || isWithin(period.daily, atMs))) return period;
  }
  return undefined;
}

/** The band for a call that read `inputTokens`; `undefined` when the period has no price for tokens. */
export function bandFor(period: PricePeriod, inputTokens: number): PriceBand | undefined {
  const { bands } = period;
  for (let i = bands.length - 1; i > 0; i--) {
    const band = bands[i];
    if (band !== undefined && inputTokens > band.aboveInputTokens) return band;
  }
  return bands[0];
}

/**
 * Fills in what providers without a separate price do: cached tokens are billed as input, reasoning as output. Audio is dearer than
 * text wherever it has a price, so nothing stands in for it.
 */
export function withFallbacks(own: BucketPrices): BucketPrices {
  return {
    ...own,
    cacheRead: own.cacheRead ?? own.input,
    cacheWrite: own.cacheWrite ?? own.input,
    reasoning: own.reasoning ?? own.output,
  };
}

const MS_PER_DAY = 86_400_000;

function isWithin(daily: DailyWindow, atMs: number): boolean {
  const second = (((atMs % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY) / 1000;
  return daily.endSecond < daily.startSecond
    ? second >= daily.startSecond || second < daily.endSecond
    : second >= daily.startSecond && second < daily.endSecond;
}
