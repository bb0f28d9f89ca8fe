import { describe, expect, it } from '@jest/globals';
import { CATALOGUE_VERSION } from './catalogue.js';
import { PriceBook, type PriceableCall } from './price-book.js';
import type { PriceOverride } from './price-override.js';
import { bucketTokens, type ReportedUsage } from './token-buckets.js';

const STARTED_AT = '2026-05-05T12:00:00Z';

interface CallInput extends Partial<Omit<PriceableCall, 'tokens' | 'startedAtMs'>> {
  usage?: Partial<ReportedUsage>;
  startedAt?: string;
}

function callOf({ usage = { inputTokens: 3346, outputTokens: 57 }, startedAt = STARTED_AT, ...rest }: CallInput): PriceableCall {
  return {
    provider: 'openai',
    requestModel: undefined,
    responseModel: undefined,
    senderCostUsd: undefined,
    ...rest,
    tokens: bucketTokens(usage as ReportedUsage),
    startedAtMs: Date.parse(startedAt),
  };
}

const priceOf = (input: CallInput, overrides: PriceOverride[] = []) => new PriceBook(overrides).priceCall(callOf(input));

const known = (costPicoUsd: bigint, priceVersion: string, source = 'catalogue') => ({ kind: 'known', costPicoUsd, priceVersion, source });
const unknown = (reason: string) => ({ kind: 'unknown', reason });

describe('catalogue prices', () => {
  it('prices gpt-4.1 at 2 USD in, 0.50 cached and 8 USD out per million tokens', () => {
    // 3346 x 2e-6 + 57 x 8e-6 = 0.006692 + 0.000456 = 0.007148 USD
    expect(priceOf({ responseModel: 'gpt-4.1-2025-04-14' })).toEqual(known(7_148_000_000n, `${CATALOGUE_VERSION}/openai/gpt-4.1`));
    // 346 x 2e-6 + 3000 x 0.5e-6 + 57 x 8e-6 = 0.000692 + 0.0015 + 0.000456 = 0.002648 USD
    const usage = { inputTokens: 3346, cacheReadTokens: 3000, outputTokens: 57, reasoningTokens: 40 };
    expect(priceOf({ responseModel: 'gpt-4.1', usage })).toEqual(known(2_648_000_000n, `${CATALOGUE_VERSION}/openai/gpt-4.1`));
  });

  it('prices an embedding, which has no output', () => {
    // 1,000 x 0.02e-6 USD
    expect(priceOf({ requestModel: 'text-embedding-3-small', usage: { inputTokens: 1000 } })).toMatchObject({ costPicoUsd: 20_000_000n });
    expect(priceOf({ requestModel: 'text-embedding-3-small', usage: { inputTokens: 1000, outputTokens: 0 } }).kind).toBe('known');
    expect(priceOf({ requestModel: 'text-embedding-3-small', usage: { inputTokens: 1000, outputTokens: 1 } })).toEqual(
      unknown('bucket_without_price'),
    );
  });

  it('uses the price of the day', () => {
    // o3 fell from 10 and 40 to 2 and 8 USD on 2025-06-10: 1,000 in and 100 out are 0.014 and 0.0028 USD.
    const usage = { inputTokens: 1000, outputTokens: 100 };
    expect(priceOf({ responseModel: 'o3', usage, startedAt: '2025-06-09T23:59:59.999Z' })).toEqual(
      known(14_000_000_000n, `${CATALOGUE_VERSION}/openai/o3`),
    );
    expect(priceOf({ responseModel: 'o3', usage, startedAt: '2025-06-10T00:00:00Z' })).toEqual(
      known(2_800_000_000n, `${CATALOGUE_VERSION}/openai/o3@2025-06-10`),
    );
  });

  it('uses the price of the hour', () => {
    // deepseek-chat: 0.27 USD in by day (00:30 to 16:30 UTC), 0.135 off-peak.
    const call = { provider: 'deepseek', responseModel: 'deepseek-chat', usage: { inputTokens: 1_000_000 } };
    expect(priceOf({ ...call, startedAt: '2026-05-05T16:29:59Z' })).toEqual(
      known(270_000_000_000n, `${CATALOGUE_VERSION}/deepseek/deepseek-chat@00:30:00Z-16:30:00Z`),
    );
    expect(priceOf({ ...call, startedAt: '2026-05-05T16:30:00Z' })).toMatchObject({ costPicoUsd: 135_000_000_000n });
  });

  it('uses the tier of all input tokens, cached ones too', () => {
    // gemini-2.5-pro: 1.25 in, 0.125 cached, 10 out up to 200,000 input tokens; 2.50, 0.25, 15 above, for all of them.
    const call = { provider: 'gcp.gemini', responseModel: 'gemini-2.5-pro' };
    expect(priceOf({ ...call, usage: { inputTokens: 200_000, cacheReadTokens: 100_000, outputTokens: 10 } })).toMatchObject({
      costPicoUsd: 125_000_000_000n + 12_500_000_000n + 100_000_000n,
    });
    expect(priceOf({ ...call, usage: { inputTokens: 200_001, cacheReadTokens: 100_000, outputTokens: 10 } })).toMatchObject({
      costPicoUsd: 100_001n * 2_500_000n + 100_000n * 250_000n + 10n * 15_000_000n,
    });
  });

  it('adds the fee per call', () => {
    // Perplexity sonar: 1 USD in, 1 USD out, 12 USD per thousand requests: 0.0001 + 0.0001 + 0.012
    expect(priceOf({ provider: 'perplexity', responseModel: 'sonar', usage: { inputTokens: 100, outputTokens: 100 } })).toMatchObject({
      costPicoUsd: 12_200_000_000n,
    });
  });

  it('has no price for audio where the catalogue has none, and does not take text for it', () => {
    const usage = { inputTokens: 100, audioInputTokens: 90, outputTokens: 10, audioOutputTokens: 10 };
    expect(priceOf({ responseModel: 'gpt-4.1', usage })).toEqual(unknown('bucket_without_price'));
    // gpt-audio: 10 x 2.50 + 90 x 32 + 10 x 64 per million
    expect(priceOf({ responseModel: 'gpt-audio', usage })).toMatchObject({ costPicoUsd: 25_000_000n + 2_880_000_000n + 640_000_000n });
  });
});

describe('which model', () => {
  it('prices the model that answered', () => {
    expect(priceOf({ requestModel: 'gpt-4.1-mini', responseModel: 'gpt-4.1' })).toMatchObject({ costPicoUsd: 7_148_000_000n });
    expect(priceOf({ requestModel: 'gpt-4.1', responseModel: '' })).toMatchObject({ costPicoUsd: 7_148_000_000n });
  });

  it('prices an unlisted snapshot as the model that was asked for, but no other answer', () => {
    expect(priceOf({ requestModel: 'gpt-4.1', responseModel: 'gpt-4.1-2026-02-01' })).toEqual(
      known(7_148_000_000n, `${CATALOGUE_VERSION}/openai/gpt-4.1`),
    );
    expect(priceOf({ requestModel: 'gpt-4.1', responseModel: 'in-house-7b' })).toEqual(unknown('no_price'));
    expect(priceOf({ responseModel: 'gpt-4.1-2026-02-01' })).toEqual(unknown('no_price'));
  });

  it('does not know fine-tunes', () => {
    const responseModel = 'ft:gpt-4.1-2025-04-14:sierra:classify:B1x';
    expect(priceOf({ requestModel: 'gpt-4.1-2025-04-14', responseModel })).toEqual(unknown('no_price'));
    expect(priceOf({ provider: undefined, requestModel: responseModel })).toEqual(unknown('no_price'));
  });

  it('finds the provider by the model, and says so', () => {
    const version = `${CATALOGUE_VERSION}/openai/gpt-4.1+provider-from-model`;
    expect(priceOf({ provider: undefined, responseModel: 'gpt-4.1' })).toEqual(known(7_148_000_000n, version));
    expect(priceOf({ provider: 'litellm', responseModel: 'openai/gpt-4.1' })).toEqual(known(7_148_000_000n, version));
    expect(priceOf({ provider: 'vllm', responseModel: 'gpt-4.1' })).toEqual(unknown('no_price'));
  });
});

describe('overrides', () => {
  const override = (model: string, effectiveFrom: string, inputUsdPerMtok: string, provider = 'openai'): PriceOverride => ({
    provider,
    model,
    effectiveFrom: new Date(effectiveFrom),
    prices: { inputUsdPerMtok, outputUsdPerMtok: '1' },
  });
  const usage = { inputTokens: 1000, outputTokens: 0 };

  it('wins over the catalogue from its day on, until the next', () => {
    const overrides = [override('gpt-4.1', '2026-03-01', '1.80'), override('gpt-4.1', '2026-05-05T12:00:00Z', '1.60')];
    expect(priceOf({ responseModel: 'gpt-4.1', usage, startedAt: '2026-02-28T23:59:59.999Z' }, overrides)).toMatchObject({
      costPicoUsd: 2_000_000_000n,
      source: 'catalogue',
    });
    expect(priceOf({ responseModel: 'gpt-4.1', usage, startedAt: '2026-05-05T11:59:59.999Z' }, overrides)).toEqual(
      known(1_800_000_000n, 'override/openai/gpt-4.1@2026-03-01', 'override'),
    );
    expect(priceOf({ responseModel: 'GPT-4.1', usage, startedAt: '2026-05-05T12:00:00Z' }, overrides)).toEqual(
      known(1_600_000_000n, 'override/openai/gpt-4.1@2026-05-05T12:00:00.000Z', 'override'),
    );
  });

  it('gives fine-tunes and self-hosted models a price', () => {
    const fineTune = 'ft:gpt-4.1-2025-04-14:sierra:classify:B1x';
    const overrides = [override(fineTune, '2026-01-01', '3'), override('in-house-7b', '2026-01-01', '0.05', 'vLLM')];
    expect(priceOf({ responseModel: fineTune, usage }, overrides)).toMatchObject({ costPicoUsd: 3_000_000_000n });
    expect(priceOf({ provider: undefined, responseModel: fineTune, usage }, overrides)).toMatchObject({
      priceVersion: `override/openai/${fineTune}@2026-01-01+provider-from-model`,
    });
    expect(priceOf({ provider: 'vllm', responseModel: 'in-house-7b', usage }, overrides)).toMatchObject({ costPicoUsd: 50_000_000n });
  });

  it('knows a provider by any of its names, and only that provider', () => {
    const overrides = [override('gpt-4.1', '2026-01-01', '1.70', 'azure')];
    expect(priceOf({ provider: 'az.ai.openai', responseModel: 'gpt-4.1', usage }, overrides)).toMatchObject({ source: 'override' });
    expect(priceOf({ provider: 'openai', responseModel: 'gpt-4.1', usage }, overrides)).toMatchObject({ source: 'catalogue' });
  });

  it('covers dated snapshots that the catalogue does not list apart', () => {
    const overrides = [override('gpt-4.1', '2026-01-01', '1.70'), override('gpt-4o', '2026-01-01', '1.70')];
    expect(priceOf({ responseModel: 'gpt-4.1-2025-04-14', usage }, overrides)).toMatchObject({ source: 'override' });
    expect(priceOf({ responseModel: 'gpt-4.1-2026-02-01', usage }, overrides)).toMatchObject({ source: 'override' });
    // This snapshot of gpt-4o costs twice as much as gpt-4o, and has its own entry: 5 USD in.
    expect(priceOf({ responseModel: 'gpt-4o-2024-05-13', usage }, overrides)).toMatchObject({ costPicoUsd: 5_000_000_000n });
    expect(priceOf({ responseModel: 'gpt-4.1-mini-2025-04-14', usage }, overrides)).toMatchObject({ source: 'catalogue' });
    const own = [...overrides, override('gpt-4.1-2025-04-14', '2026-05-01', '9'), override('gpt-4.1-2025-04-14', '2027-01-01', '10')];
    expect(priceOf({ responseModel: 'gpt-4.1-2025-04-14', usage }, own)).toMatchObject({ costPicoUsd: 9_000_000_000n });
  });

  it('bills cached tokens as input and reasoning as output where it says nothing of them', () => {
    const prices = { inputUsdPerMtok: '2', cacheReadUsdPerMtok: '0.1', outputUsdPerMtok: '4', audioOutputUsdPerMtok: '50' };
    const overrides = [{ provider: 'openai', model: 'm', effectiveFrom: new Date('2026-01-01'), prices }];
    const all = {
      inputTokens: 100,
      cacheReadTokens: 30,
      cacheWriteTokens: 20,
      outputTokens: 60,
      reasoningTokens: 10,
      audioOutputTokens: 5,
    };
    // 50 x 2 + 30 x 0.1 + 20 x 2 + 45 x 4 + 10 x 4 + 5 x 50 = 613 per million
    expect(priceOf({ responseModel: 'm', usage: all }, overrides)).toMatchObject({ costPicoUsd: 613_000_000n });
    expect(priceOf({ responseModel: 'm', usage: { ...all, audioInputTokens: 1 } }, overrides)).toEqual(unknown('bucket_without_price'));
  });

  it('refuses what cannot be a price', () => {
    expect(() => new PriceBook([override('m', '2026-01-01', '-1')])).toThrow('"-1" is not a price');
    expect(() => new PriceBook([override('m', 'never', '1')])).toThrow('needs a provider, a model and a valid effectiveFrom');
    expect(() => new PriceBook([override(' ', '2026-01-01', '1')])).toThrow('needs a provider, a model and a valid effectiveFrom');
    expect(() => new PriceBook([override('m', '2026-01-01', '1'), override('M', '2026-01-01', '2')])).toThrow('two price overrides');
  });
});

describe('unknown', () => {
  it('says why', () => {
    expect(priceOf({ responseModel: 'gpt-4.1', usage: {} })).toEqual(unknown('no_usage'));
    expect(priceOf({ responseModel: 'gpt-unheard-of', usage: {} })).toEqual(unknown('no_usage'));
    expect(priceOf({})).toEqual(unknown('no_model'));
    expect(priceOf({ responseModel: 'gpt-unheard-of' })).toEqual(unknown('no_price'));
    // Priced by the hour of audio, and listed without any price.
    expect(priceOf({ responseModel: 'whisper-1' })).toEqual(unknown('no_price'));
    expect(priceOf({ provider: 'google', responseModel: 'gemma-3' })).toEqual(unknown('no_price'));
  });

  it('believes a sender only where there is no price, and never its zero', () => {
    expect(priceOf({ responseModel: 'in-house-7b', senderCostUsd: 0.0012 })).toEqual(known(1_200_000_000n, 'sender', 'sender'));
    expect(priceOf({ senderCostUsd: 0.0012, usage: {} })).toEqual(known(1_200_000_000n, 'sender', 'sender'));
    expect(priceOf({ responseModel: 'in-house-7b', senderCostUsd: 0 })).toEqual(unknown('no_price'));
    expect(priceOf({ responseModel: 'gpt-4.1', senderCostUsd: 5 })).toMatchObject({ costPicoUsd: 7_148_000_000n, source: 'catalogue' });
    expect(priceOf({ responseModel: 'gpt-4.1', senderCostUsd: 5, usage: {} })).toEqual(unknown('no_usage'));
  });
});

describe('large amounts', () => {
  it('are exact above 2^53 pico-USD', () => {
    // About 1.8e16, where doubles are four apart.
    const usage = { inputTokens: 9_007_199_255, outputTokens: 2 };
    const overrides = [
      { provider: 'p', model: 'm', effectiveFrom: new Date(0), prices: { inputUsdPerMtok: '2.000001', outputUsdPerMtok: '0.000001' } },
    ];
    expect(priceOf({ provider: 'p', responseModel: 'm', usage }, overrides)).toMatchObject({
      costPicoUsd: 9_007_199_255n * 2_000_001n + 2n,
    });
  });

  it('of a million dollars are taken for broken counts', () => {
    // 0.999999999998 and 1.000000 million USD
    expect(priceOf({ responseModel: 'gpt-4.1', usage: { inputTokens: 499_999_999_999 } })).toMatchObject({
      costPicoUsd: 999_999_999_998_000_000n,
    });
    expect(priceOf({ responseModel: 'gpt-4.1', usage: { inputTokens: 500_000_000_000 } })).toEqual(unknown('out_of_range'));
  });
});

it('does not look up names that no provider gives', () => {
  const model = `in-house-${'7'.repeat(600)}`;
  const overrides = [{ provider: 'vllm', model, effectiveFrom: new Date(0), prices: { inputUsdPerMtok: '1', outputUsdPerMtok: '1' } }];
  expect(priceOf({ provider: 'vllm', responseModel: model }, overrides)).toEqual(unknown('no_price'));
});
