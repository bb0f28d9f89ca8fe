import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TOKEN_BUCKETS, bucketTokens, inputTokensOf, type ReportedUsage } from './token-buckets.js';

const NOTHING: ReportedUsage = {
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined,
  audioInputTokens: undefined,
  audioOutputTokens: undefined,
};

const EMPTY = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, audioInput: 0, audioOutput: 0 };

const bucket = (usage: Partial<ReportedUsage>) => bucketTokens({ ...NOTHING, ...usage });

describe('bucketTokens', () => {
  it('takes cached tokens out of the input and reasoning out of the output', () => {
    expect(bucket({ inputTokens: 1000, cacheReadTokens: 600, cacheWriteTokens: 100, outputTokens: 50, reasoningTokens: 20 })).toEqual({
      ...EMPTY,
      input: 300,
      cacheRead: 600,
      cacheWrite: 100,
      output: 30,
      reasoning: 20,
      rule: 'inclusive',
    });
  });

  it('reads a cache larger than the input as reported beside it', () => {
    // Anthropic's own counts: 12 fresh tokens after 2,000 from the cache.
    expect(bucket({ inputTokens: 12, cacheReadTokens: 2000, outputTokens: 5 })).toEqual({
      ...EMPTY,
      input: 12,
      cacheRead: 2000,
      output: 5,
      rule: 'exclusive_input',
    });
    // Neither part alone exceeds the input, their sum does.
    expect(bucket({ inputTokens: 10, cacheReadTokens: 6, cacheWriteTokens: 5, outputTokens: 1 })?.input).toBe(10);
  });

  it('believes a hint that the input excludes the cache, where there is a cache', () => {
    const usage = { ...NOTHING, inputTokens: 1000, cacheReadTokens: 600, outputTokens: 5 };
    expect(bucketTokens(usage, 'input_excludes_cache')).toEqual({
      ...EMPTY,
      input: 1000,
      cacheRead: 600,
      output: 5,
      rule: 'exclusive_input',
    });
    expect(bucketTokens({ ...usage, cacheReadTokens: 0 }, 'input_excludes_cache')?.rule).toBe('inclusive');
  });

  it('reads reasoning larger than the output as reported beside it, and says when both sides are', () => {
    expect(bucket({ inputTokens: 10, outputTokens: 5, reasoningTokens: 40 })).toEqual({
      ...EMPTY,
      input: 10,
      output: 5,
      reasoning: 40,
      rule: 'exclusive_output',
    });
    expect(bucket({ inputTokens: 10, cacheReadTokens: 11, outputTokens: 5, reasoningTokens: 40 })?.rule).toBe('exclusive');
  });

  it('takes audio out of both sides', () => {
    expect(bucket({ inputTokens: 100, audioInputTokens: 60, cacheReadTokens: 30, outputTokens: 20, audioOutputTokens: 15 })).toEqual({
      ...EMPTY,
      input: 10,
      cacheRead: 30,
      audioInput: 60,
      output: 5,
      audioOutput: 15,
      rule: 'inclusive',
    });
    expect(bucket({ inputTokens: 10, audioInputTokens: 60, outputTokens: 5, audioOutputTokens: 9 })).toEqual({
      ...EMPTY,
      input: 10,
      audioInput: 60,
      output: 5,
      audioOutput: 9,
      rule: 'exclusive',
    });
  });

  it('counts a token that is cached and audio once, as cached', () => {
    // 100 read, of which 80 cached and 60 audio: at least 40 are both.
    expect(bucket({ inputTokens: 100, cacheReadTokens: 80, audioInputTokens: 60, outputTokens: 1 })).toEqual({
      ...EMPTY,
      cacheRead: 80,
      audioInput: 20,
      output: 1,
      rule: 'inclusive',
    });
  });

  it('tells unknown from zero', () => {
    expect(bucketTokens(NOTHING)).toBeUndefined();
    expect(bucket({ inputTokens: 0, outputTokens: 0 })).toEqual({ ...EMPTY, rule: 'inclusive' });
  });

  it('says which side was not reported', () => {
    expect(bucket({ inputTokens: 8 })).toEqual({ ...EMPTY, input: 8, rule: 'input_only' });
    expect(bucket({ outputTokens: 8, reasoningTokens: 3 })).toEqual({ ...EMPTY, output: 5, reasoning: 3, rule: 'output_only' });
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('reads %p as not reported, and says so', (count) => {
    expect(bucket({ inputTokens: 100, cacheReadTokens: count, outputTokens: 7 })).toEqual({
      ...EMPTY,
      input: 100,
      output: 7,
      rule: 'invalid_dropped',
    });
    expect(bucket({ inputTokens: count })).toBeUndefined();
  });
});

describe('any report', () => {
  const count = fc.option(fc.oneof(fc.nat(50), fc.nat(2 ** 31 - 1)), { nil: undefined });
  const report = fc.record<ReportedUsage>({
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
    audioInputTokens: count,
    audioOutputTokens: count,
  });
  const hint = fc.constantFrom(undefined, 'input_excludes_cache' as const);

  it('becomes non-negative integers', () => {
    fc.assert(
      fc.property(report, hint, (usage, given) => {
        const tokens = bucketTokens(usage, given);
        return tokens === undefined || TOKEN_BUCKETS.every((name) => Number.isSafeInteger(tokens[name]) && tokens[name] >= 0);
      }),
    );
  });

  it('has every token in one bucket: the buckets of a side sum to its total and to what stands beside it', () => {
    fc.assert(
      fc.property(report, hint, (usage, given) => {
        const tokens = bucketTokens(usage, given);
        if (tokens === undefined) return Object.values(usage).every((reported) => reported === undefined);
        const { inputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0, audioInputTokens = 0 } = usage;
        const { outputTokens = 0, reasoningTokens = 0, audioOutputTokens = 0 } = usage;
        const cached = cacheReadTokens + cacheWriteTokens;
        const cacheBeside = given === 'input_excludes_cache' || cached > inputTokens ? cached : 0;
        const audioInBeside = audioInputTokens > inputTokens ? audioInputTokens : 0;
        const reasoningBeside = reasoningTokens > outputTokens ? reasoningTokens : 0;
        const audioOutBeside = audioOutputTokens > outputTokens ? audioOutputTokens : 0;
        expect(inputTokensOf(tokens)).toBe(inputTokens + cacheBeside + audioInBeside);
        expect(tokens.output + tokens.reasoning + tokens.audioOutput).toBe(outputTokens + reasoningBeside + audioOutBeside);
        expect(tokens.rule.startsWith('exclusive')).toBe(cacheBeside + audioInBeside + reasoningBeside + audioOutBeside > 0);
        return true;
      }),
    );
  });

  it('keeps the parts that were reported', () => {
    fc.assert(
      fc.property(report, (usage) => {
        const tokens = bucketTokens(usage);
        return (
          tokens === undefined ||
          (tokens.cacheRead === (usage.cacheReadTokens ?? 0) &&
            tokens.cacheWrite === (usage.cacheWriteTokens ?? 0) &&
            tokens.reasoning === (usage.reasoningTokens ?? 0) &&
            tokens.audioInput <= (usage.audioInputTokens ?? 0) &&
            tokens.audioOutput <= (usage.audioOutputTokens ?? 0))
        );
      }),
    );
  });
});
