import { describe, expect, it } from '@jest/globals';
import { CATALOGUE_VERSION } from '#pricing';
import { attributesOf } from '../testing/encode-request.js';
import { rowOf } from '../testing/transcode-request.js';

const CHAT = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4.1', 'gen_ai.response.model': 'gpt-4.1-2025-04-14' };
const costOf = (attributes: Record<string, string | number>) => {
  const row = rowOf(attributes);
  return { charge: row.charge, cost: row.cost_usd, source: row.cost_source, reason: row.cost_unknown_reason };
};

describe('writeSpanRow', () => {
  it('writes identity, times, kind and status', () => {
    const row = rowOf({}, { parentSpanId: '00f067aa0ba902b7', status: { code: 2, message: 'rate limited' } });
    expect(row).toMatchObject({
      organization_id: 'acme',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
      parent_span_id: '00f067aa0ba902b7',
      started_at: 1_764_000_000_000_000_001n,
      ended_at: 1_764_000_001_500_000_002n,
      ingested_at: 1_764_000_002_000n,
      name: 'chat gpt-4.1',
      kind: 'client',
      status: 'error',
      status_message: 'rate limited',
    });
  });

  it.each([[0, 'unspecified'], [1, 'internal'], [2, 'server'], [3, 'client'], [4, 'producer'], [5, 'consumer'], [9, 'unspecified']])('names kind %i %s', (kind, name) => {
    expect(rowOf({}, { kind }).kind).toBe(name);
  });

  it.each([[0, 'unset'], [1, 'ok'], [2, 'error'], [7, 'unset']])('names status %i %s', (code, name) => {
    expect(rowOf({}, { status: { code } }).status).toBe(name);
  });

  it('gives a span that ends before it starts, or has no end, no length', () => {
    for (const endTimeUnixNano of ['1763999999999999999', '0']) expect(rowOf({}, { endTimeUnixNano }).ended_at).toBe(1_764_000_000_000_000_001n);
  });

  it('prices a model call by its tokens: 3346 in and 57 out of gpt-4.1 at 2.00 and 8.00 USD per million', () => {
    // 3346 * 2.00e-6 + 57 * 8.00e-6 = 0.006692 + 0.000456 = 0.007148 USD
    const row = rowOf({ ...CHAT, 'gen_ai.usage.input_tokens': 3346, 'gen_ai.usage.output_tokens': 57 });
    expect(row).toMatchObject({
      charge: 'leaf',
      tokens_input: 3346n,
      tokens_cache_read: 0n,
      tokens_output: 57n,
      token_rule: 'inclusive',
      cost_usd: 7_148_000_000n,
      cost_source: 'catalogue',
      cost_unknown_reason: '',
      price_version: `${CATALOGUE_VERSION}/openai/gpt-4.1`,
    });
  });

  it('does not count cached tokens twice', () => {
    // 3000 of the 3346 were cached: 346 * 2.00e-6 + 3000 * 0.50e-6 + 57 * 8.00e-6 = 0.000692 + 0.0015 + 0.000456 = 0.002648 USD
    const row = rowOf({ ...CHAT, 'gen_ai.usage.input_tokens': 3346, 'gen_ai.usage.cache_read.input_tokens': 3000, 'gen_ai.usage.output_tokens': 57 });
    expect([row.tokens_input, row.tokens_cache_read, row.cost_usd]).toEqual([346n, 3000n, 2_648_000_000n]);
  });

  it('says why a cost is not known, and never writes zero for it', () => {
    expect(costOf(CHAT)).toEqual({ charge: 'leaf', cost: null, source: '', reason: 'no_usage' });
    const fineTune = { ...CHAT, 'gen_ai.response.model': 'ft:gpt-4.1-2025-04-14:acme::abc', 'gen_ai.request.model': 'ft:gpt-4.1-2025-04-14:acme::abc' };
    expect(costOf({ ...fineTune, 'gen_ai.usage.input_tokens': 10 })).toEqual({ charge: 'leaf', cost: null, source: '', reason: 'no_price' });
    expect(costOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 10 })).toEqual({ charge: 'leaf', cost: null, source: '', reason: 'no_model' });
  });

  it('tells a span that is no model call from one whose cost is unknown', () => {
    expect(costOf({ 'gen_ai.operation.name': 'execute_tool' })).toEqual({ charge: 'none', cost: null, source: '', reason: '' });
    expect(costOf({ 'http.request.method': 'GET' })).toEqual({ charge: 'none', cost: null, source: '', reason: '' });
  });

  it('keeps every other attribute as text, arrays and maps as JSON', () => {
    const row = rowOf({}, {
      attributes: [
        ...attributesOf({ text: 'ä', flag: true, count: -7, ratio: 0.5 }),
        { key: 'big', value: { intValue: '9007199254740993' } },
        { key: 'bytes', value: { bytesValue: 'AP8Q' } },
        { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }, {}, { arrayValue: {} }] } } },
        { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { boolValue: false } }, { key: '__proto__', value: { intValue: '2' } }] } } },
        { key: '', value: { stringValue: 'without a name' } },
        { key: 'nothing', value: {} },
      ],
    });
    expect(row.attributes).toEqual({
      text: 'ä', flag: 'true', count: '-7', ratio: '0.5', big: '9007199254740993', bytes: 'AP8Q', list: '["a",1,null,[]]', map: '{"k":false,"__proto__":2}',
    });
  });

  it('keeps events in order; one without a time, or with an impossible one, happened when its span began', () => {
    const row = rowOf({}, {
      events: [
        { name: 'second', timeUnixNano: '1764000000900000000', attributes: attributesOf({ a: 1 }) },
        { name: 'untimed' },
        { name: 'in the year 2554', timeUnixNano: '18446744073709551615' },
      ],
    });
    expect(row['events.name']).toEqual(['second', 'untimed', 'in the year 2554']);
    expect(row['events.at']).toEqual([1_764_000_000_900_000_000n, 1_764_000_000_000_000_001n, 1_764_000_000_000_000_001n]);
    expect(row['events.attributes']).toEqual([{ a: '1' }, {}, {}]);
  });
});
