import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, createLogger } from '#platform';
import { OtlpIntake, TraceReader } from '#traces';
import { logsJsonOf, logsProtobufOf, logsRequestOf, type OtlpLogRecord } from '../../libs/traces/src/testing/encode-logs.js';
import { attributesOf, protobufOf, requestOf, type OtlpSpan } from '../../libs/traces/src/testing/encode-request.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const START_NS = 1_793_491_200_000_000_000n; // 2026-11-01T00:00:00Z
const at = (seconds: number) => String(START_NS + BigInt(seconds) * 1_000_000_000n);
const traceIdOf = (n: number) => n.toString(16).padStart(32, '0');
const spanIdOf = (n: number) => n.toString(16).padStart(16, '0');
type Said = Record<string, string | number | boolean>;

describe('signals that come as log records', () => {
  let stores: TestStores;
  let intake: OtlpIntake;
  let reader: TraceReader;
  const clock = new ManualClock('2026-11-01T00:30:00Z');
  const everything = () => [new Date(0), new Date(Date.now() + 60_000)] as const;

  beforeAll(async () => {
    stores = await openTestStores();
    intake = await OtlpIntake.open({ ...stores, clock, logger: createLogger('silent', 'test') });
    reader = new TraceReader(stores.clickhouse);
  });
  afterAll(async () => {
    await intake.close();
    await stores.close();
  });

  let number = 0;
  /** An organization of its own, and what it sends. */
  const newSender = () => {
    const organizationId = `organization-${++number}`;
    const load = async (signal: 'traces' | 'logs', body: Buffer, encoding: 'protobuf' | 'json' = 'protobuf') => {
      expect((await intake.accept(signal, await intake.senderOf(organizationId), body, encoding)).rejected).toBe(0);
      await intake.drain();
      clock.advance(1000);
    };
    return {
      organizationId,
      spans: (spans: OtlpSpan[]) => load('traces', protobufOf(requestOf(spans))),
      records: (records: OtlpLogRecord[], encoding: 'protobuf' | 'json' = 'protobuf') => load('logs', (encoding === 'json' ? logsJsonOf : logsProtobufOf)(logsRequestOf(records)), encoding),
      rowsOf: async (...ids: string[]) => reader.rowsOf(organizationId, ids),
      signalsIn: async (id: string) => ((await reader.rowsOf(organizationId, [id])).get(id)?.signals ?? []).map(({ name, at_ns }) => [name, Number((BigInt(at_ns) - START_NS) / 1_000_000_000n)]),
      changed: async (from: Date, to: Date) => (await reader.changedConversations(organizationId, from, to)).map(({ conversationId }) => conversationId),
      ended: (from: Date, to: Date) => reader.endedConversations(organizationId, from, to),
      loadedThrough: async () => new Date(((await reader.loadedThrough(organizationId, new Date(0))).loadedThrough?.getTime() ?? 0) + 1),
    };
  };
  const span = (trace: number, conversation = '', given: OtlpSpan = {}): OtlpSpan => ({
    traceId: traceIdOf(trace), spanId: spanIdOf(trace), name: 'chat', startTimeUnixNano: at(0), endTimeUnixNano: at(60), attributes: attributesOf(conversation ? { 'gen_ai.conversation.id': conversation } : {}), ...given,
  });
  const record = (second: number, name: string, said: Said = {}, given: OtlpLogRecord = {}): OtlpLogRecord => ({ eventName: 'astrolabe.signal', timeUnixNano: at(second), attributes: attributesOf({ 'astrolabe.signal.name': name, ...said }), ...given });

  const EVENTS: [string, Said][] = [
    ['astrolabe.signal', { 'astrolabe.signal.name': 'csat', 'astrolabe.signal.source': 'customer', 'astrolabe.signal.value': 5 }],
    ['astrolabe.signal', { 'astrolabe.signal.name': 'saved', 'astrolabe.signal.value': true }],
    ['astrolabe.handoff', { 'astrolabe.handoff.reason': 'asked for a person', 'astrolabe.signal.name': 'not this' }],
    ['astrolabe.conversation.end', { 'astrolabe.signal.value': 'closed', 'astrolabe.signal.source': 'not this' }],
    ['gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.value': 0.5, 'gen_ai.evaluation.score.label': 'pass' }],
    ['gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.value': 0.25 }],
    ['feature_flag.evaluation', { 'feature_flag.key': 'model', 'feature_flag.result.variant': 'b', 'astrolabe.signal.value': 'not this' }],
    ['feature_flag.evaluation', {}],
  ];
  it('are what the same events would be on a span: kind, name, source, value and attributes', async () => {
    const sender = newSender();
    await sender.spans([span(1, 'on-a-span', { events: EVENTS.map(([name, said], n) => ({ name, timeUnixNano: at(n), attributes: attributesOf(said) })) })]);
    await sender.records(EVENTS.map(([eventName, said], n) => ({ eventName, timeUnixNano: at(n), attributes: attributesOf({ ...said, 'gen_ai.conversation.id': 'in-a-record' }) })));
    const rows = await sender.rowsOf('on-a-span', 'in-a-record');
    const said = (id: string) => rows.get(id)?.signals.map(({ at_ns, kind, name, source, value, attributes: { 'gen_ai.conversation.id': _id, ...attributes } }) => ({ at_ns, kind, name, source, value, attributes }));
    expect(said('on-a-span')).toHaveLength(EVENTS.length);
    expect(said('in-a-record')).toEqual(said('on-a-span'));
    expect(said('in-a-record')?.[0]).toEqual({ at_ns: at(0), kind: 'signal', name: 'csat', source: 'customer', value: '5', attributes: { 'astrolabe.signal.name': 'csat', 'astrolabe.signal.source': 'customer', 'astrolabe.signal.value': '5' } });
  });

  it('belong to the conversation of their trace, whether they come before its spans or after them', async () => {
    const sender = newSender();
    await sender.records([record(1, 'early', {}, { traceId: traceIdOf(1) })]);
    expect(await sender.signalsIn('c-1')).toEqual([]);
    await sender.spans([span(1, 'c-1'), span(2, 'c-2')]);
    await sender.records([record(2, 'late', {}, { traceId: traceIdOf(1) }), record(3, 'of another', {}, { traceId: traceIdOf(2) })]);
    expect([await sender.signalsIn('c-1'), await sender.signalsIn('c-2')]).toEqual([[['early', 1], ['late', 2]], [['of another', 3]]]);
  });

  it('change the conversation of their trace, and end it', async () => {
    const sender = newSender();
    await sender.spans([span(1, 'c-1'), span(2, 'c-2')]);
    const before = await sender.loadedThrough();
    await sender.records([record(1, 'x', {}, { traceId: traceIdOf(1) })]);
    const between = await sender.loadedThrough();
    await sender.records([record(2, '', {}, { traceId: traceIdOf(2), eventName: 'astrolabe.conversation.end' })]);
    const after = await sender.loadedThrough();
    expect([await sender.changed(before, between), await sender.ended(before, between)]).toEqual([['c-1'], []]);
    expect([await sender.changed(between, after), await sender.ended(between, after)]).toEqual([['c-2'], ['c-2']]);
  });

  it('may name the conversation where no span of their trace does, or none is ever sent', async () => {
    const sender = newSender();
    await sender.spans([span(1, 'c-1'), span(2)]);
    const of = (trace: number, name: string) => record(trace, name, { 'gen_ai.conversation.id': 'c-1' }, { traceId: traceIdOf(trace) });
    await sender.records([of(2, 'of a trace whose spans name none'), of(3, 'of a request that is traced elsewhere')]);
    expect(await sender.signalsIn('c-1')).toEqual([['of a trace whose spans name none', 2], ['of a request that is traced elsewhere', 3]]);
    expect((await sender.rowsOf('c-1')).get('c-1')?.spans.map(({ span_id }) => span_id)).toEqual([spanIdOf(1), spanIdOf(2)]);
  });

  describe('and name a conversation and no trace', () => {
    const about = { 'gen_ai.conversation.id': 'c-1' };

    it('are seen in it, change it and end it, once, though they were sent three times, in two encodings', async () => {
      const sender = newSender();
      await sender.spans([span(1, 'c-1', { events: [{ name: 'astrolabe.signal', timeUnixNano: at(1), attributes: attributesOf({ 'astrolabe.signal.name': 'on a span' }) }] }), span(2, 'c-2')]);
      const before = await sender.loadedThrough();
      const records = [record(2, 'csat', about), record(3, '', about, { eventName: 'astrolabe.conversation.end' })];
      for (const encoding of ['protobuf', 'json', 'protobuf'] as const) await sender.records(records, encoding);
      const after = await sender.loadedThrough();

      expect(await sender.changed(before, after)).toEqual(['c-1']);
      expect(await sender.ended(before, after)).toEqual(['c-1']);
      expect([await sender.changed(after, new Date(after.getTime() + 60_000)), await sender.ended(after, new Date(after.getTime() + 60_000))]).toEqual([[], []]);
      expect(await sender.signalsIn('c-1')).toEqual([['on a span', 1], ['csat', 2], ['conversation_end', 3]]);
      expect(await sender.signalsIn('c-2')).toEqual([]);
      const both = await sender.rowsOf('c-1', 'c-2');
      expect([both.get('c-1')?.signals.length, both.get('c-2')?.signals.length]).toEqual([3, 0]);
      expect(both.get('c-1')?.signals[1]).toMatchObject({ conversation_id: 'c-1', own_conversation_id: 'c-1', trace_id: '' });
      const [row] = await stores.clickhouse.rows<{ n: string }>({ query: 'SELECT count() AS n FROM v_signals WHERE organization_id = {organizationId: String}', query_params: { organizationId: sender.organizationId } });
      expect(row).toEqual({ n: '3' });
    });

    it('are seen once that come with an id of their own, whatever else differs: the later stands', async () => {
      const sender = newSender();
      await sender.spans([span(1, 'c-1')]);
      const own = (second: number, value: number, given: OtlpLogRecord = {}) => record(second, 'csat', { ...about, 'astrolabe.signal.id': 'rating-7', 'astrolabe.signal.value': value }, given);
      await sender.records([own(2, 1)]);
      await sender.records([own(3, 5)]);
      const rows = await sender.rowsOf('c-1');
      expect(rows.get('c-1')?.signals.map(({ value, at_ns }) => [value, at_ns])).toEqual([['5', at(3)]]);
      await sender.records([own(3, 5, { traceId: traceIdOf(1) })]);
      expect((await sender.rowsOf('c-1')).get('c-1')?.signals).toHaveLength(1);
    });

    it('wait for their conversation, where they come first', async () => {
      const sender = newSender();
      await sender.records([record(2, 'early', about)]);
      expect(await sender.changed(...everything())).toEqual([]);
      await sender.spans([span(1, 'c-1')]);
      expect([await sender.changed(...everything()), await sender.signalsIn('c-1')]).toEqual([['c-1'], [['early', 2]]]);
      // It is another's that says that it is over.
      await sender.records([record(3, '', { 'gen_ai.conversation.id': 'c-2' }, { eventName: 'astrolabe.conversation.end' })]);
      expect(await sender.ended(...everything())).toEqual(['c-2']);
      expect((await reader.signalsOf(sender.organizationId, ['c-1'])).map(({ name }) => name)).toEqual(['early']);
    });

    it('are not seen in the conversation of that name of another organization', async () => {
      const [sender, other] = [newSender(), newSender()];
      for (const { spans } of [sender, other]) await spans([span(1, 'c-1')]);
      const before = await other.loadedThrough();
      await sender.records([record(2, 'csat', about), record(3, '', about, { eventName: 'astrolabe.conversation.end' }), record(4, 'in a trace', {}, { traceId: traceIdOf(1) })]);
      const after = new Date(Date.now() + 60_000);
      expect(await sender.signalsIn('c-1')).toHaveLength(3);
      expect([await other.signalsIn('c-1'), await other.changed(before, after), await other.ended(...everything())]).toEqual([[], [], []]);
    });
  });
});
