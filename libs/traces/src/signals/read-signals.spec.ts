import { describe, expect, it } from '@jest/globals';
import { readSignals, signalRecordsOf, type SignalBody } from './read-signals.js';
import { readRfc3339 } from './rfc3339.js';

const NOW_MS = Date.parse('2026-11-01T12:00:00Z');
const RULES = { window: { fromMs: Date.parse('2026-10-01T00:00:00Z'), untilMs: NOW_MS + 3_600_000 }, attributesMax: 3, attributeBytesMax: 10, nowMs: NOW_MS };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const REFUND = { id: 'refund-17', name: 'refund_issued', source: 'system', conversationId: 'c-1' };

const read = (...records: unknown[]) => readSignals(records, RULES);
const signalOf = (given: object) => read({ ...REFUND, ...given }).signals[0];
const problemOf = (record: unknown) => read(record).rejected[0]?.problem;
const problemWith = (given: object) => problemOf({ ...REFUND, ...given });

describe('a signal over REST', () => {
  it('is what was sent, field by field', () => {
    const sent = { ...REFUND, value: 12.5, traceId: TRACE_ID.toUpperCase(), spanId: SPAN_ID, at: '2026-11-01T13:00:00.000000001+01:00', attributes: { order: 'o-1', items: 2, partial: false } };
    expect(read(sent)).toEqual({
      signals: [{
        id: 'refund-17', kind: 'signal', name: 'refund_issued', source: 'system', value: '12.5', conversationId: 'c-1', traceId: TRACE_ID, spanId: SPAN_ID,
        atNs: '1793534400000000001', attributes: { order: 'o-1', items: '2', partial: 'false' },
      }],
      rejected: [],
    });
  });

  it('needs no more than an id, a name, a source and a conversation or a trace; it was when it came', () => {
    expect(signalOf({})).toMatchObject({ kind: 'signal', value: '', traceId: '', spanId: '', atNs: `${NOW_MS}000000`, attributes: {} });
    expect(signalOf({ conversationId: undefined, traceId: TRACE_ID })).toMatchObject({ conversationId: '', traceId: TRACE_ID });
    expect(signalOf({ value: false })?.value).toBe('false');
  });

  it('of a kind that has one name needs none', () => {
    expect([signalOf({ kind: 'handoff', name: undefined })?.name, signalOf({ kind: 'end', name: undefined })?.name]).toEqual(['handoff', 'conversation_end']);
    expect(problemWith({ kind: 'exposure', name: undefined })).toBe('name is missing: name must be a text of 1 to 200 characters');
  });

  it('that is a verdict has its label or score where facts read it', () => {
    const attributesOf = (value: unknown, attributes = {}) => ({ ...signalOf({ kind: 'verdict', name: 'tone', value, attributes })?.attributes });
    expect(attributesOf('pass')).toEqual({ 'gen_ai.evaluation.score.label': 'pass' });
    expect(attributesOf(0.5)).toEqual({ 'gen_ai.evaluation.score.value': '0.5' });
    expect(attributesOf(true)).toEqual({ 'gen_ai.evaluation.score.value': '1' });
    expect(attributesOf('pass', { 'gen_ai.evaluation.score.label': 'own' })).toEqual({ 'gen_ai.evaluation.score.label': 'own' });
  });

  it('keeps an attribute whatever its name', () => {
    const attributes = JSON.parse('{"__proto__": "x", "constructor": "y"}') as object;
    expect(Object.entries(signalOf({ attributes })?.attributes ?? {})).toEqual([['__proto__', 'x'], ['constructor', 'y']]);
  });
});

describe('a record that cannot be taken', () => {
  it('is told by its place and its id, and the others are kept', () => {
    const { signals, rejected } = read(REFUND, { ...REFUND, id: 'b', source: 'billing' }, 'x', { ...REFUND, id: 7 }, { ...REFUND, id: 'e' });
    expect(signals.map(({ id }) => id)).toEqual(['refund-17', 'e']);
    expect(rejected).toEqual([
      { index: 1, id: 'b', problem: 'source is "billing": it must be system, customer, agent, human' },
      { index: 2, id: null, problem: 'it is "x": send an object such as {"id": "refund-17", "name": "refund_issued", "source": "system", "conversationId": "..."}' },
      { index: 3, id: null, problem: 'id must be a text of 1 to 200 characters, and is 7' },
    ]);
  });

  it('is told what is wrong with it, at most five things', () => {
    expect(problemOf({ id: '', name: 'x', source: 'system', kind: 'x' })).toBe(
      'kind is "x": it must be signal, handoff, end, verdict, exposure; id must be a text of 1 to 200 characters, and has 0; it names neither a conversation nor a trace: give conversationId or traceId',
    );
  });

  it('is told how much more is wrong', () => {
    const problem = problemOf({ source: 'x', kind: 'x', traceId: 'x', spanId: 'x', at: 'x' });
    // kind, id, name, source and traceId; not spanId and at.
    expect(problem).toMatch(/^kind is .*; id is .*; name is .*; source is .*; traceId is .*; and 2 more$/);
  });

  const allZero = '0'.repeat(32);
  it.each<[string, object, string]>([
    ['no id', { id: undefined }, 'id is missing: id must be a text of 1 to 200 characters'],
    ['a long id', { id: 'x'.repeat(201) }, 'id must be a text of 1 to 200 characters, and has 201'],
    ['a NUL in its id', { id: 'a\0' }, 'id holds a NUL character or half of a surrogate pair, which cannot be stored: send it without'],
    ['half a character in its conversation', { conversationId: '\ud800' }, 'conversationId holds a NUL character or half of a surrogate pair, which cannot be stored: send it without'],
    ['an empty conversation', { conversationId: '' }, 'conversationId must be a text of 1 to 200 characters, and has 0'],
    ['a field that is none', { conversation: 'c-1' }, '"conversation" is no field of a signal: its fields are id, kind, name, source, value, conversationId, traceId, spanId, at, attributes'],
    ['no source', { source: null }, 'source is null: it must be system, customer, agent, human'],
    ['a short trace id', { traceId: 'ab' }, 'traceId is "ab": it must be 32 hex digits that are not all zero'],
    ['a trace id of zeros', { traceId: allZero }, `traceId is "${allZero}": it must be 32 hex digits that are not all zero`],
    ['a span and no trace', { spanId: SPAN_ID }, 'spanId names no span without traceId: give both'],
    ['a list as its value', { value: [1] }, 'value is a list: it must be a text, a number, true or false'],
    ['null as its value', { value: null }, 'value is null: it must be a text, a number, true or false'],
    ['an infinite value', { value: Infinity }, 'value is Infinity: it must be a text, a number, true or false'],
    ['a long value', { value: 'ä'.repeat(6) }, 'value has 12 bytes: at most 10 are taken (INGEST_ATTRIBUTE_BYTES_MAX)'],
    ['a list of attributes', { attributes: [] }, 'attributes is a list: it must be an object of texts, numbers, true and false'],
    ['an object in an attribute', { attributes: { a: {} } }, 'attributes.a is an object: it must be a text, a number, true or false'],
    ['many attributes', { attributes: { a: 1, b: 1, c: 1, d: 1 } }, 'it has 4 attributes: at most 3 are taken (INGEST_ATTRIBUTES_MAX)'],
    ['a message body', { attributes: { 'gen_ai.input.messages': 'hi' } }, 'attributes.gen_ai.input.messages is a message body, which signals do not keep: leave it out'],
    ['a time that is none', { at: 'yesterday' }, 'at is "yesterday": it must be a time as 2026-11-01T12:00:00Z (RFC 3339)'],
    ['a time as a number', { at: 1_793_534_400 }, 'at is 1793534400: it must be a time as 2026-11-01T12:00:00Z (RFC 3339)'],
    ['an old time', { at: '2026-09-30T23:59:59Z' }, "at is before 2026-10-01T00:00:00.000Z, the oldest that is taken (INGEST_SPAN_AGE_DAYS_MAX)"],
    ['a time to come', { at: '2026-11-01T13:00:00.000000001Z' }, "at is after 2026-11-01T13:00:00.000Z, the latest that is taken (INGEST_SPAN_AHEAD_MS_MAX): check the sender's clock"],
  ])('may have %s', (_what, given, problem) => expect(problemWith(given)).toBe(problem));

  it('may hold a credential, which is stored nowhere and not repeated either', () => {
    const problem = problemWith({ attributes: { 'http.request.header.authorization': 'Bearer s' } });
    expect(problem).toBe('attributes.http.request.header.authorization is a credential, which is stored nowhere: leave it out');
  });

  it('does not fill the answer', () => {
    expect(problemWith({ ['x'.repeat(5000)]: 1, at: 'y'.repeat(5000) })?.length).toBeLessThan(600);
  });
});

describe('the records of a body', () => {
  const recordsOf = (text: string | Buffer, form: SignalBody = 'json') => signalRecordsOf(Buffer.from(text), form);

  it('stand under "signals", in an array, or one a line', () => {
    expect(recordsOf('{"signals": [1, 2]}')).toEqual([1, 2]);
    expect(recordsOf('[1, 2]')).toEqual([1, 2]);
    expect(recordsOf('{"a": 1}\r\n\n{"a": 2}', 'lines')).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('are read without the line that is no JSON', () => {
    expect(recordsOf('{"a": 1}\n{"a":\n{"a": 2}\n', 'lines')).toEqual([{ a: 1 }, '{"a":', { a: 2 }]);
  });

  it.each(['', '{', '{"signals": {}}', '{}', '"x"', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])])('are none in %j', (body) => {
    expect(() => recordsOf(body)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'malformed_signals' }));
  });

  it('are ten thousand at the most', () => {
    const bodyOf = (n: number) => JSON.stringify(Array.from({ length: n }, () => 0));
    expect(recordsOf(bodyOf(10_000))).toHaveLength(10_000);
    expect(() => recordsOf(bodyOf(10_001))).toThrow(expect.objectContaining({ kind: 'too_large', code: 'too_many_signals' }));
  });
});

describe('a time', () => {
  // By `date --utc --date=... +%s`.
  it.each([
    ['2026-11-01T12:00:00Z', 1_793_534_400_000_000_000n], ['2026-11-01t12:00:00.5z', 1_793_534_400_500_000_000n], ['2026-11-01 12:00:00.123456789Z', 1_793_534_400_123_456_789n],
    ['2026-11-01T07:00:00-05:00', 1_793_534_400_000_000_000n], ['1970-01-01T00:00:00Z', 0n],
  ])('%s is read to the nanosecond', (text, ns) => expect(readRfc3339(text)).toBe(ns));

  it.each(['2026-11-01', '2026-11-01T12:00:00', '2026-02-30T12:00:00Z', '2026-13-01T12:00:00Z', '2026-11-01T24:00:00Z', '2026-11-01T12:61:00Z', '2026-11-01T12:00:00+0100', '2026-11-01T12:00:00.1234567891Z', 'Sun, 01 Nov 2026 12:00:00 GMT'])(
    '%s is none',
    (text) => expect(readRfc3339(text)).toBeUndefined(),
  );
});
