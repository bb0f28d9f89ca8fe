import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attributesOf, bytes, jsonOf, message, protobufOf, requestOf, text, type OtlpValue } from '../testing/encode-request.js';
import { BASE_SPAN, transcodeBody } from '../testing/transcode-request.js';
import type { OtlpEncoding } from './transcode.js';

const nested = (levels: number): OtlpValue => (levels === 0 ? { stringValue: 'core' } : levels % 2 === 0 ? { arrayValue: { values: [nested(levels - 1)] } } : { kvlistValue: { values: [{ key: 'k', value: nested(levels - 1) }] } });

const REQUEST = requestOf(
  [
    {
      ...BASE_SPAN,
      parentSpanId: '00f067aa0ba902b7',
      attributes: [...attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 12, ratio: 0.5, ok: true }), { key: 'deep', value: nested(3) }, { key: 'raw', value: { bytesValue: 'AP8Q' } }],
      events: [{ name: 'astrolabe.signal', timeUnixNano: '1764000000400000000', attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }],
      status: { code: 2, message: 'late' },
    },
    { ...BASE_SPAN, spanId: '0000000000000002' },
  ],
  { 'service.name': 'agents' },
);

/** 'taken', or 'refused' as malformed. Anything else that is thrown fails the test. */
function fateOf(body: Uint8Array, encoding: OtlpEncoding): 'taken' | 'refused' {
  try {
    transcodeBody(body, encoding);
    return 'taken';
  } catch (error) {
    expect(error).toMatchObject({ name: 'DomainError', kind: 'invalid', code: 'malformed_otlp' });
    return 'refused';
  }
}

describe('broken input', () => {
  it('is refused wherever a protobuf body is cut off', () => {
    const body = protobufOf(REQUEST);
    expect(fateOf(body, 'protobuf')).toBe('taken');
    // Cut at zero it is an empty request; anywhere else its one resource_spans message lacks its end.
    for (let length = 1; length < body.length; length++) expect([length, fateOf(body.subarray(0, length), 'protobuf')]).toEqual([length, 'refused']);
  });

  it('is refused wherever a JSON body is cut off', () => {
    const body = jsonOf(REQUEST);
    for (let length = 0; length < body.length; length++) expect([length, fateOf(body.subarray(0, length), 'json')]).toEqual([length, 'refused']);
  });

  it('is refused or read, and nothing else, whichever single bit is wrong', () => {
    for (const [encoding, body] of [['protobuf', protobufOf(REQUEST)], ['json', jsonOf(REQUEST)]] as const) {
      const fates = new Set<string>();
      for (let bit = 0; bit < body.length * 8; bit++) {
        const broken = Buffer.from(body);
        broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        fates.add(fateOf(broken, encoding));
      }
      expect([...fates].sort()).toEqual(['refused', 'taken']);
    }
  });

  it('is refused or read when it is random, or a good body with pieces changed, moved and left out', () => {
    const good = protobufOf(REQUEST);
    const edit = fc.record({ at: fc.nat(good.length), length: fc.nat(12), put: fc.uint8Array({ maxLength: 12 }) });
    const mutated = fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) => edits.reduce((body, { at, length, put }) => Buffer.concat([body.subarray(0, at), put, body.subarray(at + length)]), good));
    fc.assert(fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 }).map((list) => Buffer.from(list))), (body) => void fateOf(body, 'protobuf')), { numRuns: 3000 });
    fc.assert(fc.property(fc.json({ maxDepth: 6 }), (json) => void fateOf(Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${json}]}]}]}`), 'json')), { numRuns: 1000 });
  });

  it('may nest 32 levels deep in either encoding, and no deeper', () => {
    const withLevels = (levels: number) => requestOf([{ ...BASE_SPAN, attributes: [{ key: 'deep', value: nested(levels) }] }]);
    for (const [encoding, encode] of [['protobuf', protobufOf], ['json', jsonOf]] as const) {
      expect(fateOf(encode(withLevels(32)), encoding)).toBe('taken');
      expect(fateOf(encode(withLevels(33)), encoding)).toBe('refused');
    }
  });

  it('does not overflow the stack, however deep it goes', () => {
    const levels = 20_000;
    let value = message(5, []);
    for (let level = 0; level < levels; level++) value = message(5, [bytes(1, value)]);
    const span = message(2, [message(9, [text(1, 'deep'), message(2, [value])])]);
    expect(fateOf(message(1, [message(2, [span])]), 'protobuf')).toBe('refused');
    const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":${'{"arrayValue":{"values":['.repeat(levels)}${']}}'.repeat(levels)}}]}]}]}]}`;
    expect(fateOf(Buffer.from(json), 'json')).toBe('refused');
    const unknown = `{"resourceSpans":[],"unknown":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(['taken', 'refused']).toContain(fateOf(Buffer.from(unknown), 'json'));
    // A span is recognised by all that it says, and so is its resource: also by what we do not know.
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(fateOf(Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"unknown":${deep}}]}]}]}`), 'json')).toBe('refused');
    expect(fateOf(Buffer.from(`{"resourceSpans":[{"resource":{"unknown":${deep}},"scopeSpans":[]}]}`), 'json')).toBe('refused');
    for (const kind of ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'bytesValue', 'arrayValue', 'kvlistValue']) {
      expect([kind, fateOf(Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":{"${kind}":${deep}}}]}]}]}]}`), 'json')]).toEqual([kind, 'refused']);
    }
  });
});
