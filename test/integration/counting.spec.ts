import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, createLogger, type Config } from '#platform';
import { OtlpIntake, TraceReader } from '#traces';
import { logsProtobufOf, logsRequestOf } from '../../libs/traces/src/testing/encode-logs.js';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpSpan } from '../../libs/traces/src/testing/encode-request.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const AT = '1793491200000000000'; // 2026-11-01T00:00:00Z
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
// gpt-4.1 costs 2.00 USD in and 8.00 USD out per million tokens: 3346 in and 57 out are 0.007148 USD.
const CALL = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4.1', 'gen_ai.usage.input_tokens': 3346, 'gen_ai.usage.output_tokens': 57 };
const span = (id: number, attributes: Record<string, string | number | boolean>, given: OtlpSpan = {}): OtlpSpan => ({
  traceId: TRACE_ID, spanId: id.toString(16).padStart(16, '0'), ...(id > 1 && { parentSpanId: '0000000000000001' }), name: 'n', startTimeUnixNano: AT, endTimeUnixNano: AT, attributes: attributesOf(attributes), ...given,
});

describe('what is sent more than once', () => {
  let stores: TestStores;
  let reader: TraceReader;
  let opened: OtlpIntake[] = [];
  let number = 0;
  const clock = new ManualClock('2026-11-01T00:30:00Z');

  beforeAll(async () => {
    stores = await openTestStores();
    reader = new TraceReader(stores.clickhouse);
    // No merge may tidy up behind the test.
    for (const table of ['spans', 'signals', 'conversations', 'span_contents']) await stores.clickhouse.run({ query: `SYSTEM STOP MERGES ${table}`, query_params: {} });
  });
  afterAll(() => stores.close());
  afterEach(async () => {
    for (const intake of opened) await intake.close();
    opened = [];
  });

  /** A receiver and an organization of their own. */
  const open = async (settings: Partial<Config> = {}) => {
    const organizationId = `organization-${++number}`;
    const intake = await OtlpIntake.open({ ...stores, config: { ...stores.config, DATA_DIR: `${stores.config.DATA_DIR}/${number}`, ...settings }, clock, logger: createLogger('silent', 'test') });
    opened.push(intake);
    const load = async (body: Buffer, signal: 'traces' | 'logs' = 'traces', encoding: 'protobuf' | 'json' = 'protobuf') => {
      const accepted = await intake.accept(signal, await intake.senderOf(organizationId), body, encoding);
      expect(accepted.rejected).toBe(0);
      await intake.drain();
      clock.advance(1000);
      return accepted.accepted;
    };
    const select = async <Row>(query: string) => stores.clickhouse.rows<Row>({ query, query_params: { organizationId } });
    /** Rows that are in a table, whatever a reader makes of them. */
    const rowsIn = async (table: string) => Number((await select<{ n: string }>(`SELECT count() AS n FROM ${table} WHERE organization_id = {organizationId: String}`))[0]?.n);
    const everyReading = async () => ({
      spans: await reader.spansOf(organizationId, ['c-1']),
      signals: (await reader.rowsOf(organizationId, ['c-1'])).get('c-1')?.signals,
      conversations: await reader.recentConversations(organizationId, 10),
      conversation: await reader.conversation(organizationId, 'c-1'),
      changed: await reader.changedConversations(organizationId, new Date(0), new Date(Date.now() + 60_000)),
      ended: await reader.endedConversations(organizationId, new Date(0), new Date(Date.now() + 60_000)),
      totals: await reader.usageTotals(organizationId),
      v_spans: await select('SELECT span_id_hex, name, cost_usd FROM v_spans WHERE organization_id = {organizationId: String} ORDER BY span_id_hex'),
      v_model_calls: await select('SELECT count() AS n, sum(cost_usd) AS cost FROM v_model_calls WHERE organization_id = {organizationId: String}'),
      v_conversations: await select('SELECT conversation_id, turns FROM v_conversations WHERE organization_id = {organizationId: String}'),
      v_signals: await select('SELECT kind, name, value FROM v_signals WHERE organization_id = {organizationId: String} ORDER BY kind, name'),
    });
    return { organizationId, intake, load, rowsIn, everyReading };
  };

  const events = [{ name: 'astrolabe.signal', timeUnixNano: AT, attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }];
  const SPANS = [span(1, { 'gen_ai.conversation.id': 'c-1', 'astrolabe.customer.id': 'northwind' }, { events }), span(2, { ...CALL, 'astrolabe.speculative': true, 'astrolabe.used': false })];
  const RECORD = { eventName: 'astrolabe.conversation.end', timeUnixNano: AT, attributes: attributesOf({ 'gen_ai.conversation.id': 'c-1' }) };

  it('costs no row within the window, in whatever request it comes', async () => {
    const { intake, load, rowsIn } = await open();
    expect(await load(protobufOf(requestOf(SPANS)))).toBe(2);
    expect(await load(protobufOf(requestOf(SPANS)))).toBe(2);
    expect(await load(protobufOf(requestOf([...SPANS, span(3, {})].reverse())))).toBe(3);
    expect([await rowsIn('spans'), intake.figures().acceptedSpans, intake.figures().resentSpans]).toEqual([3, 7, 4]);
  });

  it.each([['nothing is remembered', { INGEST_RECENT_SPANS: 0 }, 6], ['it is remembered', {}, 2]])('is counted once by every reader and every view, where %s', async (_what, settings, written) => {
    const { load, rowsIn, everyReading } = await open(settings);
    await load(protobufOf(requestOf(SPANS)));
    await load(logsProtobufOf(logsRequestOf([RECORD])), 'logs');
    const once = await everyReading();
    for (const spans of [SPANS, [...SPANS].reverse()]) await load(protobufOf(requestOf(spans)));
    await load(logsProtobufOf(logsRequestOf([RECORD, RECORD])), 'logs');
    // Each time the event of one span, and the three log records.
    expect([await rowsIn('spans'), await rowsIn('signals')]).toEqual([written, written / 2 + 3]);
    expect(await everyReading()).toEqual(once);
    expect(once).toMatchObject({
      changed: [{ conversationId: 'c-1' }], ended: ['c-1'],
      totals: { conversations: 1, turns: 1, spans: 2, modelCalls: 1, knownCostUsd: '0.007148', unknownCostSpans: 0, wastedCostUsd: '0.007148', unknownWastedSpans: 0 },
      v_model_calls: [{ n: '1', cost: '0.007148' }], v_conversations: [{ conversation_id: 'c-1', turns: '1' }], v_signals: [{ kind: 'end' }, { kind: 'signal', name: 'saved' }],
    });
    expect([once.spans.length, once.signals?.map(({ name }) => name).sort(), once.v_spans.length]).toEqual([2, ['conversation_end', 'saved'], 2]);
  });

  it('is one span also where it came in both encodings, though two rows are written', async () => {
    const { load, rowsIn, everyReading } = await open();
    await load(protobufOf(requestOf(SPANS)));
    const once = await everyReading();
    await load(jsonOf(requestOf(SPANS)), 'traces', 'json');
    expect(await rowsIn('spans')).toBe(4);
    expect(await everyReading()).toEqual(once);
  });

  it('is no copy where the same id says something else: the later stands', async () => {
    const { load, rowsIn, everyReading } = await open();
    const { 'gen_ai.usage.output_tokens': _out, ...halfKnown } = CALL;
    await load(protobufOf(requestOf([span(1, { 'gen_ai.conversation.id': 'c-1' }), span(2, halfKnown, { name: 'first' })])));
    await load(protobufOf(requestOf([span(2, CALL, { name: 'second' })])));
    expect(await rowsIn('spans')).toBe(3);
    const { spans, totals, v_spans } = await everyReading();
    expect(spans.map(({ name, cost_usd }) => [name, cost_usd])).toEqual([['n', null], ['second', '0.007148']]);
    expect([totals.spans, totals.knownCostUsd, v_spans.length]).toEqual([2, '0.007148', 2]);
  });

  it('is not taken for stored where the first time failed', async () => {
    const { intake, load, rowsIn, organizationId } = await open({ SPOOL_BYTES_MAX: 20_000, SPOOL_SEGMENT_AGE_MS: 3_600_000 });
    let taken = 0;
    let refused: Buffer | undefined;
    while (!refused && taken < 100) {
      const body = protobufOf(requestOf([span(taken + 1, {})]));
      const failure: unknown = await intake.accept('traces', await intake.senderOf(organizationId), body, 'protobuf').then(() => undefined, (error: unknown) => error);
      if (failure === undefined) taken++;
      else {
        expect(failure).toMatchObject({ code: 'spool_full' });
        refused = body;
      }
    }
    await intake.drain();
    expect([taken > 1, await rowsIn('spans')]).toEqual([true, taken]);
    expect(await load(refused ?? Buffer.alloc(0))).toBe(1);
    expect([await rowsIn('spans'), intake.figures().resentSpans]).toEqual([taken + 1, 0]);
  });

  it('is a span of each organization that sent it', async () => {
    const [a, b] = [await open(), await open()];
    const intake = a.intake;
    for (const organizationId of [a.organizationId, b.organizationId, a.organizationId]) await intake.accept('traces', await intake.senderOf(organizationId), protobufOf(requestOf(SPANS)), 'protobuf');
    await intake.drain();
    expect([await a.rowsIn('spans'), await b.rowsIn('spans')]).toEqual([2, 2]);
  });

  it('of what a span says in several events is kept each, after a merge too', async () => {
    const { organizationId, load, rowsIn } = await open();
    await stores.postgres.insertInto('organizations').values({ id: organizationId, name: 'x', createdAt: clock.now() }).execute();
    const settings = { keepsContent: true, contentBytesMax: 1000, redactPatterns: [], redactKeys: [], contentRetentionDays: 0, spanRetentionDays: 0, updatedAt: clock.now() };
    await stores.postgres.insertInto('telemetrySettings').values({ organizationId, ...settings }).execute();
    const choices = ['one', 'two'].map((content) => ({ name: 'gen_ai.choice', timeUnixNano: AT, attributes: attributesOf({ 'gen_ai.event.content': content }) }));
    await load(protobufOf(requestOf([span(1, { 'gen_ai.conversation.id': 'c-1' }, { events: choices })])));
    await load(protobufOf(requestOf([span(1, { 'gen_ai.conversation.id': 'c-1', again: true }, { events: choices })])));
    expect(await rowsIn('span_contents')).toBe(4);
    expect(await stores.clickhouse.rows({ query: 'SELECT name, value FROM span_contents FINAL WHERE organization_id = {organizationId: String} ORDER BY name', query_params: { organizationId } })).toEqual([
      { name: 'gen_ai.event.content', value: 'one' }, { name: 'gen_ai.event.content#2', value: 'two' },
    ]);
    expect((await reader.contentsOf(organizationId, 'c-1', 10)).map(({ value }) => value)).toEqual(['one', 'two']);
  });

  it('an estimate is kept beside a cost that is not known, and counted by nobody', async () => {
    const { load, everyReading, organizationId } = await open();
    const { 'gen_ai.usage.input_tokens': _in, 'gen_ai.usage.output_tokens': _out, ...aborted } = CALL;
    await load(protobufOf(requestOf([span(1, { 'gen_ai.conversation.id': 'c-1' }), span(2, CALL), span(3, { ...aborted, 'astrolabe.estimated.input_tokens': 1000, 'astrolabe.estimated.output_tokens': 100 })])));
    const { totals, spans, v_model_calls } = await everyReading();
    expect(totals).toMatchObject({ modelCalls: 2, knownCostUsd: '0.007148', unknownCostSpans: 1 });
    expect([spans.map(({ cost_usd, cost_unknown_reason }) => [cost_usd, cost_unknown_reason])[2], v_model_calls]).toEqual([[null, 'no_usage'], [{ n: '2', cost: '0.007148' }]]);
    // 1000 * 2.00 + 100 * 8.00 micro-USD
    const rows = await stores.clickhouse.rows({ query: 'SELECT cost_usd, cost_estimate_usd, tokens_input FROM spans WHERE organization_id = {organizationId: String} ORDER BY span_id', query_params: { organizationId } });
    expect(rows).toEqual([{ cost_usd: null, cost_estimate_usd: null, tokens_input: null }, { cost_usd: '0.007148', cost_estimate_usd: null, tokens_input: '3346' }, { cost_usd: null, cost_estimate_usd: '0.0028', tokens_input: null }]);
  });
});
