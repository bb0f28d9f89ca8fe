import { describe, expect, it } from '@jest/globals';
import { BASE_SPAN, rowsFor, transcodeBody, type ReadRow } from '../testing/transcode-request.js';

const bodyOf = (span: object) => Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }));
const rowOf = (span: object): ReadRow | undefined => rowsFor(transcodeBody(bodyOf(span), 'json'), 'spans')[0];
const withValue = (value: unknown) => bodyOf({ ...BASE_SPAN, attributes: [{ key: 'k', value }] });
const valueOf = (value: unknown) => rowsFor(transcodeBody(withValue(value), 'json'), 'spans')[0]?.attributes;

describe('OTLP JSON', () => {
  it('takes the example of the specification', () => {
    // opentelemetry-proto, examples/trace.json: ids in upper case, unknown fields beside known ones.
    const example = {
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'my.service' } }] },
          scopeSpans: [
            {
              scope: { name: 'my.library', version: '1.0.0', attributes: [{ key: 'my.scope.attribute', value: { stringValue: 'some scope attribute' } }] },
              spans: [
                {
                  traceId: '5B8EFFF798038103D269B633813FC60C',
                  spanId: 'EEE19B7EC3C1B174',
                  parentSpanId: 'EEE19B7EC3C1B173',
                  name: "I'm a server span",
                  startTimeUnixNano: '1544712660000000000',
                  endTimeUnixNano: '1544712661000000000',
                  kind: 2,
                  attributes: [{ key: 'my.span.attr', value: { stringValue: 'some value' } }],
                },
              ],
            },
          ],
        },
      ],
    };
    expect(rowsFor(transcodeBody(Buffer.from(JSON.stringify(example)), 'json'), 'spans')).toEqual([
      expect.objectContaining({
        trace_id: '5b8efff798038103d269b633813fc60c',
        span_id: 'eee19b7ec3c1b174',
        parent_span_id: 'eee19b7ec3c1b173',
        name: "I'm a server span",
        kind: 'server',
        service: 'my.service',
        started_at: 1_544_712_660_000_000_000n,
        attributes: { 'my.span.attr': 'some value' },
      }),
    ]);
  });

  it('reads hex in either case, and mixed', () => {
    expect(rowOf({ ...BASE_SPAN, traceId: '0AF7651916cd43dd8448EB211C80319c' })?.trace_id).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it.each(['0af7651916cd43dd8448eb211c80319', 'zzf7651916cd43dd8448eb211c80319c', 'CvdlGRbNQ92ESOshHIAxnA=='])('leaves out a span whose trace id "%s" is not 32 hex digits', (traceId) => {
    expect(transcodeBody(bodyOf({ ...BASE_SPAN, traceId }), 'json')).toMatchObject({ accepted: 0, rejected: 1 });
  });

  it('takes a span that leaves out every field at its default', () => {
    const row = rowOf({ traceId: BASE_SPAN.traceId, spanId: BASE_SPAN.spanId, startTimeUnixNano: '1764000000000000001' });
    expect(row).toMatchObject({ kind: 'unspecified', name: '', status: 'unset', parent_span_id: '0000000000000000', attributes: {}, 'events.name': [] });
  });

  it('takes null for a field at its default', () => {
    const nulls = { kind: null, name: null, parentSpanId: null, endTimeUnixNano: null, attributes: null, events: null, status: null };
    expect(rowOf({ ...BASE_SPAN, ...nulls })).toMatchObject({ kind: 'unspecified', name: '', status: 'unset' });
    expect(valueOf({ stringValue: null, intValue: '5' })).toEqual({ k: '5' });
    expect(valueOf({ intValue: null })).toEqual({});
  });

  it('takes 64-bit integers as strings and as numbers', () => {
    expect(rowOf({ ...BASE_SPAN, startTimeUnixNano: 1_764_000_000_000, endTimeUnixNano: '1764000000001' })).toMatchObject({ started_at: 1_764_000_000_000n, ended_at: 1_764_000_000_001n });
    expect(valueOf({ intValue: 12 })).toEqual({ k: '12' });
    expect(valueOf({ intValue: '-9223372036854775808' })).toEqual({ k: '-9223372036854775808' });
  });

  it('takes numbers that JSON has no number for', () => {
    expect([valueOf({ doubleValue: 'NaN' }), valueOf({ doubleValue: '-Infinity' }), valueOf({ doubleValue: 1e21 })]).toEqual([{ k: 'NaN' }, { k: '-Infinity' }, { k: '1e+21' }]);
  });

  it('ignores fields it does not know, at every level', () => {
    const unknown = { newField: { deep: [1, { x: null }] }, links: [{}], flags: 257, traceState: 'a=b' };
    const body = { resourceSpans: [{ ...unknown, resource: { ...unknown }, scopeSpans: [{ ...unknown, spans: [{ ...BASE_SPAN, ...unknown, events: [{ name: 'e', ...unknown }] }] }] }], ...unknown };
    expect(transcodeBody(Buffer.from(JSON.stringify(body)), 'json')).toMatchObject({ accepted: 1, rejected: 0 });
  });

  const wrong: [string, unknown, string][] = [
    ['a kind by name', { ...BASE_SPAN, kind: 'SPAN_KIND_SERVER' }, 'resourceSpans[0].scopeSpans[0].spans[0].kind must be an integer'],
    ['a name that is a number', { ...BASE_SPAN, name: 5 }, 'spans[0].name must be a string'],
    ['attributes that are an object', { ...BASE_SPAN, attributes: { a: 1 } }, 'spans[0].attributes must be a list'],
    ['a span that is a list', [], 'spans[0] must be an object'],
    ['a negative time', { ...BASE_SPAN, startTimeUnixNano: '-1' }, 'startTimeUnixNano must be nanoseconds'],
    ['a time of more than 64 bits', { ...BASE_SPAN, startTimeUnixNano: '18446744073709551616' }, 'startTimeUnixNano does not fit 64 bits'],
    ['a time that is an ISO date', { ...BASE_SPAN, startTimeUnixNano: '2026-01-01T00:00:00Z' }, 'startTimeUnixNano must be nanoseconds'],
    ['an event that is null', { ...BASE_SPAN, events: [null] }, 'spans[0].events[0] must be an object'],
  ];
  it.each(wrong)('refuses %s and says where', (_what, span, message) => {
    expect(() => transcodeBody(bodyOf(span as object), 'json')).toThrow(expect.objectContaining({ code: 'malformed_otlp', message: expect.stringContaining(message) }));
  });

  it.each([{ boolValue: 'false' }, { intValue: '' }, { intValue: true }, { intValue: 1.5 }, { intValue: '1e3' }, { doubleValue: 'many' }, { doubleValue: '' }, { doubleValue: [1] }, { stringValue: 5 }, { bytesValue: 5 }, { arrayValue: [] }, 'text'])(
    'refuses the value %j rather than guess',
    (value) => {
      expect(() => transcodeBody(withValue(value), 'json')).toThrow(expect.objectContaining({ code: 'malformed_otlp', message: expect.stringContaining('attributes[0].value') }));
    },
  );

  it.each(['', '[]', 'null', '"x"', '{', '{"resourceSpans":{}}', '{"resourceSpans":[1]}'])('refuses the document %s', (text) => {
    expect(() => transcodeBody(Buffer.from(text), 'json')).toThrow(expect.objectContaining({ kind: 'invalid', code: 'malformed_otlp' }));
  });
});
