import { COST_PICO_USD_MAX, type PicoUsd } from './pico-usd.js';
import { bandFor, type PriceBand, type PricePeriod } from './price-period.js';
import { TOKEN_BUCKETS, inputTokensOf, type TokenBuckets } from './token-buckets.js';

/**
 * Why a cost is unknown:
 * - `no_usage`: the sender reported no tokens, as when a stream was aborted
 * - `no_model`: the call names no model
 * - `no_price`: neither an override nor the catalogue has a token price of the model at that time
 * - `bucket_without_price`: the model has a price, but not for a kind of token that was used
 * - `out_of_range`: a million dollars or more for one call, taken for a broken count
 */
export type UnknownCostReason = 'no_usage' | 'no_model' | 'no_price' | 'bucket_without_price' | 'out_of_range';

export interface KnownCost {
  readonly kind: 'known';
  /** Exact; at most `COST_PICO_USD_MAX`. */
  readonly costPicoUsd: PicoUsd;
  /** Names the price that was applied, such as `genai-prices@0.1.8/openai/gpt-4.1` or `override/azure/gpt-4.1@2026-01-01`. */
  readonly priceVersion: string;
  readonly source: 'catalogue' | 'override' | 'sender';
}

export interface UnknownCost {
  readonly kind: 'unknown';
  readonly reason: UnknownCostReason;
}

/** What one model call cost. Unknown is never zero. */
export type CallCost = KnownCost | UnknownCost;

/** One object per reason: calls without a cost are common, and need no allocation. */
export const UNKNOWN: Readonly<Record<UnknownCostReason, UnknownCost>> = {
  no_usage: { kind: 'unknown', reason: 'no_usage' },
  no_model: { kind: 'unknown', reason: 'no_model' },
  no_price: { kind: 'unknown', reason: 'no_price' },
  bucket_without_price: { kind: 'unknown', reason: 'bucket_without_price' },
  out_of_range: { kind: 'unknown', reason: 'out_of_range' },
};

/** Tokens times prices, exactly. */
export function costOfTokens(tokens: TokenBuckets, period: PricePeriod): CallCost {
  const band = bandFor(period, inputTokensOf(tokens));
  if (band === undefined) return UNKNOWN.no_price;
  // Terms are non-negative integers and rounding is monotone: had any product or partial sum left the integers a double can
  // hold, the total would be above 2^53 too. So a total below it is exact, and bigints are only for calls above 9,007 USD.
  let picoUsd = band.picoUsdPerCall;
  for (const bucket of TOKEN_BUCKETS) {
    const count = tokens[bucket];
    if (count === 0) continue;
    const price = band.picoUsdPerToken[bucket];
    if (price === undefined) return UNKNOWN.bucket_without_price;
    picoUsd += count * price;
  }
  const costPicoUsd = picoUsd <= Number.MAX_SAFE_INTEGER ? BigInt(picoUsd) : sumExactly(tokens, band);
  if (costPicoUsd > COST_PICO_USD_MAX) return UNKNOWN.out_of_range;
  return { kind: 'known', costPicoUsd, priceVersion: period.version, source: period.source };
}

function sumExactly(tokens: TokenBuckets, band: PriceBand): PicoUsd {
  return TOKEN_BUCKETS.reduce(
    (sum, bucket) => sum + BigInt(tokens[bucket]) * BigInt(band.picoUsdPerToken[bucket] ?? 0),
    BigInt(band.picoUsdPerCall),
  );
}
