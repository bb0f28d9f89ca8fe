import { describe, expect, it } from '@jest/globals';
import { attributesOf } from '../testing/encode-request.js';
import { logsJsonOf, logsProtobufOf, logsRequestOf, type OtlpLogRecord } from '../testing/encode-logs.js';
import { INGESTED_AT_MS, rowsFor, transcodeLogsBody, type ReadRow } from '../testing/transcode-request.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const SIGNAL = { 'astrolabe.signal.name': 'csat', 'astrolabe.signal.source': 'customer', 'astrolabe.signal.value': '5' };
const recordOf = (attributes: Record<string, string | number | boolean> = {}, record: OtlpLogRecord = {}): OtlpLogRecord => ({
  eventName: 'astrolabe.signal',
  timeUnixNano: '1764000000000000001',
  observedTimeUnixNano: '1764000000000000999',
  traceId: TRACE_ID,
  spanId: SPAN_ID,
  attributes: attributesOf({ ...SIGNAL, ...attributes }),
  ...record,
});

const rowsOf = (records: OtlpLogRecord[], resource: Record<string, string> = {}, ingestedAtMs = INGESTED_AT_MS): ReadRow[] =>
  rowsFor(transcodeLogsBody(logsProtobufOf(logsRequestOf(records, resource)), 'protobuf', ingestedAtMs), 'signals');
const rowOf = (...given: Parameters<typeof recordOf>): ReadRow => {
  const [row] = rowsOf([recordOf(...given)]);
  if (!row) throw new Error('the record was rejected');
  return row;
};
const idOf = (...given: Parameters<typeof recordOf>) => rowOf(...given)['signal_id'];
const fateOf = (...records: OtlpLogRecord[]) => {
  const { accepted, rejected, rejection } = transcodeLogsBody(logsJsonOf(logsRequestOf(records)), 'json');
  return { accepted, rejected, rejection };
};

describe('a signal from a log record', () => {
  it('is one row, field by field', () => {
    const attributes = { ...SIGNAL, 'gen_ai.conversation.id': 'c-1', 'astrolabe.customer.id': 'northwind', attempt: 2, late: true };
    expect(rowOf(attributes)).toEqual({
      organization_id: 'acme', signal_id: expect.stringMatching(/^log-[0-9a-f]{32}$/), trace_id: TRACE_ID, span_id: SPAN_ID, conversation_id: 'c-1', customer_id: 'northwind',
      at: 1_764_000_000_000_000_001n, kind: 'signal', name: 'csat', source: 'customer', value: '5',
      attributes: { ...SIGNAL, 'gen_ai.conversation.id': 'c-1', 'astrolabe.customer.id': 'northwind', attempt: '2', late: 'true' },
      ingested_at: 1_764_000_002_000n, origin: 'log',
    });
  });

  it('takes the conversation and the customer of its resource where it names none itself', () => {
    const resource = { 'session.id': 'from the resource', 'astrolabe.customer.id': 'of the resource' };
    const rows = rowsOf([recordOf(), recordOf({ 'gen_ai.conversation.id': 'its own', 'astrolabe.customer.id': 'its own' })], resource);
    expect(rows.map((row) => [row['conversation_id'], row['customer_id']])).toEqual([['from the resource', 'of the resource'], ['its own', 'its own']]);
  });

  it('happened when it says, else when it was observed, else when it came', () => {
    const { timeUnixNano: _time, ...untimed } = recordOf();
    const { observedTimeUnixNano: _observed, ...unobserved } = untimed;
    const inTheYear2554 = '18446744073709551615';
    const times = rowsOf([recordOf(), untimed, unobserved, recordOf({}, { timeUnixNano: '0' }), recordOf({}, { timeUnixNano: inTheYear2554 }), recordOf({}, { timeUnixNano: inTheYear2554, observedTimeUnixNano: inTheYear2554 })]).map((row) => row['at']);
    const [said, observed, came] = [1_764_000_000_000_000_001n, 1_764_000_000_000_000_999n, 1_764_000_002_000_000_000n];
    expect(times).toEqual([said, observed, came, observed, observed, came]);
  });

  it('leaves out message bodies', () => {
    expect(rowOf({ 'gen_ai.input.messages': '[{"role":"user"}]', 'gen_ai.evaluation.explanation': 'short' })['attributes']).toEqual({ ...SIGNAL, 'gen_ai.evaluation.explanation': 'short' });
  });

  it('keeps an attribute whatever its name', () => {
    expect(Object.entries(rowOf({ ['__proto__']: 'x', constructor: 'y' })['attributes'] as object)).toEqual(expect.arrayContaining([['__proto__', 'x'], ['constructor', 'y']]));
  });

  it('takes its name from the attribute event.name where the record has none, as older emitters send it', () => {
    const { eventName: _name, ...unnamed } = recordOf();
    const withAttribute = { ...unnamed, attributes: attributesOf({ 'event.name': 'astrolabe.handoff', 'astrolabe.handoff.reason': 'stuck' }) };
    expect(rowsOf([withAttribute])).toEqual([expect.objectContaining({ kind: 'handoff', value: 'stuck', attributes: { 'astrolabe.handoff.reason': 'stuck' } })]);
    expect(rowsOf([{ ...withAttribute, eventName: 'astrolabe.signal' }])).toEqual([expect.objectContaining({ kind: 'signal' })]);
  });
});

describe('the id of a signal from a log record', () => {
  it('is the same however often the record comes, in either encoding and whenever', () => {
    const record = recordOf();
    const ids = [rowsOf([record, record]), rowsOf([record], {}, INGESTED_AT_MS + 60_000), rowsFor(transcodeLogsBody(logsJsonOf(logsRequestOf([record])), 'json'), 'signals')].flat().map((row) => row['signal_id']);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(1);
  });

  it('does not hang on the order of the attributes', () => {
    const record = recordOf({ 'gen_ai.conversation.id': 'c-1' });
    const [a, b] = rowsOf([record, { ...record, attributes: (record.attributes ?? []).toReversed() }]);
    expect(a?.['signal_id']).toBe(b?.['signal_id']);
  });

  it('is another for every difference in what the record says', () => {
    const different: Parameters<typeof recordOf>[] = [
      [], [{ 'astrolabe.signal.value': '4' }], [{ other: 'x' }], [{ 'gen_ai.conversation.id': 'c-1' }], [{}, { traceId: 'ab'.repeat(16) }], [{}, { spanId: 'ab'.repeat(8) }],
      [{}, { timeUnixNano: '1764000000000000002' }], [{}, { eventName: 'astrolabe.handoff' }],
    ];
    expect(new Set(different.map((given) => idOf(...given))).size).toBe(different.length);
  });

  it('tells two records apart that only say when they were observed', () => {
    const observedAt = (observedTimeUnixNano: string) => idOf({}, { timeUnixNano: '0', observedTimeUnixNano });
    expect(observedAt('1764000000000000001')).not.toBe(observedAt('1764000000000000002'));
    // Where the record says when it was, who observed it when does not matter: a second collector in between is no second signal.
    expect(idOf({}, { observedTimeUnixNano: '1764000000000000555' })).toBe(idOf());
  });

  it("is the sender's own where there is one, whatever else differs, within one conversation", () => {
    const own = (value: string, conversation: string) => idOf({ 'astrolabe.signal.id': 'rating-7', 'astrolabe.signal.value': value, 'gen_ai.conversation.id': conversation }, { timeUnixNano: `17640000000000000${value}` });
    expect(own('04', 'c-1')).toBe(own('05', 'c-1'));
    expect(own('04', 'c-1')).not.toBe(own('04', 'c-2'));
    expect(own('04', 'c-1')).not.toBe(idOf({ 'astrolabe.signal.id': 'rating-8', 'astrolabe.signal.value': '04', 'gen_ai.conversation.id': 'c-1' }));
    expect(own('04', 'c-1')).toMatch(/^log-[0-9a-f]{32}$/);
  });
});

describe('a log record that is no signal', () => {
  it('is counted and told apart in words, and the others are kept', () => {
    expect(fateOf(recordOf(), recordOf({}, { eventName: 'gen_ai.choice' }), recordOf({}, { eventName: '' }), recordOf())).toEqual({
      accepted: 2, rejected: 2,
      rejection: 'its event name "gen_ai.choice" is none of astrolabe.signal, astrolabe.handoff, astrolabe.conversation.end, gen_ai.evaluation.result, feature_flag.evaluation',
    });
  });

  // Members of every object in JavaScript: an error here would be answered with "send again", for ever.
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('is one that calls itself "%s"', (eventName) => {
    expect(fateOf(recordOf({}, { eventName }))).toMatchObject({ accepted: 0, rejected: 1, rejection: expect.stringContaining(`"${eventName}" is none of`) });
  });

  it('does not fill the answer with a name of any length', () => {
    expect(fateOf(recordOf({}, { eventName: 'x'.repeat(5000) })).rejection?.length).toBeLessThan(300);
  });

  it('is one that names neither a trace nor a conversation', () => {
    const nowhere = { accepted: 0, rejected: 1, rejection: 'it names neither a trace nor a conversation (gen_ai.conversation.id)' };
    for (const traceId of ['', '00'.repeat(16), 'ab'.repeat(15)]) expect(fateOf(recordOf({}, { traceId }))).toEqual(nowhere);
    expect(fateOf(recordOf({ 'gen_ai.conversation.id': 'c-1' }, { traceId: '' }))).toMatchObject({ accepted: 1, rejected: 0 });
  });

  it('makes no frame at all when it is the only one', () => {
    expect(transcodeLogsBody(logsJsonOf(logsRequestOf([recordOf({}, { eventName: 'other' })])), 'json').frames).toEqual([]);
  });
});
