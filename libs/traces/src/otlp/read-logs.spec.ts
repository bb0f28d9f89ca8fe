import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVENT_NAMES } from '../logs/signal-of.js';
import { attributesOf, bytes, fixed64, integer, message, text, varint, type OtlpAttribute, type OtlpValue } from '../testing/encode-request.js';
import { logsJsonOf, logsProtobufOf, logsRequestOf, type OtlpLogRecord, type OtlpLogsRequest } from '../testing/encode-logs.js';
import { rowsFor, transcodeLogsBody } from '../testing/transcode-request.js';

const ENCODINGS = [['protobuf', logsProtobufOf], ['json', logsJsonOf]] as const;
const TRACE_ID = '5b8efff798038103d269b633813fc60c';
const malformed = expect.objectContaining({ kind: 'invalid', code: 'malformed_otlp' });

describe('OTLP logs', () => {
  it('takes the shape of the example of the specification, in JSON', () => {
    // opentelemetry-proto, examples/events.json, with an event that we know: ids in upper case, unknown fields beside known ones.
    const example = {
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'my.service' } }] },
          scopeLogs: [
            {
              scope: { name: 'my.library', version: '1.0.0', attributes: [{ key: 'my.scope.attribute', value: { stringValue: 'some scope attribute' } }] },
              logRecords: [
                {
                  timeUnixNano: '1544712660300000000',
                  observedTimeUnixNano: '1544712660300000000',
                  severityNumber: 9,
                  eventName: 'feature_flag.evaluation',
                  traceId: '5B8EFFF798038103D269B633813FC60C',
                  spanId: 'EEE19B7EC3C1B174',
                  attributes: [{ key: 'feature_flag.key', value: { stringValue: 'model' } }, { key: 'feature_flag.result.variant', value: { stringValue: 'b' } }],
                  body: { kvlistValue: { values: [{ key: 'type', value: { stringValue: 'nothing that we read' } }] } },
                  droppedAttributesCount: 1,
                },
              ],
            },
          ],
        },
      ],
    };
    expect(rowsFor(transcodeLogsBody(Buffer.from(JSON.stringify(example)), 'json'), 'signals')).toEqual([
      expect.objectContaining({ trace_id: TRACE_ID, span_id: 'eee19b7ec3c1b174', at: 1_544_712_660_300_000_000n, kind: 'exposure', name: 'model', value: 'b' }),
    ]);
  });

  it('reads the bytes of a record written out by hand', () => {
    const record = [
      '090200000000000010', // 1 time, fixed64 little-endian, 9 bytes
      '1009', // 2 severity_number, 2
      '1a04494e464f', // 3 severity_text "INFO", 6
      '2a040a026869', // 5 body "hi", 6
      '4501000000', // 8 flags, fixed32, 5
      `4a10${TRACE_ID}`, // 9 trace_id, 18
      '5208eee19b7ec3c1b174', // 10 span_id, 10
      '590300000000000010', // 11 observed, 9
      `6211${Buffer.from('astrolabe.handoff').toString('hex')}`, // 12 event_name, 19
    ];
    // 84 bytes of record; scope_logs holds them after a tag and a length, and resource_logs holds that.
    const body = Buffer.from(['0a58', '1256', '1254', ...record].join(''), 'hex');
    expect(body.length).toBe(2 + 2 + 2 + 84);
    expect(rowsFor(transcodeLogsBody(body, 'protobuf'), 'signals')).toEqual([
      expect.objectContaining({ trace_id: TRACE_ID, span_id: 'eee19b7ec3c1b174', at: 0x1000000000000002n, kind: 'handoff', attributes: {} }),
    ]);
  });

  it.each(ENCODINGS)('takes an empty request in %s', (encoding, encode) => {
    for (const request of [{}, { resourceLogs: [{}, { scopeLogs: [{}, { logRecords: [] }] }] }]) {
      expect(transcodeLogsBody(encode(request), encoding)).toMatchObject({ accepted: 0, rejected: 0, rejection: undefined, frames: [] });
    }
  });

  it('makes the same rows of the same records in either encoding', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(record(), { maxLength: 4 }), fc.array(attribute(), { maxLength: 3 }), (logRecords, attributes) => {
        const request: OtlpLogsRequest = { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] };
        const fromProtobuf = transcodeLogsBody(logsProtobufOf(request), 'protobuf');
        const fromJson = transcodeLogsBody(logsJsonOf(request), 'json');
        expect(fromJson.accepted + fromJson.rejected).toBe(logRecords.length);
        expect(rowsFor(fromJson, 'signals')).toEqual(rowsFor(fromProtobuf, 'signals'));
        expect(fromJson).toEqual(fromProtobuf);
        compared += fromJson.accepted;
      }),
    );
    // Most of what is made up must be signals, or nothing was compared.
    expect(compared).toBeGreaterThan(50);
  });

  it('reads a resource that stands after its records', () => {
    const record = message(2, [bytes(9, Buffer.from(TRACE_ID, 'hex')), text(12, 'astrolabe.handoff')]);
    const resource = message(1, [message(1, [text(1, 'session.id'), message(2, [text(1, 'late')])])]);
    expect(rowsFor(transcodeLogsBody(message(1, [message(2, [record]), resource]), 'protobuf'), 'signals').map((row) => row['conversation_id'])).toEqual(['late']);
  });

  it.each([
    ['time', text(1, '')], ['attributes', integer(6, 0n)], ['trace_id', integer(9, 0n)], ['span_id', integer(10, 0n)], ['observed', bytes(11, Buffer.alloc(8))], ['event_name', integer(12, 0n)], ['a record that is cut off', fixed64(1, 1n).subarray(0, 4)],
    ['an attribute that is cut off', Buffer.concat([varint(BigInt((6 << 3) | 2)), varint(200n)])],
  ])('refuses %s in another wire type, or cut off, in protobuf', (_what, field) => {
    expect(() => transcodeLogsBody(message(1, [message(2, [message(2, [field])])]), 'protobuf')).toThrow(malformed);
  });

  it.each([
    ['resourceLogs', { resourceLogs: {} }, 'resourceLogs must be a list'],
    ['a record', { resourceLogs: [{ scopeLogs: [{ logRecords: [5] }] }] }, 'resourceLogs[0].scopeLogs[0].logRecords[0] must be an object'],
    ['a time', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1e9' }] }] }] }, 'logRecords[0].timeUnixNano must be nanoseconds'],
    ['an event name', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 1 }] }] }] }, 'logRecords[0].eventName must be a string'],
    ['an attribute', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: [{ key: 'k', value: { intValue: 'x' } }] }] }] }] }, 'attributes[0].value.intValue must be an integer'],
  ])('refuses %s of the wrong kind in JSON, and says where', (_what, document, where) => {
    expect(() => transcodeLogsBody(Buffer.from(JSON.stringify(document)), 'json')).toThrow(expect.objectContaining({ code: 'malformed_otlp', message: expect.stringContaining(where) }));
  });

  it('gives back nothing of a request that turns out broken after a good record', () => {
    const good = logsProtobufOf(logsRequestOf([{ traceId: TRACE_ID, eventName: 'astrolabe.handoff' }]));
    expect(() => transcodeLogsBody(Buffer.concat([good, Buffer.from([0x0a, 0x7f])]), 'protobuf')).toThrow(malformed);
    expect(rowsFor(transcodeLogsBody(good, 'protobuf'), 'signals')).toHaveLength(1);
  });

  it.each(ENCODINGS)('keeps no more attributes than the limit, cuts long values and leaves out long names, in %s', (encoding, encode) => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`a${n}`, 'v']));
    const attributes = attributesOf({ ['n'.repeat(257)]: 'long name', ['n'.repeat(256)]: 'just fits', long: 'é'.repeat(3000), ...many });
    const [row] = rowsFor(transcodeLogsBody(encode(logsRequestOf([{ traceId: TRACE_ID, eventName: 'astrolabe.signal', attributes }])), encoding), 'signals');
    const kept = row?.['attributes'] as Record<string, string>;
    expect(Object.keys(kept)).toHaveLength(128);
    expect(kept['n'.repeat(257)]).toBeUndefined();
    expect(kept['n'.repeat(256)]).toBe('just fits');
    // 4096 bytes are 2048 of a character of two bytes.
    expect(kept['long']).toBe('é'.repeat(2048));
  });
});

const anyText = () => fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constantFrom('\0', '\ufeffmarked'));
const value = (): fc.Arbitrary<OtlpValue> =>
  fc.oneof(
    anyText().map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => ({ intValue: String(n) })),
    fc.double().map((n) => ({ doubleValue: Number.isFinite(n) ? n : String(n) })),
    fc.constant({}),
    fc.array(anyText().map((stringValue) => ({ stringValue })), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
  );
const attribute = (): fc.Arbitrary<OtlpAttribute> =>
  fc.record({
    key: fc.oneof(
      anyText(),
      fc.constantFrom('event.name', 'gen_ai.conversation.id', 'session.id', 'astrolabe.customer.id', 'astrolabe.signal.id', 'astrolabe.signal.name', 'astrolabe.signal.value', 'gen_ai.evaluation.score.label', 'input.value', '__proto__', 'constructor', '7'),
    ),
    value: value(),
  });
const id = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((list) => Buffer.from(list).toString('hex'));
const nanoseconds = () => fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);

function record(): fc.Arbitrary<OtlpLogRecord> {
  return fc.record(
    {
      eventName: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...EVENT_NAMES) }, { weight: 1, arbitrary: anyText() }),
      attributes: fc.array(attribute(), { maxLength: 6 }),
      timeUnixNano: nanoseconds(),
      observedTimeUnixNano: nanoseconds(),
      traceId: fc.oneof({ weight: 5, arbitrary: id(16) }, { weight: 1, arbitrary: id(3) }),
      spanId: id(8),
      severityNumber: fc.nat(24),
      body: fc.record({ stringValue: anyText() }),
      flags: fc.nat(255),
    },
    { requiredKeys: ['eventName'] },
  );
}
