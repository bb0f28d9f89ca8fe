import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { calcPrice, findProvider, type ConditionalPrice, type ModelInfo, type ModelPrice, type Provider } from '@pydantic/genai-prices';
import { DomainError } from '#platform';
import { picoUsdPerCall, picoUsdPerToken } from './pico-usd.js';
import { EVERY_CALL, withFallbacks, type DailyWindow, type PriceBand, type PricePeriod } from './price-period.js';
import { normaliseProvider } from './provider-aliases.js';
import type { TokenBucket } from './token-buckets.js';

/**
 * The bundled price catalogue, `@pydantic/genai-prices`. The package decides which of its models a name means; its prices are
 * compiled here to integers, because it adds up in floats. Its self-update is never switched on: a price must be a function of
 * the installed version, which every priced span names.
 */
export const CATALOGUE_VERSION = `genai-prices@${installedVersion()}`;

export interface CatalogueModel {
  /** Id of the provider whose list holds the model; for Azure and Google it may be the maker's list. */
  listedBy: string;
  model: ModelInfo;
}

// The catalogue's bucket names. Prices for things that no usage attribute counts (web searches, images, hours of audio) are left out.
const BUCKET_PRICE_KEYS: Readonly<Record<TokenBucket, string>> = {
  input: 'input_mtok',
  cacheRead: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  output: 'output_mtok',
  reasoning: 'output_reasoning_mtok',
  audioInput: 'input_audio_mtok',
  audioOutput: 'output_audio_mtok',
};

const FINE_TUNE = /(?:^|[/:.])ft[:-]|custom-model\//i;

/**
 * The catalogue's entry for a model of a provider (by catalogue id), or `undefined`.
 *
 * A fine-tune is only ever found under an entry for fine-tunes: some patterns ("contains o4-mini") would take
 * `ft:o4-mini:acme::1` for the base model, which costs a fraction.
 */
export function findCatalogueModel(provider: string, model: string): CatalogueModel | undefined {
  if (!isCatalogueProvider(provider)) return undefined;
  const found = calcPrice({}, model, { providerId: provider });
  if (found === null || (FINE_TUNE.test(model) && !FINE_TUNE.test(found.model.id))) return undefined;
  return { listedBy: listerOf(found.provider, found.model), model: found.model };
}

/**
 * Provider and model of a call that names no provider: from a prefix, as gateways write it ("openai/gpt-4.1"), else by the
 * package's own patterns of model names. A fine-tune belongs to its base model's provider.
 */
export function inferProvider(model: string): { provider: string; model: string } | undefined {
  const slash = model.indexOf('/');
  const prefix = slash > 0 ? normaliseProvider(model.slice(0, slash)) : '';
  if (isCatalogueProvider(prefix)) return { provider: prefix, model: model.slice(slash + 1) };
  const provider = findProvider({ modelId: model.toLowerCase().replace(/^ft:/, '') })?.id;
  return provider === undefined ? undefined : { provider, model };
}

/**
 * The entry's prices in order of precedence. As in the package, the last entry of a conditional list whose constraint holds
 * wins, and the first entry when none does.
 */
export function cataloguePeriods({ listedBy, model }: CatalogueModel): PricePeriod[] {
  const name = `${CATALOGUE_VERSION}/${listedBy}/${model.id}`;
  const conditional: ConditionalPrice[] = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const periods = conditional.map((entry) => periodOf(name, entry)).reverse();
  const first = conditional[0];
  return first?.constraint === undefined ? periods : [...periods, periodOf(name, { prices: first.prices })];
}

// Asked by id, the package also accepts names that merely contain one.
function isCatalogueProvider(id: string): boolean {
  return id !== '' && findProvider({ providerId: id })?.id === id;
}

// The package resolves a provider's fallbacks ("azure" to "openai") silently; the price version should name the list that was read.
function listerOf(provider: Provider, model: ModelInfo): string {
  const candidates = [provider.id, ...(provider.fallback_model_providers ?? [])];
  return candidates.find((id) => findProvider({ providerId: id })?.models.includes(model)) ?? provider.id;
}

function periodOf(name: string, { constraint, prices }: ConditionalPrice): PricePeriod {
  const bands = bandsOf(prices);
  if (constraint === undefined) return { fromMs: -Infinity, daily: undefined, source: 'catalogue', version: name, bands };
  if (constraint.type === 'start_date') {
    const version = `${name}@${constraint.start_date}`;
    return { fromMs: Date.parse(constraint.start_date), daily: undefined, source: 'catalogue', version, bands };
  }
  const version = `${name}@${constraint.start_time}-${constraint.end_time}`;
  const daily: DailyWindow = { startSecond: secondOfDay(constraint.start_time), endSecond: secondOfDay(constraint.end_time) };
  return { fromMs: -Infinity, daily, source: 'catalogue', version, bands };
}

function bandsOf(prices: ModelPrice): PriceBand[] {
  if (prices['input_mtok'] === undefined && prices['output_mtok'] === undefined) return [];
  const starts = new Set([EVERY_CALL]);
  for (const price of Object.values(prices)) {
    if (typeof price === 'object') price.tiers.forEach((tier) => starts.add(tier.start));
  }
  return [...starts].sort((a, b) => a - b).map((aboveInputTokens) => bandOf(prices, aboveInputTokens));
}

function bandOf(prices: ModelPrice, aboveInputTokens: number): PriceBand {
  const priceOf = (bucket: TokenBucket): number | undefined => {
    const usdPerMtok = usdAbove(prices[BUCKET_PRICE_KEYS[bucket]], aboveInputTokens);
    return usdPerMtok === undefined ? undefined : picoUsdPerToken(String(usdPerMtok));
  };
  const picoUsdPerTokenOwn = {
    input: priceOf('input'),
    cacheRead: priceOf('cacheRead'),
    cacheWrite: priceOf('cacheWrite'),
    output: priceOf('output'),
    reasoning: priceOf('reasoning'),
    audioInput: priceOf('audioInput'),
    audioOutput: priceOf('audioOutput'),
  };
  const usdPerThousandCalls = usdAbove(prices['requests_kcount'], aboveInputTokens) ?? 0;
  return {
    aboveInputTokens,
    picoUsdPerToken: withFallbacks(picoUsdPerTokenOwn),
    picoUsdPerCall: picoUsdPerCall(String(usdPerThousandCalls)),
  };
}

// A tier holds for calls of more than `start` input tokens, for all their tokens, not only those above it.
function usdAbove(price: ModelPrice[string], aboveInputTokens: number): number | undefined {
  if (typeof price !== 'object') return price;
  const tiers = price.tiers.filter((tier) => tier.start <= aboveInputTokens).sort((a, b) => b.start - a.start);
  return tiers[0]?.price ?? price.base;
}

function secondOfDay(time: string): number {
  const parts = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|([+-])(\d{2}):(\d{2}))$/.exec(time);
  if (!parts) {
    const message = `${CATALOGUE_VERSION}: "${time}" is not a time of day such as 16:30:00Z`;
    throw new DomainError({ kind: 'invalid', code: 'invalid_catalogue', message });
  }
  const [, hours, minutes, seconds, sign, offsetHours = '0', offsetMinutes = '0'] = parts;
  const local = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHours) * 3600 + Number(offsetMinutes) * 60);
  return (local - offset + 86_400) % 86_400;
}

// The package exports no path to its package.json, so it is read beside its resolved entry file.
function installedVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@pydantic/genai-prices');
  const manifest = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
