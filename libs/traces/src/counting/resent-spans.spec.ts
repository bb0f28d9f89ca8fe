import { describe, expect, it } from '@jest/globals';
import type { OtlpEncoding } from '../otlp/transcode.js';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpRequest, type OtlpSpan } from '../testing/encode-request.js';
import { BASE_SPAN, openTranscoder, rowsFor, senderOf } from '../testing/transcode-request.js';
import { RecentSpans } from './recent-spans.js';

const FULL_SPAN = {
  ...BASE_SPAN,
  attributes: attributesOf({ a: 'x' }),
  events: [{ name: 'e', timeUnixNano: '1764000000400000000' }],
  status: { code: 1 },
} satisfies OtlpSpan;

describe.each([['protobuf', protobufOf], ['json', jsonOf]] as const)('spans that come again, in %s', (encoding: OtlpEncoding, encode) => {
  const open = () => {
    const recentSpans = new RecentSpans(100);
    const transcoder = openTranscoder({ recentSpans });
    /** @returns spans taken, those of them that are known, and rows written */
    const send = (request: OtlpRequest, { organizationId = 'acme', isStored = true } = {}) => {
      const transcoded = transcoder.traces({ body: encode(request), encoding, sender: { ...senderOf(), organizationId }, ingestedAtMs: 0 });
      if (isStored) recentSpans.add(transcoded.newSpans);
      return [transcoded.accepted, transcoded.resent, rowsFor(transcoded, 'spans').length];
    };
    return send;
  };

  it('are taken, and written once', () => {
    const send = open();
    const request = requestOf([FULL_SPAN, { ...FULL_SPAN, spanId: '0000000000000002' }], { 'service.name': 's' });
    expect([send(request), send(request), send(request)]).toEqual([[2, 0, 2], [2, 2, 0], [2, 2, 0]]);
  });

  it('are recognised among others, in another request and another order', () => {
    const send = open();
    send(requestOf([FULL_SPAN]));
    expect(send(requestOf([{ ...FULL_SPAN, spanId: '0000000000000002' }, FULL_SPAN]))).toEqual([2, 1, 1]);
  });

  it('are written again where the first time was not stored', () => {
    const send = open();
    expect(send(requestOf([FULL_SPAN]), { isStored: false })).toEqual([1, 0, 1]);
    expect(send(requestOf([FULL_SPAN]))).toEqual([1, 0, 1]);
    expect(send(requestOf([FULL_SPAN]))).toEqual([1, 1, 0]);
  });

  const changes: [string, OtlpSpan][] = [
    ['an attribute', { attributes: attributesOf({ a: 'y' }) }], ['an attribute more', { attributes: attributesOf({ a: 'x', b: 'x' }) }], ['its end', { endTimeUnixNano: '1764000001500000003' }], ['its name', { name: 'other' }],
    ['an event', { events: [{ name: 'f', timeUnixNano: '1764000000400000000' }] }], ['its status', { status: { code: 2 } }], ['its trace', { traceId: 'ab'.repeat(16) }], ['its id', { spanId: 'ab'.repeat(8) }],
  ];
  it.each(changes)('are no copies where %s is another', (_what, change) => {
    const send = open();
    send(requestOf([FULL_SPAN]));
    expect(send(requestOf([{ ...FULL_SPAN, ...change }]))).toEqual([1, 0, 1]);
    expect(send(requestOf([FULL_SPAN]))).toEqual([1, 1, 0]);
  });

  it('are no copies where the resource is another, or the organization', () => {
    const send = open();
    send(requestOf([FULL_SPAN], { 'service.name': 'a' }));
    expect(send(requestOf([FULL_SPAN], { 'service.name': 'b' }))).toEqual([1, 0, 1]);
    expect(send(requestOf([FULL_SPAN], { 'service.name': 'a' }), { organizationId: 'other' })).toEqual([1, 0, 1]);
    expect(send(requestOf([FULL_SPAN], { 'service.name': 'a' }))).toEqual([1, 1, 0]);
  });

  it('do not disturb the resource of those between which they stand', () => {
    const of = (n: number, service: string) => ({ resource: { attributes: attributesOf({ host: service }) }, scopeSpans: [{ spans: [{ ...BASE_SPAN, spanId: `000000000000000${n}` }] }] });
    const recentSpans = new RecentSpans(100);
    const transcoder = openTranscoder({ recentSpans });
    const transcode = (request: OtlpRequest) => transcoder.traces({ body: encode(request), encoding, sender: senderOf(), ingestedAtMs: 0 });
    recentSpans.add(transcode({ resourceSpans: [of(2, 'b')] }).newSpans);
    const rows = rowsFor(transcode({ resourceSpans: [of(1, 'a'), of(2, 'b'), of(3, 'b'), of(4, 'a')] }), 'spans');
    expect(rows.map((row) => [row['span_id'], row['resource_attributes']])).toEqual([['0000000000000001', { host: 'a' }], ['0000000000000003', { host: 'b' }], ['0000000000000004', { host: 'a' }]]);
  });
});
