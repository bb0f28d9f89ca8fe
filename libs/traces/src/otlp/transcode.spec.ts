import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpAttribute, type OtlpSpan, type OtlpValue } from '../testing/encode-request.js';
import { BASE_SPAN, rowsFor, transcodeBody } from '../testing/transcode-request.js';

describe('Transcoder', () => {
  const encodings = [['protobuf', protobufOf], ['json', jsonOf]] as const;

  it.each(encodings)('takes an empty request in %s', (encoding, encode) => {
    const nothing = { accepted: 0, rejected: 0, rejection: undefined };
    expect(transcodeBody(encode({}), encoding)).toMatchObject(nothing);
    expect(transcodeBody(encode({ resourceSpans: [{}, { scopeSpans: [{}, { spans: [] }] }] }), encoding)).toMatchObject(nothing);
  });

  const bad: [string, OtlpSpan, string][] = [
    ['no trace id', { traceId: '' }, 'trace_id must be 16 bytes'],
    ['a trace id of 15 bytes', { traceId: 'ab'.repeat(15) }, 'trace_id must be 16 bytes'],
    ['a trace id of 17 bytes', { traceId: 'ab'.repeat(17) }, 'trace_id must be 16 bytes'],
    ['a trace id of zeros', { traceId: '00'.repeat(16) }, 'trace_id must be 16 bytes'],
    ['no span id', { spanId: '' }, 'span_id must be 8 bytes'],
    ['a span id of 9 bytes', { spanId: 'ab'.repeat(9) }, 'span_id must be 8 bytes'],
    ['a span id of zeros', { spanId: '00'.repeat(8) }, 'span_id must be 8 bytes'],
    ['no start', { startTimeUnixNano: '0' }, 'start_time_unix_nano is missing'],
    ['a start after 2106', { startTimeUnixNano: '4294967296000000000' }, 'before the year 2106'],
    ['an end after 2106', { endTimeUnixNano: '18446744073709551615' }, 'before the year 2106'],
  ];
  it.each(bad.flatMap(([what, change, why]) => encodings.map(([encoding, encode]) => ({ what, change, why, encoding, encode }))))(
    'leaves out a span with $what and keeps the others, in $encoding',
    ({ change, why, encoding, encode }) => {
      const others = [{ ...BASE_SPAN, spanId: '0000000000000001' }, { ...BASE_SPAN, spanId: '0000000000000002' }] as const;
      const transcoded = transcodeBody(encode(requestOf([others[0], { ...BASE_SPAN, ...change }, others[1]])), encoding);
      expect(transcoded).toMatchObject({ accepted: 2, rejected: 1, rejection: expect.stringContaining(why) });
      expect(rowsFor(transcoded, 'spans').map((row) => row['span_id'])).toEqual(['0000000000000001', '0000000000000002']);
    },
  );

  it('keeps the last moment before 2106-02-07T06:28:16Z, where 32 bits of seconds end', () => {
    expect(transcodeBody(protobufOf(requestOf([{ ...BASE_SPAN, startTimeUnixNano: '4294967295999999999', endTimeUnixNano: '4294967295999999999' }])), 'protobuf').accepted).toBe(1);
  });

  it('tells why the first of several was left out', () => {
    const spans = [{ ...BASE_SPAN, spanId: '' }, { ...BASE_SPAN, traceId: '' }];
    expect(transcodeBody(protobufOf(requestOf(spans)), 'protobuf')).toMatchObject({ accepted: 0, rejected: 2, rejection: expect.stringContaining('span_id') });
  });

  it('makes the same rows of the same spans in either encoding', () => {
    fc.assert(
      fc.property(fc.array(span(), { maxLength: 4 }), fc.dictionary(attributeName(), fc.string({ unit: 'grapheme' }), { maxKeys: 3 }), (spans, resource) => {
        const request = requestOf(spans, resource);
        const fromProtobuf = transcodeBody(protobufOf(request), 'protobuf');
        const fromJson = transcodeBody(jsonOf(request), 'json');
        expect(fromJson.accepted).toBe(spans.length);
        // Read back first: a difference then names its column.
        expect(rowsFor(fromJson, 'spans')).toEqual(rowsFor(fromProtobuf, 'spans'));
        expect(fromJson.frames).toEqual(fromProtobuf.frames);
      }),
    );
  });

  it('reads a resource that stands after its spans', () => {
    const before = protobufOf({ resourceSpans: [{ scopeSpans: [{ spans: [BASE_SPAN] }] }] });
    const after = protobufOf({ resourceSpans: [{ resource: { attributes: attributesOf({ 'service.name': 'late' }) } }] });
    // Both are field 1 of the request with a length below 128: the second's content is put behind the first's, as one message.
    const body = Buffer.concat([before.subarray(0, 1), Buffer.from([...lengthOf(before.length - 2 + after.length - 2)]), before.subarray(2), after.subarray(2)]);
    expect(before.length).toBeLessThan(130);
    expect(rowsFor(transcodeBody(body, 'protobuf'), 'spans').map((row) => row['service'])).toEqual(['late']);
  });
});

function lengthOf(length: number): number[] {
  return length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
}

const text = () => fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom('\ufeffmarked by a byte order mark', '\0', 'é'.repeat(70)));

function attributeName(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    fc.constantFrom('gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.operation.name', 'gen_ai.conversation.id', 'session.id', 'astrolabe.used', 'gen_ai.usage.cost', 'input.value'),
  );
}

function value(depth = 0): fc.Arbitrary<OtlpValue> {
  const plain: fc.Arbitrary<OtlpValue>[] = [
    text().map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => ({ intValue: String(n) })),
    fc.integer().map((intValue) => ({ intValue })),
    fc.double().map((n) => ({ doubleValue: Number.isFinite(n) ? n : String(n) })),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ bytesValue: Buffer.from(bytes).toString('base64') })),
    fc.constant({}),
  ];
  if (depth === 3) return fc.oneof(...plain);
  return fc.oneof(
    ...plain,
    fc.array(value(depth + 1), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc.array(fc.record({ key: text(), value: value(depth + 1) }), { maxLength: 3 }).map((values) => ({ kvlistValue: { values } })),
  );
}

const attributes = (): fc.Arbitrary<OtlpAttribute[]> => fc.array(fc.record({ key: attributeName(), value: value() }), { maxLength: 6 });
const nanoseconds = () => fc.bigInt({ min: 1n, max: 4_294_967_295_999_999_999n }).map(String);
const id = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).filter((list) => list.some((byte) => byte !== 0)).map((list) => Buffer.from(list).toString('hex'));

function span(): fc.Arbitrary<OtlpSpan> {
  return fc.record(
    {
      traceId: id(16),
      spanId: id(8),
      startTimeUnixNano: nanoseconds(),
      parentSpanId: id(8),
      name: text(),
      kind: fc.integer({ min: 0, max: 7 }),
      endTimeUnixNano: nanoseconds(),
      attributes: attributes(),
      events: fc.array(fc.record({ timeUnixNano: nanoseconds(), name: text(), attributes: attributes() }, { requiredKeys: [] }), { maxLength: 2 }),
      status: fc.record({ code: fc.integer({ min: 0, max: 3 }), message: text() }, { requiredKeys: [] }),
      droppedAttributesCount: fc.nat(),
    },
    { requiredKeys: ['traceId', 'spanId', 'startTimeUnixNano'] },
  );
}
