import { UNKNOWN, costOfTokens, type CallCost } from './call-cost.js';
import { cataloguePeriods, findCatalogueModel, inferProvider } from './catalogue.js';
import { PairCache } from './pair-cache.js';
import { picoUsdOfSender } from './pico-usd.js';
import { compileOverrides, overrideKey, type PriceOverride } from './price-override.js';
import { periodInForce, type PricePeriod } from './price-period.js';
import { isProviderUnnamed, normaliseProvider } from './provider-aliases.js';
import type { TokenBuckets } from './token-buckets.js';

/** One model call as its span tells it. */
export interface PriceableCall {
  provider: string | undefined;
  requestModel: string | undefined;
  responseModel: string | undefined;
  /** When the span started, epoch milliseconds: the moment whose prices hold. */
  startedAtMs: number;
  /** From `bucketTokens`. */
  tokens: TokenBuckets | undefined;
  /** What the sender says it cost, in USD. */
  senderCostUsd: number | undefined;
}

const CACHED_NAMES_MAX = 10_000;

// Longer than any provider's names (ARNs included); what is longer is not looked up, let alone remembered.
const NAME_CHARS_MAX = 512;

const NO_PERIODS: readonly PricePeriod[] = [];

const SNAPSHOT_DATE = /[-@]20\d{2}(?:-\d{2}-\d{2}|\d{4})$/;

/**
 * Prices model calls from the bundled catalogue and from overrides. Immutable: changed overrides make a new book, so that a
 * run is priced by one set of prices. The same call always has the same cost and price version.
 *
 * The model is the one that answered; the requested name counts only when no other is given, or when the answer is from a dated
 * snapshot of it that has no price of its own (`gpt-4.1` asked, `gpt-4.1-2025-04-14` answered): routers answer with other
 * models than were asked for.
 */
export class PriceBook {
  readonly #overrides: ReadonlyMap<string, readonly PricePeriod[]>;
  // By provider and model as senders write them.
  readonly #periods = new PairCache<readonly PricePeriod[]>(CACHED_NAMES_MAX);
  readonly #resolveNames = (provider: string, model: string) => this.#resolve(normaliseProvider(provider), model.trim());

  /** @throws DomainError when an override is invalid or given twice. */
  constructor(overrides: readonly PriceOverride[] = []) {
    this.#overrides = compileOverrides(overrides);
  }

  /**
   * The exact cost of a call by the price in force when it started. A cost the sender computed is believed only where there
   * is no price, and only above zero: senders write zero for models they do not know.
   */
  priceCall(call: PriceableCall): CallCost {
    const period = this.#periodFor(call);
    if (period === undefined || period.bands.length === 0) return this.#withoutPrice(call);
    return call.tokens === undefined ? UNKNOWN.no_usage : costOfTokens(call.tokens, period);
  }

  #withoutPrice(call: PriceableCall): CallCost {
    const costPicoUsd = picoUsdOfSender(call.senderCostUsd);
    if (costPicoUsd !== undefined) return { kind: 'known', costPicoUsd, priceVersion: 'sender', source: 'sender' };
    // Usage first: a price would not help a call without it.
    if (call.tokens === undefined) return UNKNOWN.no_usage;
    return call.responseModel || call.requestModel ? UNKNOWN.no_price : UNKNOWN.no_model;
  }

  #periodFor(call: PriceableCall): PricePeriod | undefined {
    const model = call.responseModel || call.requestModel;
    if (!model) return undefined;
    const provider = call.provider ?? '';
    const period = periodInForce(this.#periodsOf(provider, model), call.startedAtMs);
    if (period !== undefined || !call.requestModel || !isSnapshotOf(model, call.requestModel)) return period;
    return periodInForce(this.#periodsOf(provider, call.requestModel), call.startedAtMs);
  }

  #periodsOf(provider: string, model: string): readonly PricePeriod[] {
    if (provider.length > NAME_CHARS_MAX || model.length > NAME_CHARS_MAX) return NO_PERIODS;
    return this.#periods.getOr(provider, model, this.#resolveNames);
  }

  #resolve(provider: string, model: string): readonly PricePeriod[] {
    if (!isProviderUnnamed(provider)) return this.#pricesOf(provider, model);
    const inferred = inferProvider(model);
    const guessed = inferred === undefined ? [] : this.#pricesOf(inferred.provider, inferred.model);
    return [
      ...this.#overridesOf(provider, model),
      ...guessed.map((period) => ({ ...period, version: `${period.version}+provider-from-model` })),
    ];
  }

  #pricesOf(provider: string, model: string): readonly PricePeriod[] {
    const listed = findCatalogueModel(provider, model);
    return [...this.#overridesOf(provider, model), ...(listed === undefined ? [] : cataloguePeriods(listed))];
  }

  /** An override of a model covers its dated snapshots too, after their own and unless the catalogue lists them apart. */
  #overridesOf(provider: string, model: string): readonly PricePeriod[] {
    const own = this.#overrides.get(overrideKey(provider, model)) ?? [];
    const undated = model.replace(SNAPSHOT_DATE, '');
    const ofUndated = undated === model ? undefined : this.#overrides.get(overrideKey(provider, undated));
    if (ofUndated === undefined) return own;
    const listed = findCatalogueModel(provider, model)?.model;
    const isListedApart = listed !== undefined && listed !== findCatalogueModel(provider, undated)?.model;
    return isListedApart ? own : [...own, ...ofUndated];
  }
}

function isSnapshotOf(model: string, requested: string): boolean {
  return model.length > requested.length && model.replace(SNAPSHOT_DATE, '').toLowerCase() === requested.toLowerCase();
}
