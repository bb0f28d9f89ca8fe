import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openEmbeddedClickHouse } from '#platform';
import { TraceReader } from '#traces';
import { attributesOf, type OtlpSpan } from '../../libs/traces/src/testing/encode-request.js';
import { build } from '../support/build.js';
import { OtlpSender, TRANSPORTS, type OtlpMessage, type Transport } from '../support/faults/otlp-sender.js';
import { prepareStores } from '../support/faults/store-look.js';
import { eventually, metricsOf, ServiceProcess } from '../support/service-process.js';

const CONVERSATIONS = 12;
const SPANS = 5;
const ORGANIZATION = 'default';
const START_NS = (BigInt(Date.now()) - 60_000n) * 1_000_000n;

const idOf = (what: string, bytes: number) => createHash('sha256').update(what).digest('hex').slice(0, bytes * 2);
const traceIdOf = (n: number) => idOf(`trace ${n}`, 16);
const conversationOf = (n: number) => `conversation-${n}`;

/**
 * A conversation of which every figure could be counted twice: an agent that repeats its calls' usage, calls with and without a price, one
 * that was made in vain, a signal on a span.
 */
function spansOf(n: number): OtlpMessage {
  const traceId = traceIdOf(n);
  const span = (name: string, parent: string, attributes: Record<string, string | number | boolean>, events: OtlpSpan['events'] = []): OtlpSpan => ({
    traceId,
    spanId: idOf(`${n} ${name}`, 8),
    ...(parent && { parentSpanId: idOf(`${n} ${parent}`, 8) }),
    name,
    startTimeUnixNano: String(START_NS + BigInt(n) * 1_000_000n),
    endTimeUnixNano: String(START_NS + BigInt(n) * 1_000_000n + 250_000_000n),
    attributes: attributesOf({ 'gen_ai.conversation.id': conversationOf(n), 'astrolabe.customer.id': 'northwind', ...attributes }),
    events,
  });
  const usage = { 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4.1', 'gen_ai.usage.input_tokens': 1000 + n, 'gen_ai.usage.output_tokens': 100 };
  const saved = [{ name: 'astrolabe.signal', timeUnixNano: String(START_NS), attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }];
  const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.input.messages': `[{"role":"user","content":"question ${n}"}]` };
  const spans = [
    span('agent', '', { 'gen_ai.operation.name': 'invoke_agent', ...usage }, saved),
    span('answer', 'agent', { ...chat, ...usage }),
    span('unpriced', 'agent', { ...chat, ...usage, 'gen_ai.request.model': 'a-model-of-our-own' }),
    span('in vain', 'agent', { ...chat, ...usage, 'astrolabe.speculative': true, 'astrolabe.used': false }),
    span('tool', 'answer', { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search' }),
  ];
  return { signal: 'traces', request: { resourceSpans: [{ resource: { attributes: attributesOf({ 'service.name': 'agents' }) }, scopeSpans: [{ scope: { name: 'test' }, spans }] }] } };
}

function recordsOf(n: number): OtlpMessage {
  const timeUnixNano = String(START_NS + BigInt(n));
  const record = (name: string) => ({ traceId: traceIdOf(n), timeUnixNano, eventName: 'astrolabe.signal', attributes: attributesOf({ 'astrolabe.signal.name': name, 'gen_ai.conversation.id': conversationOf(n) }) });
  return { signal: 'logs', request: { resourceLogs: [{ scopeLogs: [{ scope: { name: 'test' }, logRecords: [record('thumb'), record('reopened')] }] }] } };
}

describe('a client that sends everything three times', () => {
  const once = new ServiceProcess('ingest');
  const thrice = new ServiceProcess('ingest');

  beforeAll(async () => {
    build();
    for (const service of [once, thrice]) await prepareStores(service);
  }, 120_000);
  afterAll(() => Promise.all([once, thrice].map((service) => service.stop())));

  const send = async (sender: OtlpSender, message: OtlpMessage, transport: Transport) => expect(await sender.send(message, transport)).toEqual({ kind: 'acknowledged' });
  const loaded = (service: ServiceProcess) => eventually(() => metricsOf(service), ({ astrolabe_spool_bytes: bytes }) => bytes === 0);
  const transportOf = (n: number) => TRANSPORTS[n % TRANSPORTS.length] as Transport;

  /** Everything that a reader could have read twice. */
  const read = async (service: ServiceProcess) => {
    const clickhouse = await openEmbeddedClickHouse(join(service.directory, 'clickhouse'));
    try {
      const rows = (query: string) => clickhouse.rows<Record<string, unknown>>({ query, query_params: {} });
      const reader = new TraceReader(clickhouse);
      const conversationIds = Array.from({ length: CONVERSATIONS }, (_, n) => conversationOf(n));
      const figures = {
        spans: await rows('SELECT * EXCEPT (ingested_at, trace_id, span_id, parent_span_id) FROM v_spans ORDER BY trace_id_hex, span_id_hex'),
        modelCalls: await rows('SELECT trace_id_hex, span_id_hex, charge, tokens_input, cost_usd FROM v_model_calls ORDER BY trace_id_hex, span_id_hex'),
        signals: await rows('SELECT * EXCEPT (ingested_at, trace_id, span_id) FROM v_signals ORDER BY signal_id'),
        conversations: await rows('SELECT * FROM v_conversations ORDER BY conversation_id'),
        contents: await rows('SELECT hex(span_id) AS id, name, value FROM span_contents FINAL ORDER BY id, name'),
        spansOf: await reader.spansOf(ORGANIZATION, conversationIds),
        signalsOf: await reader.signalsOf(ORGANIZATION, conversationIds),
        summaries: await reader.recentConversations(ORGANIZATION, 100),
        totals: await reader.usageTotals(ORGANIZATION),
      };
      const rowsPerSpan = await rows('SELECT trace_id_hex, count() AS times FROM (SELECT lower(hex(trace_id)) AS trace_id_hex FROM spans) GROUP BY trace_id_hex');
      return { figures, timesOf: new Map(rowsPerSpan.map((row) => [String(row['trace_id_hex']), Number(row['times']) / SPANS])) };
    } finally {
      await clickhouse.close();
    }
  };

  it('has the same figures as one that sends it once, whichever way the copies came', async () => {
    const conversations = Array.from({ length: CONVERSATIONS }, (_, n) => n);
    await once.start();
    const single = new OtlpSender(once);
    for (const n of conversations) {
      await send(single, spansOf(n), transportOf(n));
      await send(single, recordsOf(n), transportOf(n));
    }
    await loaded(once);
    single.close();
    expect(await once.kill('SIGTERM')).toBe(0);

    await thrice.start();
    const before = new OtlpSender(thrice);
    // Of each four: all at once, all at once over different transports, one after the other, and the last after a restart.
    for (const n of conversations) {
      for (const message of [spansOf(n), recordsOf(n)]) {
        if (n % 4 === 0) await Promise.all([1, 2, 3].map(() => send(before, message, transportOf(n))));
        if (n % 4 === 1) await Promise.all(TRANSPORTS.map((transport) => send(before, message, transport)));
        if (n % 4 >= 2) await send(before, message, transportOf(n));
      }
    }
    await loaded(thrice);
    const { astrolabe_ingest_spans_resent_total: resentAtOnce = 0 } = await metricsOf(thrice);
    for (const n of conversations.filter((conversation) => conversation % 4 >= 2)) {
      for (const message of [spansOf(n), recordsOf(n)]) {
        for (let copy = n % 4; copy < 4; copy++) await send(before, message, transportOf(n));
      }
    }
    await loaded(thrice);
    // Of three conversations two copies, and of three one, were on disk already.
    expect((await metricsOf(thrice))['astrolabe_ingest_spans_resent_total']).toBe(resentAtOnce + 9 * SPANS);
    before.close();
    expect(await thrice.kill('SIGTERM')).toBe(0);

    await thrice.start();
    const after = new OtlpSender(thrice);
    for (const n of conversations.filter((conversation) => conversation % 4 === 3)) for (const message of [spansOf(n), recordsOf(n)]) await send(after, message, transportOf(n));
    await loaded(thrice);
    after.close();
    expect(await thrice.kill('SIGTERM')).toBe(0);

    const expected = await read(once);
    const { figures, timesOf } = await read(thrice);
    // There are calls of every kind; and where the copies were not recognised, they did reach the table.
    expect(expected.figures.totals).toMatchObject({ conversations: CONVERSATIONS, spans: CONVERSATIONS * SPANS, modelCalls: CONVERSATIONS * 3, unknownCostSpans: CONVERSATIONS });
    expect([expected.figures.signals.length, expected.figures.contents.length]).toEqual([CONVERSATIONS * 3, CONVERSATIONS * 3]);
    for (const n of conversations) {
      const times = timesOf.get(traceIdOf(n));
      // Of copies that come together some may be written. JSON is never taken for a copy of protobuf: its bytes differ.
      const possible = [[1, 2, 3], [2, 3], [1], [2]][n % 4];
      expect(possible).toContain(times);
    }
    expect(figures).toEqual(expected.figures);
  }, 180_000);
});
