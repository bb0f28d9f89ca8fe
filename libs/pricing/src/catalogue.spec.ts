import { describe, expect, it } from '@jest/globals';
import { calcPrice, waitForUpdate, type ModelInfo, type Provider, type Usage } from '@pydantic/genai-prices';
import { costOfTokens } from './call-cost.js';
import { CATALOGUE_VERSION, cataloguePeriods, findCatalogueModel, inferProvider } from './catalogue.js';
import { periodInForce } from './price-period.js';
import { bucketTokens, type ReportedUsage } from './token-buckets.js';

const idOf = (provider: string, model: string) => {
  const found = findCatalogueModel(provider, model);
  return found && `${found.listedBy}/${found.model.id}`;
};

describe('findCatalogueModel', () => {
  it('finds models by the names that providers answer with', () => {
    expect(idOf('openai', 'gpt-4.1-2025-04-14')).toBe('openai/gpt-4.1');
    expect(idOf('openai', 'GPT-4.1')).toBe('openai/gpt-4.1');
    expect(idOf('anthropic', 'claude-sonnet-4-5-20250929')).toBe('anthropic/claude-sonnet-4-5');
    expect(idOf('openai', 'gpt-unheard-of')).toBeUndefined();
  });

  it('names the list in which a hosted model was found', () => {
    expect(idOf('azure', 'text-embedding-3-large')).toBe('azure/text-embedding-3-large');
    // Azure's own list leaves most models to their makers' lists.
    expect(idOf('azure', 'gpt-4.1')).toBe('openai/gpt-4.1');
    expect(idOf('azure', 'claude-opus-4-6')).toBe('anthropic/claude-opus-4-6');
  });

  it('never takes a fine-tune for its base model', () => {
    expect(idOf('openai', 'ft:gpt-4.1-2025-04-14:acme:triage:B1x')).toBeUndefined();
    // The catalogue's own patterns would match these three.
    expect(idOf('openai', 'ft:o4-mini-2025-04-16:acme::B1x')).toBeUndefined();
    expect(idOf('openai', 'ft:gpt-4-0613:acme::B1x')).toBeUndefined();
    expect(idOf('aws', 'arn:aws:bedrock:us-east-1:1:custom-model/anthropic.claude-3-haiku-20240307-v1:0/x')).toBeUndefined();
    expect(idOf('openai', 'ft:gpt-4o-2024-08-06:acme::B1x')).toBe('openai/ft:gpt-4o');
  });

  it('asks no provider that the catalogue does not know by this very id', () => {
    expect(idOf('openai-compatible', 'gpt-4.1')).toBeUndefined();
    expect(idOf('', 'gpt-4.1')).toBeUndefined();
  });
});

it('inferProvider reads a prefix or the pattern of the name', () => {
  expect(inferProvider('vertex_ai/gemini-2.5-pro')).toEqual({ provider: 'google', model: 'gemini-2.5-pro' });
  expect(inferProvider('claude-sonnet-4-5')).toEqual({ provider: 'anthropic', model: 'claude-sonnet-4-5' });
  expect(inferProvider('ft:gpt-4.1:acme::1')).toEqual({ provider: 'openai', model: 'ft:gpt-4.1:acme::1' });
  expect(inferProvider('in-house-7b')).toBeUndefined();
});

it('names the installed version', () => {
  expect(CATALOGUE_VERSION).toMatch(/^genai-prices@\d+\.\d+\.\d+$/);
});

/** Every model with a token price, at times on each side of every dated price, against the package's own arithmetic. */
describe('cross-check with the package', () => {
  const MOMENTS = ['2025-01-15T12:00:00Z', '2025-12-20T00:10:00Z', '2026-08-01T20:00:00Z', '2026-09-25T02:30:00Z', '2027-06-01T07:00:00Z'];

  const REPORTS: Record<string, Partial<ReportedUsage>> = {
    plain: { inputTokens: 3346, outputTokens: 57 },
    cached: { inputTokens: 9000, cacheReadTokens: 7001, cacheWriteTokens: 503, outputTokens: 911, reasoningTokens: 400 },
    long: { inputTokens: 200_001, cacheReadTokens: 150_000, outputTokens: 8000 },
    longest: { inputTokens: 999_999, outputTokens: 1 },
    audio: { inputTokens: 500, audioInputTokens: 450, outputTokens: 300, audioOutputTokens: 299 },
  };

  // Matched by an invented name, so that each entry is met, whatever the patterns of its neighbours.
  const theirCost = (provider: Provider, model: ModelInfo, usage: Usage, timestamp: Date): number => {
    const alone = { ...provider, models: [{ ...model, match: { equals: 'the-model' } }] };
    const price = calcPrice(usage, 'the-model', { provider: alone, timestamp });
    if (price === null) throw new Error(`${model.id} was not matched`);
    return price.total_price;
  };

  it.each(Object.entries(REPORTS))('agrees on a %s call', async (name, partial) => {
    const report = partial as ReportedUsage;
    const tokens = bucketTokens(report);
    if (tokens === undefined) throw new Error('no usage');
    const usage: Usage = {
      input_tokens: report.inputTokens,
      output_tokens: report.outputTokens,
      cache_read_tokens: report.cacheReadTokens,
      cache_write_tokens: report.cacheWriteTokens,
      output_reasoning_tokens: report.reasoningTokens,
      input_audio_tokens: report.audioInputTokens,
      output_audio_tokens: report.audioOutputTokens,
    };
    const disagreements: string[] = [];
    let known = 0;
    for (const provider of (await waitForUpdate()) ?? []) {
      for (const model of provider.models) {
        const periods = cataloguePeriods({ listedBy: provider.id, model });
        for (const moment of MOMENTS) {
          const period = periodInForce(periods, Date.parse(moment));
          const ours = period && costOfTokens(tokens, period);
          if (ours?.kind !== 'known') continue;
          known++;
          const theirs = theirCost(provider, model, usage, new Date(moment));
          // Prices of more than six decimals are rounded to a pico-USD per token; floats lose about 1e-15 of the sum.
          const tolerance = 0.5e-12 * (report.inputTokens! + report.outputTokens!) + 1e-12 * theirs;
          const difference = Math.abs(Number(ours.costPicoUsd) / 1e12 - theirs);
          if (!(difference <= tolerance)) disagreements.push(`${ours.priceVersion} ${moment}: ${ours.costPicoUsd} and ${theirs}`);
        }
      }
    }
    expect(disagreements).toEqual([]);
    // 1,694 models at five moments; about 1,500 of them have both prices, few have prices for audio.
    expect(known).toBeGreaterThan(name === 'audio' ? 5 * 5 : 1450 * 5);
  });
});
