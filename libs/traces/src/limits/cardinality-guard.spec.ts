import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#platform';
import { jsonOf, attributesOf, requestOf, type OtlpSpan } from '../testing/encode-request.js';
import { BASE_SPAN, openTranscoder, rowsFor, senderOf } from '../testing/transcode-request.js';
import { CardinalityGuard } from './cardinality-guard.js';

const HOUR_MS = 3_600_000;

describe('CardinalityGuard', () => {
  it('takes so many distinct values of a column, and those again and again', () => {
    const guard = new CardinalityGuard(2, new ManualClock('2026-11-01T00:00:00Z'));
    expect(['x', 'y', 'z', 'x', 'y', 'z'].map((value) => guard.admits('acme', 'name', value))).toEqual([true, true, false, true, true, false]);
  });

  it("lets neither another column nor another organization be used up by it", () => {
    const guard = new CardinalityGuard(1, new ManualClock('2026-11-01T00:00:00Z'));
    expect([guard.admits('acme', 'name', 'x'), guard.admits('acme', 'name', 'y'), guard.admits('acme', 'tool', 'y'), guard.admits('other', 'name', 'y')]).toEqual([true, false, true, true]);
  });

  it('forgets what it saw after a day, and not before', () => {
    const clock = new ManualClock('2026-11-01T00:00:00Z');
    const guard = new CardinalityGuard(1, clock);
    guard.admits('acme', 'name', 'x');
    clock.advance(24 * HOUR_MS);
    expect(guard.admits('acme', 'name', 'y')).toBe(false);
    clock.advance(1);
    expect([guard.admits('acme', 'name', 'y'), guard.admits('acme', 'name', 'x')]).toEqual([true, false]);
  });
});

describe('columns with more distinct values than one organization may have', () => {
  const open = (distinctValuesMax: number, clock = new ManualClock('2026-11-01T00:00:00Z')) => {
    const transcoder = openTranscoder({ distinctValuesMax, clock });
    return (spans: OtlpSpan[], resource: Record<string, string> = {}, organizationId = 'acme') => {
      const body = jsonOf(requestOf(spans.map((span, n) => ({ ...BASE_SPAN, spanId: (n + 1).toString(16).padStart(16, '0'), ...span })), resource));
      const transcoded = transcoder.traces({ body, encoding: 'json', sender: { ...senderOf(), organizationId }, ingestedAtMs: 0 });
      expect(transcoded.accepted).toBe(spans.length);
      return rowsFor(transcoded, 'spans');
    };
  };

  it('have (many) in the place of the others, which stand among the attributes', () => {
    const rows = open(2)(['a', 'b', 'c', 'a', 'd', ''].map((name) => ({ name })));
    expect(rows.map((row) => row['name'])).toEqual(['a', 'b', '(many)', 'a', '(many)', '']);
    expect(rows.map((row) => row['attributes'])).toEqual([{}, {}, { 'span.name': 'c' }, {}, { 'span.name': 'd' }, {}]);
  });

  it.each([
    ['operation', 'gen_ai.operation.name'], ['task', 'astrolabe.task'], ['locale', 'astrolabe.locale'], ['channel', 'astrolabe.channel'], ['provider', 'gen_ai.provider.name'],
    ['request_model', 'gen_ai.request.model'], ['response_model', 'gen_ai.response.model'], ['tool', 'gen_ai.tool.name'], ['service', 'service.name'],
  ])('are %s, whose value is then under %s', (column, name) => {
    const rows = open(1)(['x', 'y'].map((value) => ({ attributes: attributesOf({ [name]: value }) })));
    expect(rows.map((row) => [row[column], row['attributes']])).toEqual([['x', {}], ['(many)', { [name]: 'y' }]]);
  });

  it.each([
    ['customer_id', 'astrolabe.customer.id'], ['agent', 'gen_ai.agent.name'], ['variant', 'feature_flag.result.variant'], ['flag_key', 'feature_flag.key'], ['environment', 'deployment.environment.name'],
  ])('are not %s, on which money rests', (column, name) => {
    const rows = open(1)(['x', 'y', 'z'].map((value) => ({ attributes: attributesOf({ [name]: value }) })));
    expect(rows.map((row) => row[column])).toEqual(['x', 'y', 'z']);
  });

  it('do not change what a call costs', () => {
    const call = (model: string) => ({ attributes: attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': model, 'gen_ai.usage.input_tokens': 1000 }) });
    const rows = open(1)([call('gpt-4.1-mini'), call('gpt-4.1')]);
    // 1000 tokens at 0.40 and at 2.00 USD per million, in pico-USD.
    expect(rows.map((row) => [row['request_model'], row['cost_usd']])).toEqual([['gpt-4.1-mini', 400_000_000n], ['(many)', 2_000_000_000n]]);
  });

  it('bound names of attributes too: more are left out and counted', () => {
    const rows = open(1)([{ attributes: attributesOf({ a: 1 }) }, { attributes: attributesOf({ b: 1, a: 2, c: 3 }) }]);
    expect(rows.map((row) => [row['attributes'], row['attributes_dropped']])).toEqual([[{ a: '1' }, 0], [{ a: '2' }, 2]]);
    const resources = ['a', 'b'].map((name, n) => open(1)([{ spanId: '0000000000000009' }], { [name]: 'v', [`z${n}`]: 'v' })[0]);
    expect(resources.map((row) => [Object.keys(row?.['resource_attributes'] as object).length, row?.['attributes_dropped']])).toEqual([[1, 1], [1, 1]]);
  });

  it('count a value that has no place among the attributes either', () => {
    const rows = open(1)([{ name: 'x', attributes: attributesOf({ a: 1, 'astrolabe.task': 't' }) }, { name: 'y', attributes: attributesOf({ 'astrolabe.task': 'u' }) }]);
    // The one name of an attribute is `a`: neither span.name nor astrolabe.task can stand beside it.
    expect(rows.map((row) => [row['name'], row['task'], row['attributes'], row['attributes_dropped']])).toEqual([['x', 't', { a: '1' }, 0], ['(many)', '(many)', {}, 2]]);
  });

  it("are those of one organization: another's are its own, also from request to request", () => {
    const rowsOf = open(1);
    expect(rowsOf([{ name: 'x' }])[0]?.['name']).toBe('x');
    expect(rowsOf([{ name: 'y' }])[0]?.['name']).toBe('(many)');
    expect(rowsOf([{ name: 'y' }], {}, 'other')[0]?.['name']).toBe('y');
    expect(rowsOf([{ name: 'x' }])[0]?.['name']).toBe('x');
  });

  it('take new values after a day', () => {
    const clock = new ManualClock('2026-11-01T00:00:00Z');
    const rowsOf = open(1, clock);
    rowsOf([{ name: 'x' }]);
    clock.advance(24 * HOUR_MS + 1);
    expect(rowsOf([{ name: 'y' }, { name: 'x' }]).map((row) => row['name'])).toEqual(['y', '(many)']);
  });
});
