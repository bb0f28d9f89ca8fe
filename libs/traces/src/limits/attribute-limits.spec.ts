import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attributesOf, bytes, jsonOf, message, protobufOf, requestOf, text, type OtlpAttribute, type OtlpRequest, type OtlpSpan } from '../testing/encode-request.js';
import { BASE_SPAN, openTranscoder, rowsFor, senderOf, type ReadRow } from '../testing/transcode-request.js';
import type { OtlpEncoding } from '../otlp/transcode.js';

const ENCODINGS = [['protobuf', protobufOf], ['json', jsonOf]] as const;
const LIMITS = { attributesMax: 3, attributeBytesMax: 10 };
const transcoder = openTranscoder({ limits: LIMITS });
const sender = senderOf();

const rowsOf = (body: Uint8Array, encoding: OtlpEncoding): ReadRow[] => {
  const transcoded = transcoder.traces({ body, encoding, sender, ingestedAtMs: 0 });
  expect(transcoded.rejected).toBe(0);
  return rowsFor(transcoded, 'spans');
};
const rowOf = (encoding: OtlpEncoding, encode: (request: OtlpRequest) => Buffer, span: OtlpSpan, resource: Record<string, string> = {}): ReadRow => rowsOf(encode(requestOf([{ ...BASE_SPAN, name: 'n', ...span }], resource)), encoding)[0] as ReadRow;
const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, 'v']));

describe.each(ENCODINGS)('limits on attributes, in %s', (encoding, encode) => {
  const row = (span: OtlpSpan, resource?: Record<string, string>) => rowOf(encoding, encode, span, resource);

  it('keep as many as fit and count the others; the span is kept', () => {
    expect(row({ attributes: attributesOf(names(3)) })).toMatchObject({ attributes: names(3), attributes_dropped: 0 });
    expect(row({ attributes: attributesOf(names(8)) })).toMatchObject({ attributes: names(3), attributes_dropped: 5 });
  });

  it('never leave out what fills a field', () => {
    const usage = { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 12, 'gen_ai.conversation.id': 'c-1' };
    expect(row({ attributes: attributesOf({ ...names(8), ...usage }) })).toMatchObject({ operation: 'chat', tokens_input: 12n, conversation_id: 'c-1', attributes_dropped: 5 });
  });

  it('cut a value at a character, and count it', () => {
    // é has two bytes and 𝄞 four: ten bytes end within a 𝄞, which is then left out whole.
    const attributes = attributesOf({ fits: '0123456789', ascii: '01234567890', clef: '0é34567𝄞x' });
    expect(row({ attributes })).toMatchObject({ attributes: { fits: '0123456789', ascii: '0123456789', clef: '0é34567' }, attributes_cut: 2 });
  });

  it('cut a field, the name, the status and a list too', () => {
    const attributes: OtlpAttribute[] = [...attributesOf({ 'gen_ai.conversation.id': 'conversation-1', 'gen_ai.agent.name': 'a long agent' }), { key: 'list', value: { arrayValue: { values: [{ stringValue: 'abcdefghij' }] } } }];
    expect(row({ name: 'a long name of a span', status: { code: 2, message: 'a long message' }, attributes })).toMatchObject({
      conversation_id: 'conversati', agent: 'a long age', name: 'a long nam', status_message: 'a long mes', attributes: { list: '["abcdefgh' }, attributes_cut: 5,
    });
  });

  it('leave out an attribute whose name is longer than any name', () => {
    const name = 'n'.repeat(256);
    expect(row({ attributes: attributesOf({ [`${name}n`]: 'v', [name]: 'v' }) })).toMatchObject({ attributes: { [name]: 'v' }, attributes_dropped: 1 });
    const events = [{ name: 'e', attributes: attributesOf({ [`${name}n`]: 'v', [name]: 'v' }) }];
    expect(row({ events })).toMatchObject({ 'events.attributes': [{ [name]: 'v' }], attributes_dropped: 1 });
  });

  it('keep as many events, and attributes of each, and count the others', () => {
    const events = Array.from({ length: 5 }, (_, n) => ({ name: `e${n}`, attributes: attributesOf(names(n)) }));
    // Two events too many; the fourth would have had three attributes, none too many.
    expect(row({ events })).toMatchObject({ 'events.name': ['e0', 'e1', 'e2'], 'events.attributes': [{}, names(1), names(2)], attributes_dropped: 2 });
    expect(row({ events: [{ name: 'a long event name', attributes: attributesOf({ ...names(4), a0: 'a long value' }) }] })).toMatchObject({
      'events.name': ['a long eve'], 'events.attributes': [{ a0: 'a long val', a1: 'v', a2: 'v' }], attributes_dropped: 1, attributes_cut: 2,
    });
  });

  it('count for every span what was left out and cut of its resource', () => {
    const body = encode(requestOf([{ ...BASE_SPAN, name: 'n' }, { ...BASE_SPAN, name: 'n', spanId: '0000000000000002' }], { ...names(5), a0: 'a long value' }));
    const expected = { resource_attributes: { a0: 'a long val', a1: 'v', a2: 'v' }, attributes: {}, attributes_dropped: 2, attributes_cut: 1 };
    expect(rowsOf(body, encoding)).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)]);
  });
});

describe('limits on attributes', () => {
  it('are the same in either encoding, whatever is sent', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 12 });
    const pair = fc.record({ key: fc.oneof(word, fc.constantFrom('gen_ai.conversation.id', 'service.name')), value: word.map((stringValue) => ({ stringValue })) });
    const span = fc.record({ name: word, attributes: fc.array(pair, { maxLength: 6 }), events: fc.array(fc.record({ name: word, attributes: fc.array(pair, { maxLength: 5 }) }), { maxLength: 5 }) });
    fc.assert(
      fc.property(span, fc.array(pair, { maxLength: 5 }), (given, attributes) => {
        const request = { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [{ ...BASE_SPAN, ...given }] }] }] };
        expect(rowsOf(jsonOf(request), 'json')).toEqual(rowsOf(protobufOf(request), 'protobuf'));
      }),
    );
  });

  it('hold for text that is no UTF-8, and what follows it is read', () => {
    const sent = [
      [Buffer.alloc(60, 0x80), '\ufffd'.repeat(10)], // nothing but continuations: no character begins anywhere
      [Buffer.alloc(60, 0xff), '\ufffd'.repeat(10)],
      [Buffer.from('abcdefg\xf0\x9f\x98', 'latin1'), 'abcdefg\ufffd'], // fits; its last character lacks an end
    ] as const;
    for (const [value, expected] of sent) {
      for (const key of ['other', 'gen_ai.conversation.id']) {
        const span = message(2, [
          bytes(1, Buffer.from(BASE_SPAN.traceId, 'hex')), bytes(2, Buffer.from(BASE_SPAN.spanId, 'hex')), Buffer.from('390100000000000010', 'hex'),
          message(9, [text(1, key), message(2, [bytes(1, value)])]),
          message(9, [text(1, 'after'), message(2, [text(1, 'it')])]),
        ]);
        const [row] = rowsOf(message(1, [message(2, [span])]), 'protobuf');
        expect([row?.['attributes'], row?.['conversation_id']]).toEqual(key === 'other' ? [{ other: expected, after: 'it' }, ''] : [{ after: 'it' }, expected]);
      }
    }
  });
});

describe('a limit that is smaller than a character', () => {
  it('leads to no byte before the value', () => {
    const transcoderOfOne = openTranscoder({ limits: { attributesMax: 3, attributeBytesMax: 1 } });
    const request = requestOf([{ ...BASE_SPAN, attributes: attributesOf({ fox: '🦊', plain: 'ab' }) }]);
    const body = Buffer.from(protobufOf(request));
    expect(body.includes('🦊')).toBe(true);
    const broken = Buffer.from(body);
    // The length before the value looks like the start of a character to a reader that goes back over its continuations.
    broken.fill(0x80, broken.indexOf('🦊'), broken.indexOf('🦊') + 4);
    for (const sent of [body, broken]) {
      const rows = rowsFor(transcoderOfOne.traces({ body: sent, encoding: 'protobuf', sender, ingestedAtMs: 0 }), 'spans');
      expect(rows).toMatchObject([{ attributes: { fox: '', plain: 'a' }, attributes_cut: 3 }]);
    }
  });
});
