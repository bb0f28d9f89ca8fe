// One rule, said twice: as a function over the rows of a trace, and in SQL for dashboards and totals. On the real engine they must agree
// span by span, whatever is sent twice and whoever else uses the same ids.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TraceReader } from '#traces';
import { chargedSpans, type ChargeableSpan } from '../../libs/traces/src/charged-spans.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const SEED = 20_261_102;
const TRACES = 400;

interface Given extends ChargeableSpan {
  trace_id: string;
  started_at: string;
  is_wasted: boolean;
}

// Ids are printable and as long as the columns, so that they can be written and compared as they are.
const traceId = (index: number) => `trace-${String(index).padStart(10, '0')}`;
const spanId = (index: number) => `sp-${String(index).padStart(5, '0')}`;

const spans = fc.array(
  fc.record({
    parent: fc.nat(1_000_000),
    charge: fc.constantFrom<ChargeableSpan['charge'][]>('leaf', 'aggregate', 'aggregate', 'none'),
    cost: fc.constantFrom('0.001', '0.02', 'no_usage', 'no_price'),
    is_wasted: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30, size: 'max' },
);
// Where the parent of a span is: among the three before it (deep), among all before it (flat), or anywhere (missing, itself, in a ring).
const shapes = fc.constantFrom<((parent: number, index: number) => string)[]>(
  (parent, index) => (index === 0 ? '' : spanId(index - 1 - (parent % Math.min(index, 3)))),
  (parent, index) => (index === 0 ? '' : spanId(parent % index)),
  (parent) => spanId(parent % 35),
);
const given = fc.sample(fc.tuple(shapes, spans), { seed: SEED, numRuns: TRACES }).flatMap(([parentOf, trace], traceIndex) =>
  trace.map(({ parent, charge, cost, is_wasted }, index): Given => {
    const isKnown = charge !== 'none' && cost.startsWith('0');
    return {
      trace_id: traceId(traceIndex), span_id: spanId(index), parent_span_id: parentOf(parent, index), started_at: `2026-11-02 ${traceIndex % 2 === 0 ? '10' : '11'}:00:00`,
      charge, cost_usd: isKnown ? cost : null, cost_unknown_reason: charge === 'none' || isKnown ? '' : cost, is_wasted,
    };
  }),
);
const expected = new Set([...Map.groupBy(given, (span) => span.trace_id).values()].flatMap((trace) => [...chargedSpans(trace)]));
const nameOf = (span: { trace_id: string; span_id: string }) => `${span.trace_id}/${span.span_id}`;
const micros = (charged: readonly Given[]) => charged.reduce((sum, { cost_usd }) => sum + Number(cost_usd ?? 0) * 1e6, 0);

describe('what is charged', () => {
  let stores: TestStores;
  let reader: TraceReader;
  const run = (query: string) => stores.clickhouse.run({ query, query_params: {} });
  const select = <Row>(query: string) => stores.clickhouse.rows<Row>({ query, query_params: {} });

  // Every trace is a conversation of its own, by its first span.
  const insert = (organizationId: string, rows: readonly Given[]) => {
    const values = rows.map(
      (row) => `('${organizationId}', '${row.trace_id}', '${row.span_id}', '${row.parent_span_id}', '${row.started_at}', '${row.started_at}', '${row.started_at}',
        '${row.span_id === spanId(0) ? row.trace_id : ''}', '${row.charge}', ${row.cost_usd ?? 'NULL'}, '${row.cost_unknown_reason}', ${row.is_wasted ? '1, 0' : '0, NULL'})`,
    );
    return run(`INSERT INTO spans (organization_id, trace_id, span_id, parent_span_id, started_at, ended_at, ingested_at, conversation_id, charge, cost_usd, cost_unknown_reason, is_speculative, is_used) VALUES ${values.join()}`);
  };

  const chargedByView = async (organizationId: string, view = 'v_charged_spans') =>
    (await select<{ trace_id: string; span_id: string }>(`SELECT trace_id, span_id FROM ${view} WHERE organization_id = '${organizationId}' AND is_charged = 1`)).map(nameOf).sort();
  const everything = async () => ({
    view: await chargedByView('acme'),
    calls: await chargedByView('acme', 'v_model_calls'),
    read: (await reader.spansOf('acme', [...new Set(given.map((span) => span.trace_id))]))
      .map((row) => ({ ...row, trace_id: Buffer.from(row.trace_id, 'hex').toString(), span_id: Buffer.from(row.span_id, 'hex').toString() }))
      .map((row) => [nameOf(row), row.is_charged]),
    totals: await reader.usageTotals('acme'),
  });

  beforeAll(async () => {
    stores = await openTestStores();
    reader = new TraceReader(stores.clickhouse);
    // No merge may tidy up behind the test: the readers must not care about what is there twice.
    await run('SYSTEM STOP MERGES spans');
    await insert('acme', given);
  });
  afterAll(() => stores.close());

  it('is tried on traces of every kind', () => {
    const charged = given.filter((span) => expected.has(span));
    const uncharged = given.filter((span) => !expected.has(span));
    expect(given.length).toBeGreaterThan(3000);
    const kinds = [...new Set(charged.map((span) => `${span.charge} ${span.cost_unknown_reason || 'known'}`))].sort();
    expect(kinds).toEqual(['aggregate known', 'aggregate no_price', 'leaf known', 'leaf no_price', 'leaf no_usage']);
    expect(new Set(uncharged.map((span) => span.charge))).toEqual(new Set(['leaf', 'aggregate', 'none']));
  });

  it('is the same span by span: by the view, by the reader, and by the function on what was sent', async () => {
    const { view, calls, read } = await everything();
    expect(view).toEqual(given.filter((span) => expected.has(span)).map(nameOf).sort());
    expect(calls).toEqual(view);
    expect(read.sort()).toEqual(given.map((span) => [nameOf(span), expected.has(span) ? 1 : 0]).sort());
  });

  it('adds up to the totals', async () => {
    const charged = given.filter((span) => expected.has(span));
    const wasted = charged.filter((span) => span.is_wasted);
    const { knownCostUsd, wastedCostUsd, ...counts } = await reader.usageTotals('acme');
    expect(counts).toEqual({
      conversations: TRACES,
      turns: TRACES,
      spans: given.length,
      modelCalls: charged.length,
      unknownCostSpans: charged.filter((span) => span.cost_usd === null).length,
      unknownWastedSpans: wasted.filter((span) => span.cost_usd === null).length,
    });
    expect([Number(knownCostUsd) * 1e6, Number(wastedCostUsd) * 1e6]).toEqual([expect.closeTo(micros(charged), 3), expect.closeTo(micros(wasted), 3)]);
  });

  it('does not change when spans are sent again, all at once and bit by bit', async () => {
    const before = await everything();
    await run(`INSERT INTO spans SELECT * REPLACE (ingested_at + INTERVAL 1 MINUTE AS ingested_at) FROM spans WHERE organization_id = 'acme'`);
    await run(`INSERT INTO spans SELECT * REPLACE (ingested_at + INTERVAL 2 MINUTE AS ingested_at) FROM spans WHERE organization_id = 'acme' AND sipHash64(trace_id, span_id) % 3 = 0`);
    expect(await select(`SELECT count() > ${2 * given.length} AS is_there_twice FROM spans WHERE organization_id = 'acme'`)).toEqual([{ is_there_twice: 1 }]);
    expect(await everything()).toEqual(before);
  });

  it('goes by the later of two copies that differ', async () => {
    const agent: Given = { trace_id: traceId(0), span_id: spanId(0), parent_span_id: '', started_at: '2026-11-02 10:00:00', charge: 'aggregate', cost_usd: '1', cost_unknown_reason: '', is_wasted: false };
    const call: Given = { ...agent, span_id: spanId(1), parent_span_id: spanId(0), charge: 'leaf' };
    await insert('twice', [agent, call]);
    expect(await chargedByView('twice')).toEqual([nameOf(call)]);
    await run(`INSERT INTO spans SELECT * REPLACE (ingested_at + INTERVAL 1 MINUTE AS ingested_at, NULL AS cost_usd, 'no_price' AS cost_unknown_reason) FROM spans WHERE organization_id = 'twice' AND charge = 'leaf'`);
    expect(await chargedByView('twice')).toEqual([nameOf(agent)]);
    expect((await reader.spansOf('twice', [traceId(0)])).map((row) => [row.charge, row.is_charged])).toEqual([['aggregate', 1], ['leaf', 0]]);
  });

  it("does not change by another organization's spans of the same ids", async () => {
    const before = await everything();
    const priced = given.map((span): Given => ({ ...span, charge: 'leaf', cost_usd: '7', cost_unknown_reason: '', parent_span_id: '' }));
    await insert('other', priced);
    expect(await everything()).toEqual(before);
    expect(await chargedByView('other')).toEqual(priced.map(nameOf).sort());
  });

  it('is a matter of the whole trace, also where a time range cuts it', async () => {
    const at = (started_at: string, span_id: string, parent_span_id: string, charge: ChargeableSpan['charge']): Given => ({
      trace_id: traceId(0), span_id, parent_span_id, started_at, charge, cost_usd: '1', cost_unknown_reason: '', is_wasted: false,
    });
    await insert('cut', [at('2026-11-02 10:00:00', spanId(0), '', 'aggregate'), at('2026-11-02 10:30:00', spanId(1), spanId(0), 'leaf')]);
    const inRange = (range: string) => select(`SELECT span_id FROM v_model_calls WHERE organization_id = 'cut' AND ${range}`);
    expect(await inRange("started_at < '2026-11-02 10:10:00'")).toEqual([]);
    expect(await inRange("started_at >= '2026-11-02 10:10:00'")).toEqual([{ span_id: spanId(1) }]);
  });

  it('charges the leaves of a trace of more than 4,096 spans, of which the view does not make a tree', async () => {
    const chain = (length: number) =>
      `SELECT 'acme-' || toString(${length}) AS organization_id, 'a-very-long-case' AS trace_id, 'sp-' || leftPad(toString(number), 5, '0') AS span_id,
        if(number = 0, '', 'sp-' || leftPad(toString(number - 1), 5, '0')) AS parent_span_id, toDateTime64('2026-11-02 10:00:00', 9, 'UTC') AS started_at,
        if(number = ${length - 1}, 'leaf', 'aggregate') AS charge, if(charge = 'leaf', NULL, 1) AS cost_usd, if(charge = 'leaf', 'no_price', '') AS cost_unknown_reason FROM numbers(${length})`;
    for (const length of [4096, 4097]) await run(`INSERT INTO spans (organization_id, trace_id, span_id, parent_span_id, started_at, charge, cost_usd, cost_unknown_reason) ${chain(length)}`);
    expect(await chargedByView('acme-4096')).toEqual(['a-very-long-case/sp-00000']);
    expect(await chargedByView('acme-4097')).toEqual(['a-very-long-case/sp-04096']);
  });

  it('is read by the primary key: spans by organization and time, trees by organization', async () => {
    const query = `SELECT sum(cost_usd) FROM v_model_calls WHERE organization_id = 'acme' AND started_at >= '2026-11-02 10:00:00' AND started_at < '2026-11-02 10:30:00'`;
    const plan = (await select<{ explain: string }>(`EXPLAIN indexes = 1 ${query}`)).map(({ explain }) => explain.trim().replace(/^[^\w]+/, ''));
    const reads = plan.join('\n').split('ReadFromMergeTree').slice(1);
    const keys = reads.map((read) => /PrimaryKey\s+Keys:\s+([\s\S]*?)\s+Condition:/.exec(read)?.[1]?.split(/\s+/) ?? []);
    expect(keys.sort((a, b) => a.length - b.length)).toEqual([['organization_id'], ['organization_id', 'toStartOfHour(started_at)']]);
  });
});
