import { describe, expect, it } from '@jest/globals';
import { bytes, fixed64, integer, message, protobufOf, requestOf, text, varint } from '../testing/encode-request.js';
import { BASE_SPAN, rowsFor, transcodeBody } from '../testing/transcode-request.js';

const IDS = [bytes(1, Buffer.from(BASE_SPAN.traceId, 'hex')), bytes(2, Buffer.from(BASE_SPAN.spanId, 'hex')), fixed64(7, 1_764_000_000_000_000_001n)];
const bodyOf = (...fields: Buffer[]) => message(1, [message(2, [message(2, [...IDS, ...fields])])]);
const rowOf = (...fields: Buffer[]) => rowsFor(transcodeBody(bodyOf(...fields), 'protobuf'), 'spans')[0];
const attribute = (value: Buffer) => message(9, [text(1, 'k'), message(2, [value])]);
const malformed = expect.objectContaining({ kind: 'invalid', code: 'malformed_otlp' });

describe('OTLP protobuf', () => {
  it('reads the bytes of a span written out by hand', () => {
    const span = [
      '0a100af7651916cd43dd8448eb211c80319c', // 1 trace_id, 18 bytes with tag and length
      '1208b7ad6b7169203331', // 2 span_id, 10
      '220800f067aa0ba902b7', // 4 parent_span_id, 10
      '2a0463686174', // 5 name "chat", 6
      '3003', // 6 kind CLIENT, 2
      '390100000000000010', // 7 start, fixed64 little-endian, 9
      '410200000000000010', // 8 end, 9
      '5000', // 10 dropped_attributes_count, 2
      '850101000000', // 16 flags, fixed32, 6
    ];
    // 72 bytes of span; scope_spans holds them after a tag and a length, and resource_spans holds that.
    const body = Buffer.from(['0a4c', '124a', '1248', ...span].join(''), 'hex');
    expect(body.length).toBe(2 + 76);
    expect(rowsFor(transcodeBody(body, 'protobuf'), 'spans')).toEqual([
      expect.objectContaining({
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        span_id: 'b7ad6b7169203331',
        parent_span_id: '00f067aa0ba902b7',
        name: 'chat',
        kind: 'client',
        started_at: 0x1000000000000001n,
        ended_at: 0x1000000000000002n,
      }),
    ]);
  });

  it('skips fields it does not know, of every wire type', () => {
    const unknown = [integer(200, 2n ** 63n), fixed64(201, 5n), bytes(202, Buffer.alloc(300)), Buffer.concat([varint(BigInt((203 << 3) | 5)), Buffer.alloc(4)])];
    expect(rowOf(...unknown, text(5, 'after'))).toMatchObject({ name: 'after' });
  });

  it('takes the last of a field that is sent twice, as protobuf does', () => {
    expect(rowOf(text(5, 'first'), text(5, 'second'))).toMatchObject({ name: 'second' });
  });

  it('keeps the digits of integers beyond 2^53', () => {
    const attributesOf = (value: bigint) => rowOf(attribute(integer(3, value)))?.attributes;
    expect(attributesOf(9_007_199_254_740_993n)).toEqual({ k: '9007199254740993' });
    expect(attributesOf(-9_223_372_036_854_775_808n)).toEqual({ k: '-9223372036854775808' });
    expect(attributesOf(-1n)).toEqual({ k: '-1' });
  });

  it('replaces bytes that are not UTF-8, and keeps the rest', () => {
    expect(rowOf(bytes(5, Buffer.from([0x61, 0xff, 0x62])))).toMatchObject({ name: 'a\ufffdb' });
  });

  // Zero and empty values, which would pass for a value of the right type.
  it.each([
    ['trace_id', integer(1, 0n)], ['name', integer(5, 0n)], ['kind', text(6, '')], ['start', bytes(7, Buffer.alloc(7))], ['end', bytes(8, Buffer.alloc(7))], ['attributes', integer(9, 0n)],
    ['events', integer(11, 0n)], ['status', integer(15, 0n)], ['a bool', attribute(text(2, ''))], ['an int', attribute(text(3, ''))], ['a double', attribute(bytes(4, Buffer.alloc(7)))], ['a string', attribute(integer(1, 0n))],
  ])('refuses %s in another wire type', (_field, field) => {
    expect(() => rowOf(field)).toThrow(malformed);
  });

  it.each([
    ['a length past the end of the body', Buffer.from('0a7f00', 'hex')],
    ['a length past the end of its message', message(1, [Buffer.from('1205', 'hex'), Buffer.from('0a01', 'hex')])],
    ['a length of 2^63', Buffer.from('0affffffffffffffffff01', 'hex')],
    ['an endless varint', Buffer.from('0a' + 'ff'.repeat(20), 'hex')],
    ['field number zero', Buffer.from('0200', 'hex')],
    ['field number zero at the very end', Buffer.from('00', 'hex')],
    ['a group', Buffer.from('0b0c', 'hex')],
    ['wire type 7', Buffer.from('0f', 'hex')],
    ['a fixed64 that is cut off', Buffer.concat([bodyOf(), Buffer.from('11000000', 'hex')])],
  ])('refuses %s', (_what, body) => {
    expect(() => transcodeBody(body, 'protobuf')).toThrow(malformed);
  });

  it('leaves out a span whose ids are too long for their column, and reads on', () => {
    const body = protobufOf(requestOf([{ ...BASE_SPAN, traceId: 'ab'.repeat(2000) }, BASE_SPAN]));
    expect(transcodeBody(body, 'protobuf')).toMatchObject({ accepted: 1, rejected: 1 });
  });

  it('reads an attribute whose value stands before its name, and takes the last of two values', () => {
    const value = (content: string) => message(2, [text(1, content)]);
    expect(rowOf(message(9, [value('before'), text(1, 'k')]))?.['attributes']).toEqual({ k: 'before' });
    expect(rowOf(message(9, [value('first'), text(1, 'k'), value('last')]))?.['attributes']).toEqual({ k: 'last' });
  });
});
