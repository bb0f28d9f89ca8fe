/**
 * From what a sender reports to counts that may be multiplied by a price.
 *
 * Senders report totals and parts of totals, and do not agree whether a total contains its parts. Pricing them as they come
 * counts cached tokens twice, the commonest and dearest mistake in this field. So every reported token is put into exactly one
 * bucket first, and the rule that was applied is kept with the result.
 *
 * The default is the OpenTelemetry GenAI convention: `gen_ai.usage.input_tokens` includes cached tokens, `output_tokens` includes
 * reasoning tokens (semantic conventions for generative AI, "gen_ai.usage"). A part larger than its total shows that the sender
 * does not follow it.
 */

/** Token counts as a sender reports them; `undefined` is "not reported", which is not zero. */
export interface ReportedUsage {
  inputTokens: number | undefined;
  outputTokens: number | undefined;
  cacheReadTokens: number | undefined;
  cacheWriteTokens: number | undefined;
  reasoningTokens: number | undefined;
  audioInputTokens: number | undefined;
  audioOutputTokens: number | undefined;
}

/** The buckets, in the order in which they are added up. */
export const TOKEN_BUCKETS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'audioInput', 'audioOutput'] as const;
export type TokenBucket = (typeof TOKEN_BUCKETS)[number];

/** How a report was read, and what each way means; the name is kept with the counts. */
export const USAGE_RULES = {
  inclusive: 'Parts were taken out of the totals that contain them, or no part was reported.',
  exclusive_input: 'A part of the input was larger than its total, so that the sender reports parts beside it: nothing was taken out there.',
  exclusive_output: 'The same of the output.',
  exclusive: 'The same of both sides.',
  input_only: 'Nothing was reported of the output; the parts of the input were taken out of its total.',
  output_only: 'Nothing was reported of the input; the parts of the output were taken out of its total.',
  invalid_dropped: 'A count was negative or no integer, and was read as not reported; the rest as above.',
} as const;

export type UsageRule = keyof typeof USAGE_RULES;

/** Disjoint, non-negative token counts, and the rule that made them. `input` and `output` hold what no other bucket holds. */
export interface TokenBuckets extends Readonly<Record<TokenBucket, number>> {
  readonly rule: UsageRule;
}

/** What is known about a sender beforehand: Anthropic's own names (`cache_creation_input_tokens`) stand beside `input_tokens`. */
export type UsageHint = 'input_excludes_cache';

/**
 * Puts every reported token into one bucket. Returns `undefined` when nothing (valid) was reported: unknown, not zero.
 *
 * Tokens that are both cached and audio count as cached, those both reasoning and audio as reasoning: no convention
 * reports the overlap, and this keeps the sum equal to the total.
 */
export function bucketTokens(usage: ReportedUsage, hint?: UsageHint): TokenBuckets | undefined {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, audioInputTokens, outputTokens, reasoningTokens, audioOutputTokens } = usage;
  const isInputReported = isCount(inputTokens) || isCount(cacheReadTokens) || isCount(cacheWriteTokens) || isCount(audioInputTokens);
  const isOutputReported = isCount(outputTokens) || isCount(reasoningTokens) || isCount(audioOutputTokens);
  if (!isInputReported && !isOutputReported) return undefined;

  const cacheRead = countOf(cacheReadTokens);
  const cacheWrite = countOf(cacheWriteTokens);
  const reasoning = countOf(reasoningTokens);
  const input = takeApart(countOf(inputTokens), cacheRead + cacheWrite, countOf(audioInputTokens), hint === 'input_excludes_cache');
  const output = takeApart(countOf(outputTokens), reasoning, countOf(audioOutputTokens), false);
  return {
    input: input.rest,
    cacheRead,
    cacheWrite,
    output: output.rest,
    reasoning,
    audioInput: input.audio,
    audioOutput: output.audio,
    rule: hasInvalidCount(usage) ? 'invalid_dropped' : ruleOf(input.isBeside, output.isBeside, isInputReported, isOutputReported),
  };
}

/** All tokens the model read; tiers of a price are chosen by it. */
export function inputTokensOf(tokens: TokenBuckets): number {
  return tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.audioInput;
}

/** One side of a call: its total without `part` and `audio`, as far as these are contained in it. */
function takeApart(total: number, part: number, audio: number, isPartKnownBeside: boolean) {
  const isPartBeside = part > total || (isPartKnownBeside && part > 0);
  const withoutPart = isPartBeside ? total : total - part;
  if (audio > total) return { rest: withoutPart, audio, isBeside: true };
  const audioApart = Math.min(audio, withoutPart);
  return { rest: withoutPart - audioApart, audio: audioApart, isBeside: isPartBeside };
}

function ruleOf(isInputBeside: boolean, isOutputBeside: boolean, isInputReported: boolean, isOutputReported: boolean): UsageRule {
  if (isInputBeside && isOutputBeside) return 'exclusive';
  if (isInputBeside) return 'exclusive_input';
  if (isOutputBeside) return 'exclusive_output';
  if (!isOutputReported) return 'input_only';
  return isInputReported ? 'inclusive' : 'output_only';
}

function isCount(reported: number | undefined): boolean {
  return reported !== undefined && Number.isSafeInteger(reported) && reported >= 0;
}

function countOf(reported: number | undefined): number {
  return reported !== undefined && isCount(reported) ? Math.abs(reported) : 0; // abs: -0 is a zero like any other
}

function hasInvalidCount(usage: ReportedUsage): boolean {
  return (
    isInvalid(usage.inputTokens) ||
    isInvalid(usage.outputTokens) ||
    isInvalid(usage.cacheReadTokens) ||
    isInvalid(usage.cacheWriteTokens) ||
    isInvalid(usage.reasoningTokens) ||
    isInvalid(usage.audioInputTokens) ||
    isInvalid(usage.audioOutputTokens)
  );
}

function isInvalid(reported: number | undefined): boolean {
  return reported !== undefined && !isCount(reported);
}
