import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, createLogger } from '#platform';
import { OtlpIntake, TraceReader } from '#traces';
import { ContentBlock } from '../../libs/traces/src/content/content-block.js';
import { SignalBlock } from '../../libs/traces/src/logs/signal-block.js';
import { SpanBlock } from '../../libs/traces/src/rows/span-block.js';
import { attributesOf, protobufOf, requestOf, type OtlpSpan } from '../../libs/traces/src/testing/encode-request.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const START_NS = 1_793_491_200_000_000_000n; // 2026-11-01T00:00:00Z
const MINUTE_NS = 60_000_000_000n;
const traceId = (n: number) => n.toString(16).padStart(32, '0');
const spanId = (n: number) => n.toString(16).padStart(16, '0');

interface Given extends Omit<OtlpSpan, 'attributes' | 'traceId' | 'spanId' | 'parentSpanId'> {
  trace: number;
  id: number;
  parent?: number;
  attributes?: Record<string, string | number | boolean>;
  /** Minutes after 2026-11-01T00:00:00Z, and how long. */
  minute?: number;
  minutes?: number;
}

function spanOf({ trace, id, parent, attributes = {}, minute = 0, minutes = 1, ...rest }: Given): OtlpSpan {
  const start = START_NS + BigInt(minute) * MINUTE_NS;
  return {
    traceId: traceId(trace),
    spanId: spanId(id),
    ...(parent !== undefined && { parentSpanId: spanId(parent) }),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(minutes) * MINUTE_NS),
    attributes: attributesOf(attributes),
    ...rest,
  };
}

// gpt-4.1 costs 2.00 USD in and 8.00 USD out per million tokens: 3346 in and 57 out are 0.007148 USD.
const CALL = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4.1', 'gen_ai.usage.input_tokens': 3346, 'gen_ai.usage.output_tokens': 57 };
const AGENT = { ...CALL, 'gen_ai.operation.name': 'invoke_agent' };

describe('traces on the engine', () => {
  let stores: TestStores;
  let intake: OtlpIntake;
  let reader: TraceReader;
  const clock = new ManualClock('2026-11-01T00:30:00Z');

  beforeAll(async () => {
    stores = await openTestStores({ INGEST_SPAN_AGE_DAYS_MAX: '40000', INGEST_SPAN_AHEAD_MS_MAX: String(80 * 365 * 24 * 3_600_000) });
    intake = await OtlpIntake.open({ ...stores, clock, logger: createLogger('silent', 'test') });
    reader = new TraceReader(stores.clickhouse);
  });
  afterAll(async () => {
    await intake.close();
    await stores.close();
  });

  const load = async (organizationId: string, spans: Given[], resource: Record<string, string> = {}) => {
    const body = protobufOf(requestOf(spans.map(spanOf), resource));
    expect(await intake.accept('traces', await intake.senderOf(organizationId), body, 'protobuf')).toMatchObject({ accepted: spans.length, rejected: 0 });
    await intake.drain();
    clock.advance(1000);
  };
  const select = <Row>(query: string) => stores.clickhouse.rows<Row>({ query, query_params: {} });
  const costs = async (organizationId: string, ...conversationIds: string[]) =>
    (await reader.spansOf(organizationId, conversationIds)).map(({ span_id, is_charged, cost_usd, cost_unknown_reason }) => [Number(`0x${span_id}`), is_charged, cost_usd, cost_unknown_reason]);

  it.each([
    ['spans', new SpanBlock()],
    ['span_contents', new ContentBlock()],
    ['signals', new SignalBlock()],
  ])('has in %s the columns that rows are written in, of the same types', async (table, { columns }) => {
    // What the engine works out by itself is not written.
    const described = (await select<{ name: string; type: string; default_type: string }>(`DESCRIBE TABLE ${table}`)).filter((column) => column.default_type !== 'MATERIALIZED');
    const byName = <Named extends { name: string }>(list: readonly Named[]) => list.map(({ name, type }: Named & { type?: string }) => [name, type]).sort();
    expect(byName(columns)).toEqual(byName(described));
  });

  it('gives back a row as it was written, field by field', async () => {
    const attributes = {
      ...CALL, 'gen_ai.response.model': 'gpt-4.1-2025-04-14', 'gen_ai.usage.cache_read.input_tokens': 3000, 'gen_ai.conversation.id': 'c-1', 'user.id': 'u-1', 'astrolabe.customer.id': 'northwind',
      'astrolabe.turn.id': 'turn-1', 'gen_ai.agent.name': 'concierge', 'astrolabe.task': 'reason', 'astrolabe.locale': 'de-AT', 'astrolabe.channel': 'chat', 'feature_flag.key': 'reason-model',
      'feature_flag.result.variant': 'candidate', 'astrolabe.speculative': true, 'astrolabe.used': false, 'gen_ai.response.time_to_first_chunk': 0.25, 'gen_ai.tool.name': 'lookup', 'gen_ai.tool.call.id': 'call-1', other: 'größer',
    };
    const events = [{ name: 'astrolabe.signal', timeUnixNano: String(START_NS + 5n), attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }];
    const given = { trace: 0x10, id: 0x11, parent: 0x12, name: 'chat gpt-4.1', kind: 3, status: { code: 2, message: 'late' }, attributes, events };
    await load('field-by-field', [given], { 'service.name': 'agents', 'deployment.environment.name': 'production', 'host.name': 'h-1' });
    const [row] = await select("SELECT * REPLACE (hex(trace_id) AS trace_id, hex(span_id) AS span_id, hex(parent_span_id) AS parent_span_id) FROM spans WHERE organization_id = 'field-by-field'");
    expect(row).toEqual({
      attributes_cut: 0, attributes_dropped: 0, cost_estimate_usd: null, retention_days: 0,
      organization_id: 'field-by-field', trace_id: traceId(0x10), span_id: spanId(0x11), parent_span_id: spanId(0x12),
      started_at: '2026-11-01 00:00:00.000000000', ended_at: '2026-11-01 00:01:00.000000000', ingested_at: '2026-11-01 00:30:00.000',
      name: 'chat gpt-4.1', kind: 'client', status: 'error', status_message: 'late', service: 'agents', environment: 'production', operation: 'chat', charge: 'leaf',
      conversation_id: 'c-1', turn_id: 'turn-1', end_user_id: 'u-1', customer_id: 'northwind', agent: 'concierge', task: 'reason', locale: 'de-AT', channel: 'chat', flag_key: 'reason-model', variant: 'candidate',
      provider: 'openai', request_model: 'gpt-4.1', response_model: 'gpt-4.1-2025-04-14', tool: 'lookup', tool_call_id: 'call-1',
      is_speculative: 1, is_used: 0, first_token_ns: '250000000',
      tokens_input: '346', tokens_cache_read: '3000', tokens_cache_write: '0', tokens_output: '57', tokens_reasoning: '0', tokens_audio_input: '0', tokens_audio_output: '0', token_rule: 'inclusive',
      // 346 * 2.00 + 3000 * 0.50 + 57 * 8.00 = 2648 micro-USD
      cost_usd: '0.002648', cost_source: 'catalogue', cost_unknown_reason: '', price_version: expect.stringMatching(/^genai-prices@.*\/openai\/gpt-4\.1$/),
      attributes: { other: 'größer' }, resource_attributes: { 'host.name': 'h-1' },
      'events.at': ['2026-11-01 00:00:00.000000005'], 'events.name': ['astrolabe.signal'], 'events.attributes': [{ 'astrolabe.signal.name': 'saved' }],
    });
  });

  it('gives back NULL for what is not known, and nothing for what was not said', async () => {
    await load('nulls', [{ trace: 1, id: 1 }]);
    const [row] = await select<Record<string, unknown>>("SELECT * EXCEPT (trace_id, span_id, parent_span_id) FROM spans WHERE organization_id = 'nulls'");
    expect(Object.entries(row ?? {}).filter(([, value]) => value === null).map(([name]) => name)).toEqual([
      'is_used', 'first_token_ns', 'tokens_input', 'tokens_cache_read', 'tokens_cache_write', 'tokens_output', 'tokens_reasoning', 'tokens_audio_input', 'tokens_audio_output', 'cost_usd', 'cost_estimate_usd',
    ]);
    expect(row).toMatchObject({ charge: 'none', cost_unknown_reason: '', conversation_id: '', attributes: {}, 'events.at': [], is_speculative: 0 });
  });

  it('reads a conversation span by span, oldest first, with costs as decimals and unknown ones as null with a reason', async () => {
    const fineTune = { ...CALL, 'gen_ai.request.model': 'ft:gpt-4.1-2025-04-14:acme::abc' };
    const { 'gen_ai.usage.input_tokens': _in, 'gen_ai.usage.output_tokens': _out, ...aborted } = CALL;
    await load('costs', [
      { trace: 1, id: 1, minute: 0, minutes: 9, attributes: { 'gen_ai.conversation.id': 'c-1', 'astrolabe.customer.id': 'northwind' } },
      { trace: 1, id: 4, parent: 1, minute: 3, attributes: aborted, status: { code: 2, message: 'aborted' } },
      { trace: 1, id: 2, parent: 1, minute: 1, attributes: CALL },
      { trace: 1, id: 3, parent: 1, minute: 2, attributes: fineTune },
    ]);
    const spans = await reader.spansOf('costs', ['c-1']);
    expect(spans.map(({ span_id }) => Number(`0x${span_id}`))).toEqual([1, 2, 3, 4]);
    expect(spans[0]).toMatchObject({ own_conversation_id: 'c-1', trace_id: traceId(1), parent_span_id: '', started_at_ns: String(START_NS), ended_at_ns: String(START_NS + 9n * MINUTE_NS), charge: 'none', customer_id: 'northwind' });
    expect(spans[1]).toMatchObject({ parent_span_id: spanId(1), model: 'gpt-4.1', tokens_input: '3346', tokens_output: '57', cost_usd: '0.007148', cost_unknown_reason: '' });
    expect(await costs('costs', 'c-1')).toEqual([[1, 0, null, ''], [2, 1, '0.007148', ''], [3, 1, null, 'no_price'], [4, 1, null, 'no_usage']]);
  });

  it('makes signals of span events', async () => {
    const event = (name: string, seconds: number, attributes: Record<string, string | number | boolean> = {}) => ({ name, timeUnixNano: String(START_NS + BigInt(seconds) * 1_000_000_000n), attributes: attributesOf(attributes) });
    await load('signals', [
      { trace: 1, id: 1, attributes: { 'gen_ai.conversation.id': 'c-1' }, events: [
        event('exception', 0),
        event('astrolabe.signal', 1, { 'astrolabe.signal.name': 'cancellation_saved', 'astrolabe.signal.source': 'system', 'astrolabe.signal.value': true }),
        event('astrolabe.conversation.end', 9),
      ] },
      { trace: 1, id: 2, parent: 1, events: [
        event('astrolabe.handoff', 2, { 'astrolabe.handoff.reason': 'asked for a person' }),
        event('gen_ai.evaluation.result', 3, { 'gen_ai.evaluation.name': 'politeness', 'gen_ai.evaluation.score.value': 0.5, 'gen_ai.evaluation.score.label': 'pass' }),
        event('gen_ai.evaluation.result', 4, { 'gen_ai.evaluation.name': 'accuracy', 'gen_ai.evaluation.score.value': 0.25 }),
        event('feature_flag.evaluation', 5, { 'feature_flag.key': 'reason-model', 'feature_flag.result.variant': 'candidate' }),
      ] },
    ]);
    const signals = await reader.signalsOf('signals', ['c-1']);
    expect(signals.map(({ at_ns, kind, name, source, value }) => [Number((BigInt(at_ns) - START_NS) / 1_000_000_000n), kind, name, source, value])).toEqual([
      [1, 'signal', 'cancellation_saved', 'system', 'true'],
      [2, 'handoff', 'handoff', 'agent', 'asked for a person'],
      [3, 'verdict', 'politeness', 'judge', 'pass'],
      [4, 'verdict', 'accuracy', 'judge', '0.25'],
      [5, 'exposure', 'reason-model', 'agent', 'candidate'],
      [9, 'end', 'conversation_end', 'agent', ''],
    ]);
    expect(signals[0]).toMatchObject({ conversation_id: 'c-1', trace_id: traceId(1), signal_id: `${traceId(1)}${spanId(1)}0002`, attributes: { 'astrolabe.signal.name': 'cancellation_saved' } });
    expect(new Set(signals.map(({ signal_id }) => signal_id)).size).toBe(6);
  });

  it('lists conversations by their latest activity', async () => {
    const at = (trace: number, minute: number, id: string) => ({ trace, id: trace, minute, minutes: 2, attributes: { 'gen_ai.conversation.id': id, 'astrolabe.customer.id': `of ${id}` } });
    await load('list', [at(1, 0, 'early'), at(2, 30, 'late'), at(3, 10, 'early'), at(4, 20, 'middle')]);
    const early = { conversationId: 'early', customerId: 'of early', firstSeenAt: new Date('2026-11-01T00:00:00Z'), lastSeenAt: new Date('2026-11-01T00:12:00Z'), turns: 2 };
    expect((await reader.recentConversations('list', 10)).map(({ conversationId }) => conversationId)).toEqual(['late', 'middle', 'early']);
    expect(await reader.recentConversations('list', 1, 2)).toEqual([early]);
    expect(await reader.conversation('list', 'early')).toEqual(early);
    expect(await reader.conversation('list', 'none')).toBeUndefined();
  });

  it('lets a conversation id on the root hold for spans that came before it and after it', async () => {
    await load('root-only', [{ trace: 1, id: 2, parent: 1, minute: 1, attributes: CALL }]);
    expect(await reader.spansOf('root-only', ['c-1'])).toEqual([]);
    await load('root-only', [{ trace: 1, id: 1, minutes: 9, attributes: { 'gen_ai.conversation.id': 'c-1' } }]);
    await load('root-only', [{ trace: 1, id: 3, parent: 1, minute: 2, attributes: CALL }, { trace: 2, id: 4, minute: 3, attributes: CALL }]);
    expect(await costs('root-only', 'c-1')).toEqual([[1, 0, null, ''], [2, 1, '0.007148', ''], [3, 1, '0.007148', '']]);
    expect(await reader.usageTotals('root-only')).toMatchObject({ conversations: 1, turns: 1, spans: 4, modelCalls: 3, knownCostUsd: '0.021444' });
  });

  it('charges leaves and not the parents that repeat them', async () => {
    await load('leaves', [
      { trace: 1, id: 1, attributes: { ...AGENT, 'gen_ai.conversation.id': 'c-1' } },
      { trace: 1, id: 2, parent: 1, minute: 1, attributes: { ...AGENT, 'gen_ai.operation.name': 'agent_step' } },
      { trace: 1, id: 3, parent: 2, minute: 2, attributes: CALL },
    ]);
    expect(await costs('leaves', 'c-1')).toEqual([[1, 0, '0.007148', ''], [2, 0, '0.007148', ''], [3, 1, '0.007148', '']]);
    expect(await reader.usageTotals('leaves')).toMatchObject({ modelCalls: 1, knownCostUsd: '0.007148' });
    expect(await select("SELECT hex(span_id) AS id FROM v_model_calls WHERE organization_id = 'leaves'")).toEqual([{ id: spanId(3) }]);
  });

  it('charges the outermost of nested parents where a trace has no leaf, and none that reports nothing', async () => {
    const { 'gen_ai.usage.input_tokens': _in, 'gen_ai.usage.output_tokens': _out, ...silent } = AGENT;
    await load('no-leaves', [
      { trace: 1, id: 1, minutes: 9, attributes: { ...silent, 'gen_ai.conversation.id': 'c-1' } },
      { trace: 1, id: 2, parent: 1, minute: 1, attributes: AGENT },
      { trace: 1, id: 3, parent: 2, minute: 2, attributes: AGENT },
      { trace: 1, id: 4, parent: 1, minute: 3, attributes: { 'gen_ai.operation.name': 'execute_tool' } },
    ]);
    expect(await costs('no-leaves', 'c-1')).toEqual([[1, 0, null, 'no_usage'], [2, 1, '0.007148', ''], [3, 0, '0.007148', ''], [4, 0, null, '']]);
    expect(await reader.usageTotals('no-leaves')).toMatchObject({ modelCalls: 1, knownCostUsd: '0.007148', unknownCostSpans: 0 });
    expect(await select("SELECT hex(span_id) AS id FROM v_model_calls WHERE organization_id = 'no-leaves'")).toEqual([{ id: spanId(2) }]);
  });

  it('adds up to the same totals from the spans of all conversations', async () => {
    // Trace n: nothing but a root for n = 0; else n leaves, every third one without a price, every second one wasted, under a parent that repeats them.
    const spans = Array.from({ length: 6 }, (_, trace) => [
      { trace, id: trace * 100 + 1, minute: trace, minutes: 1, attributes: { ...(trace > 0 && AGENT), 'gen_ai.conversation.id': `c-${trace % 3}` } },
      ...Array.from({ length: trace }, (_x, leaf) => ({
        trace, id: trace * 100 + 2 + leaf, parent: trace * 100 + 1, minute: trace,
        attributes: { ...CALL, ...(leaf % 3 === 2 && { 'gen_ai.request.model': 'unheard-of' }), 'astrolabe.speculative': true, 'astrolabe.used': leaf % 2 === 0 },
      })),
    ]).flat().map((span) => ({ ...span, trace: span.trace + 1 }));
    await load('agree', spans);
    const read = await reader.spansOf('agree', ['c-0', 'c-1', 'c-2']);
    const charged = read.filter(({ is_charged }) => is_charged === 1);
    const sum = (rows: typeof read) => rows.reduce((total, { cost_usd }) => total + Math.round(Number(cost_usd ?? 0) * 1e6), 0);
    const wasted = charged.filter(({ is_speculative, is_used }) => is_speculative === 1 && is_used === 0);
    const totals = await reader.usageTotals('agree');
    // Leaves: 1+2+3+4+5 = 15. Without a price: leaf 2 of the traces with 3, 4 and 5 leaves, and no other. Wasted: leaves 1 and 3 of each: 0+1+1+2+2.
    expect(totals).toEqual({ conversations: 3, turns: 6, spans: 21, modelCalls: 15, knownCostUsd: '0.085776', unknownCostSpans: 3, wastedCostUsd: '0.042888', unknownWastedSpans: 0 });
    expect([read.length, charged.length, sum(charged), sum(wasted)]).toEqual([21, 15, 12 * 7148, 6 * 7148]);
    expect(charged.filter(({ cost_usd }) => cost_usd === null)).toHaveLength(3);
  });

  it('totals one environment, or nothing at all', async () => {
    await load('environments', [{ trace: 1, id: 1, attributes: CALL }], { 'deployment.environment.name': 'production' });
    await load('environments', [{ trace: 2, id: 2, attributes: CALL }, { trace: 3, id: 3, attributes: CALL }], { 'deployment.environment.name': 'staging' });
    expect((await reader.usageTotals('environments', 'staging')).spans).toBe(2);
    const nothing = { conversations: 0, turns: 0, spans: 0, modelCalls: 0, knownCostUsd: '0', unknownCostSpans: 0, wastedCostUsd: '0', unknownWastedSpans: 0 };
    expect(await reader.usageTotals('environments', 'elsewhere')).toEqual(nothing);
    expect(await reader.usageTotals('nobody')).toEqual(nothing);
  });

  it("never gives back another organization's rows, though every id is the same", async () => {
    const events = [{ name: 'astrolabe.conversation.end', timeUnixNano: String(START_NS) }];
    const of = (name: string): Given[] => [{ trace: 1, id: 1, name, attributes: { ...CALL, 'gen_ai.conversation.id': 'shared', 'astrolabe.customer.id': name }, events: events.map((event) => ({ ...event, attributes: attributesOf({ name }) })) }];
    await load('tenant-a', of('a'));
    await load('tenant-b', of('b'));
    const from = new Date(0);
    const to = new Date(Date.now() + 1000);
    for (const name of ['a', 'b']) {
      const organizationId = `tenant-${name}`;
      expect((await reader.spansOf(organizationId, ['shared'])).map((span) => span.name)).toEqual([name]);
      expect((await reader.signalsOf(organizationId, ['shared'])).map((signal) => signal.attributes)).toEqual([{ name }]);
      expect((await reader.recentConversations(organizationId, 10)).map(({ customerId, turns }) => [customerId, turns])).toEqual([[name, 1]]);
      expect(await reader.usageTotals(organizationId)).toMatchObject({ spans: 1, conversations: 1, knownCostUsd: '0.007148' });
    }
    expect(await reader.spansOf('tenant-c', ['shared'])).toEqual([]);
    expect(await reader.signalsOf('tenant-c', ['shared'])).toEqual([]);
    expect(await reader.changedConversations('tenant-c', from, to)).toEqual([]);
    expect(await reader.endedConversations('tenant-c', from, to)).toEqual([]);
    expect(await reader.loadedThrough('tenant-c', from)).toMatchObject({ loadedThrough: undefined });
    expect(await reader.conversation('tenant-c', 'shared')).toBeUndefined();
  });

  it('finds exactly the conversations of which something was loaded in a window, and when they were last active', async () => {
    const organizationId = 'windows';
    const loadedThrough = async () => new Date(((await reader.loadedThrough(organizationId, new Date(0))).loadedThrough?.getTime() ?? 0) + 1);
    const changed = async (from: Date, to: Date) => (await reader.changedConversations(organizationId, from, to)).map(({ conversationId, lastActivityAt }) => [conversationId, lastActivityAt.toISOString()]);
    const turn = (trace: number, minute: number, conversation: string) => ({ trace, id: trace, minute, attributes: { 'gen_ai.conversation.id': conversation } });

    await load(organizationId, [turn(1, 0, 'a'), turn(2, 60, 'a'), turn(3, 5, 'b')]);
    const first = await loadedThrough();
    await load(organizationId, [turn(4, 10, 'b'), { ...turn(5, 11, 'c'), events: [{ name: 'astrolabe.conversation.end', timeUnixNano: String(START_NS) }] }]);
    const second = await loadedThrough();
    // A late span of a's first turn, which does not say whose it is; and one of a trace nobody knows.
    await load(organizationId, [{ trace: 1, id: 100, parent: 1, minute: 0 }, { trace: 99, id: 99 }]);
    const third = await loadedThrough();

    const a = ['a', '2026-11-01T01:01:00.000Z'];
    const b = ['b', '2026-11-01T00:11:00.000Z'];
    const c = ['c', '2026-11-01T00:12:00.000Z'];
    expect(await changed(new Date(0), first)).toEqual([a, b]);
    expect(await changed(first, second)).toEqual([b, c]);
    expect(await changed(second, third)).toEqual([a]);
    expect(await changed(new Date(0), third)).toEqual([a, b, c]);
    expect(await changed(third, new Date(third.getTime() + 60_000))).toEqual([]);
    expect(await reader.endedConversations(organizationId, new Date(0), first)).toEqual([]);
    expect(await reader.endedConversations(organizationId, first, second)).toEqual(['c']);
    expect(await reader.loadedThrough(organizationId, third)).toMatchObject({ loadedThrough: undefined });
  });

  it('finds the spans of every conversation, though one clock stood at 1970 and another is in 2105', async () => {
    const at = (trace: number, start: string) => ({ trace, id: trace, startTimeUnixNano: start, endTimeUnixNano: start, attributes: { ...CALL, 'gen_ai.conversation.id': `c-${trace}` } });
    await load('clocks', [at(1, '1'), at(2, String(START_NS)), at(3, '4294967295000000000')]);
    const ids = (spans: { own_conversation_id: string }[]) => spans.map((span) => span.own_conversation_id);
    expect(ids(await reader.spansOf('clocks', ['c-1', 'c-2']))).toEqual(['c-1', 'c-2']);
    expect(ids(await reader.spansOf('clocks', ['c-2', 'c-3']))).toEqual(['c-2', 'c-3']);
    expect(ids(await reader.spansOf('clocks', ['c-1', 'c-2', 'c-3']))).toEqual(['c-1', 'c-2', 'c-3']);
  });

  it("uses an organization's own prices, and asks to send again while they cannot be used", async () => {
    await stores.postgres.insertInto('organizations').values([{ id: 'priced', name: 'p', createdAt: clock.now() }, { id: 'broken', name: 'b', createdAt: clock.now() }]).execute();
    const price = { provider: 'openai', model: 'gpt-4.1', effectiveFrom: new Date('2026-01-01'), createdAt: clock.now() };
    await stores.postgres.insertInto('modelPrices').values([
      { ...price, id: 'p1', organizationId: 'priced', prices: JSON.stringify({ inputUsdPerMtok: '1.00', outputUsdPerMtok: '4.00' }) },
      { ...price, id: 'p2', organizationId: 'broken', prices: JSON.stringify({ inputUsdPerMtok: 'cheap' }) },
    ]).execute();
    await load('priced', [{ trace: 1, id: 1, attributes: { ...CALL, 'gen_ai.conversation.id': 'c-1' } }]);
    expect(await reader.spansOf('priced', ['c-1'])).toEqual([expect.objectContaining({ cost_usd: '0.003574', cost_source: 'override', price_version: 'override/openai/gpt-4.1@2026-01-01' })]);
    await expect(intake.senderOf('broken')).rejects.toMatchObject({ kind: 'unavailable', code: 'prices_unusable', message: expect.stringContaining('broken') });
  });
});
