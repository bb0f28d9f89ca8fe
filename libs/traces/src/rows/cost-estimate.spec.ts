import { describe, expect, it } from '@jest/globals';
import { rowOf } from '../testing/transcode-request.js';

const CALL = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4.1' };
const costOf = (attributes: Record<string, string | number>) => {
  const { cost_usd, cost_unknown_reason, cost_estimate_usd, tokens_input, tokens_output } = rowOf(attributes);
  return { cost: cost_usd, reason: cost_unknown_reason, estimate: cost_estimate_usd, tokens: [tokens_input, tokens_output] };
};
const estimated = (input?: number | string, output?: number | string) => ({ ...(input !== undefined && { 'astrolabe.estimated.input_tokens': input }), ...(output !== undefined && { 'astrolabe.estimated.output_tokens': output }) });

// gpt-4.1 costs 2.00 USD in and 8.00 USD out per million tokens; a pico-dollar is the last digit of the column.
describe('the estimate of a call without usage, such as a stream that was aborted', () => {
  it('is what its estimated tokens would cost; the cost stays unknown, and so do the tokens', () => {
    expect(costOf({ ...CALL, ...estimated(1000, 100) })).toEqual({ cost: null, reason: 'no_usage', estimate: 2_800_000_000n, tokens: [null, null] });
  });

  it('may rest on one side alone', () => {
    expect(costOf({ ...CALL, ...estimated(1000) }).estimate).toBe(2_000_000_000n);
    expect(costOf({ ...CALL, ...estimated(undefined, 100) }).estimate).toBe(800_000_000n);
    expect(costOf({ ...CALL, ...estimated('1000', '100') }).estimate).toBe(2_800_000_000n);
  });

  it('is none where the sender gives none, or nonsense', () => {
    for (const attributes of [{}, estimated(-5), estimated(1.5), estimated('many')]) expect(costOf({ ...CALL, ...attributes })).toMatchObject({ cost: null, reason: 'no_usage', estimate: null });
  });

  it('is none beside a cost that is known', () => {
    expect(costOf({ ...CALL, 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 0, ...estimated(1000, 100) })).toMatchObject({ cost: 20_000_000n, estimate: null });
  });

  it('is none for what has no price, and for what is no call', () => {
    expect(costOf({ ...CALL, 'gen_ai.request.model': 'unheard-of', ...estimated(1000, 100) })).toMatchObject({ cost: null, estimate: null });
    expect(costOf({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.request.model': 'gpt-4.1', ...estimated(1000, 100) })).toEqual({ cost: null, reason: '', estimate: null, tokens: [null, null] });
  });

  it('does not take what the sender says that it cost', () => {
    expect(costOf({ ...CALL, 'gen_ai.usage.cost': 5, ...estimated(1000, 100) })).toMatchObject({ cost: null, reason: 'no_usage', estimate: 2_800_000_000n });
  });
});
