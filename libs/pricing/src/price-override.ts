import { DomainError } from '#platform';
import { picoUsdPerToken } from './pico-usd.js';
import { EVERY_CALL, withFallbacks, type PricePeriod } from './price-period.js';
import { normaliseProvider } from './provider-aliases.js';

/**
 * US dollars per million tokens as decimals ("0.40"). What is left out falls back as in the catalogue: cache to input,
 * reasoning to output.
 */
export interface OverridePrices {
  inputUsdPerMtok: string;
  cacheReadUsdPerMtok?: string | undefined;
  cacheWriteUsdPerMtok?: string | undefined;
  /** Left out for models without output, such as embeddings. */
  outputUsdPerMtok?: string | undefined;
  reasoningUsdPerMtok?: string | undefined;
  audioInputUsdPerMtok?: string | undefined;
  audioOutputUsdPerMtok?: string | undefined;
}

/** A price that holds instead of the catalogue's from a moment on: a negotiated rate, a fine-tune, a self-hosted model. */
export interface PriceOverride {
  /** As any sender writes it: `azure.ai.openai` and `azure` are the same provider. */
  provider: string;
  model: string;
  /** In force from here, inclusive, until the next override of the same model. */
  effectiveFrom: Date;
  prices: OverridePrices;
  /** Where the price comes from (an order form, a URL): for people. */
  source?: string | undefined;
}

/**
 * Compiles overrides to periods by `overrideKey`, the latest first.
 * @throws DomainError `invalid_price_override`, `invalid_price`, or `duplicate_price_override` (two for one model and moment).
 */
export function compileOverrides(overrides: readonly PriceOverride[]): Map<string, readonly PricePeriod[]> {
  const periods = new Map<string, PricePeriod[]>();
  for (const override of overrides) {
    const period = periodOf(override);
    const key = overrideKey(normaliseProvider(override.provider), override.model);
    const ofModel = periods.get(key) ?? [];
    if (ofModel.some((other) => other.fromMs === period.fromMs)) {
      throw new DomainError({
        kind: 'conflict',
        code: 'duplicate_price_override',
        message: `two price overrides are named ${period.version}; keep one, or give the later one its own effectiveFrom`,
      });
    }
    periods.set(key, [...ofModel, period]);
  }
  for (const ofModel of periods.values()) ofModel.sort((a, b) => b.fromMs - a.fromMs);
  return periods;
}

/** `provider` is a normalised id; model names compare without case. */
export function overrideKey(provider: string, model: string): string {
  return `${provider}/${model.trim().toLowerCase()}`;
}

function periodOf({ provider, model, effectiveFrom, prices }: PriceOverride): PricePeriod {
  const fromMs = effectiveFrom.getTime();
  if (provider.trim() === '' || model.trim() === '' || Number.isNaN(fromMs)) {
    throw new DomainError({
      kind: 'invalid',
      code: 'invalid_price_override',
      message: `price override of "${provider}" / "${model}" needs a provider, a model and a valid effectiveFrom`,
    });
  }
  const priceOf = (usdPerMtok: string | undefined) => (usdPerMtok === undefined ? undefined : picoUsdPerToken(usdPerMtok));
  const picoUsdPerTokenOwn = {
    input: priceOf(prices.inputUsdPerMtok),
    cacheRead: priceOf(prices.cacheReadUsdPerMtok),
    cacheWrite: priceOf(prices.cacheWriteUsdPerMtok),
    output: priceOf(prices.outputUsdPerMtok),
    reasoning: priceOf(prices.reasoningUsdPerMtok),
    audioInput: priceOf(prices.audioInputUsdPerMtok),
    audioOutput: priceOf(prices.audioOutputUsdPerMtok),
  };
  return {
    fromMs,
    daily: undefined,
    source: 'override',
    version: `override/${normaliseProvider(provider)}/${model.trim()}@${isoMoment(effectiveFrom)}`,
    bands: [{ aboveInputTokens: EVERY_CALL, picoUsdPerToken: withFallbacks(picoUsdPerTokenOwn), picoUsdPerCall: 0 }],
  };
}

// Most overrides begin at midnight UTC, and then the date says it all.
function isoMoment(moment: Date): string {
  return moment.toISOString().replace('T00:00:00.000Z', '');
}
