// Every query of every dashboard, on the real engine, expanded as Grafana expands it. The answers are worked out by hand from the rows below.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { expandMacros, type MacroContext } from '../../dashboards/src/expand-macros.js';
import { dashboards } from '../../dashboards/src/generated-files.js';
import { panelsOf, targetsOf, variablesOf } from '../../dashboards/src/lint.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const EVERYTHING = { organization: 'acme', customer: ['$__all'], agent: ['$__all'] };
const CONTEXT: MacroContext = {
  from: new Date('2026-11-02T10:00:00Z'),
  to: new Date('2026-11-02T11:00:00Z'),
  intervalMs: 30 * 60_000,
  variables: EVERYTHING,
};

// One hour, three conversations, four traces. Conversation, customer and agent stand on the root only. Of what is charged:
//   trace-1  globex, support   small-1 0.001   big-1 0.010    embed-1 0.004 (wasted)
//   trace-2  globex, support   small-1 0.001   big-1 unknown (failed), then 0.020   embed-1 0.002 (speculative, use unknown)
//   trace-3  initech, sales    big-2 0.002     embed-2 unknown (wasted)
//   trace-4  initech, sales    big-2 0.010, told by the agent span alone: it has no leaf
// Roots with leaves repeat their children's cost and are not charged. trace-0 is before the range; the last row is someone else's.
const SPANS = `INSERT INTO spans
  (organization_id, trace_id, span_id, parent_span_id, started_at, ended_at, ingested_at, charge, conversation_id, customer_id, agent,
   task, request_model, response_model, status, is_speculative, is_used, cost_usd, cost_unknown_reason) VALUES
  ('acme',  'trace-0', 'root', '',     '2026-11-02 09:00:00', '2026-11-02 09:00:05',   '2026-11-02 09:00:06', 'aggregate', 'c0', 'globex',  'support', '', '', '', 'ok', 0, NULL, NULL, 'no_usage'),
  ('acme',  'trace-0', 'a',    'root', '2026-11-02 09:00:00', '2026-11-02 09:00:01',   '2026-11-02 09:00:06', 'leaf',      '',   '',        '',        'reason', 'big', 'big-1', 'error', 1, 0, 5, ''),
  ('acme',  'trace-1', 'root', '',     '2026-11-02 10:00:00', '2026-11-02 10:00:05',   '2026-11-02 10:00:06', 'aggregate', 'c1', 'globex',  'support', '', '', '', 'ok', 0, NULL, 0.015, ''),
  ('acme',  'trace-1', 'a',    'root', '2026-11-02 10:00:00', '2026-11-02 10:00:00.1', '2026-11-02 10:00:06', 'leaf',      '',   '',        '',        'classify', 'small', 'small-1', 'ok', 0, 1, 0.001, ''),
  ('acme',  'trace-1', 'b',    'root', '2026-11-02 10:00:01', '2026-11-02 10:00:03',   '2026-11-02 10:00:06', 'leaf',      '',   '',        '',        'reason', 'big', 'big-1', 'ok', 0, 1, 0.010, ''),
  ('acme',  'trace-1', 'c',    'root', '2026-11-02 10:00:01', '2026-11-02 10:00:01.3', '2026-11-02 10:00:06', 'leaf',      '',   '',        '',        'retrieve', 'embed', 'embed-1', 'ok', 1, 0, 0.004, ''),
  ('acme',  'trace-2', 'root', '',     '2026-11-02 10:40:00', '2026-11-02 10:40:07',   '2026-11-02 10:40:08', 'aggregate', 'c2', 'globex',  'support', '', '', '', 'ok', 0, NULL, 0.023, ''),
  ('acme',  'trace-2', 'a',    'root', '2026-11-02 10:40:00', '2026-11-02 10:40:00.3', '2026-11-02 10:40:08', 'leaf',      '',   '',        '',        'classify', 'small', 'small-1', 'ok', 0, 1, 0.001, ''),
  ('acme',  'trace-2', 'b',    'root', '2026-11-02 10:40:01', '2026-11-02 10:40:02',   '2026-11-02 10:40:08', 'leaf',      '',   '',        '',        'reason', 'big-1', '', 'error', 0, NULL, NULL, 'no_usage'),
  ('acme',  'trace-2', 'c',    'root', '2026-11-02 10:40:02', '2026-11-02 10:40:06',   '2026-11-02 10:40:08', 'leaf',      '',   '',        '',        'reason', 'big', 'big-1', 'ok', 0, 1, 0.020, ''),
  ('acme',  'trace-2', 'd',    'root', '2026-11-02 10:40:00', '2026-11-02 10:40:00.5', '2026-11-02 10:40:08', 'leaf',      '',   '',        '',        'retrieve', 'embed', 'embed-1', 'ok', 1, NULL, 0.002, ''),
  ('acme',  'trace-3', 'root', '',     '2026-11-02 10:10:00', '2026-11-02 10:10:03',   '2026-11-02 10:10:04', 'aggregate', 'c3', 'initech', 'sales',   '', '', '', 'ok', 0, NULL, 0.002, ''),
  ('acme',  'trace-3', 'a',    'root', '2026-11-02 10:10:01', '2026-11-02 10:10:02.5', '2026-11-02 10:10:04', 'leaf',      '',   '',        '',        'reason', 'big', 'big-2', 'ok', 1, 1, 0.002, ''),
  ('acme',  'trace-3', 'b',    'root', '2026-11-02 10:10:01', '2026-11-02 10:10:01.2', '2026-11-02 10:10:04', 'leaf',      '',   '',        '',        'retrieve', 'embed', 'embed-2', 'ok', 1, 0, NULL, 'no_price'),
  ('acme',  'trace-4', 'root', '',     '2026-11-02 10:50:00', '2026-11-02 10:50:02.5', '2026-11-02 10:50:03', 'aggregate', 'c3', 'initech', 'sales',   'reason', 'big', 'big-2', 'ok', 0, NULL, 0.010, ''),
  ('other', 'trace-9', 'a',    '',     '2026-11-02 10:20:00', '2026-11-02 10:20:09',   '2026-11-02 10:20:10', 'leaf',      'c1', 'globex',  'support', 'reason', 'big', 'big-1', 'error', 1, 0, 100, '')`;

// A client that sends a span twice.
const RESENT = `INSERT INTO spans SELECT * REPLACE (ingested_at + INTERVAL 1 MINUTE AS ingested_at) FROM spans WHERE organization_id = 'acme' AND trace_id = 'trace-1' AND span_id = 'b'`;

const OUTCOME_COLUMNS =
  '(organization_id, conversation_id, episode, revision, customer_id, agent, variant, outcome, is_billable, grade, amount, currency, model_cost_usd, cost_unknown_spans, decided_at)';

// The first decision about c2 was billable; the second, below, took it back.
const OUTCOMES = `INSERT INTO outcomes ${OUTCOME_COLUMNS} VALUES
  ('acme',  'c0', 1, 1, 'globex',  'support', 'a', 'resolved', 1, 'judged',             50,   'USD', 5,     0, '2026-11-02 09:30:00'),
  ('acme',  'c1', 1, 1, 'globex',  'support', 'a', 'resolved', 1, 'system_verified',    1.50, 'USD', 0.015, 0, '2026-11-02 10:20:00'),
  ('acme',  'c2', 1, 1, 'globex',  'support', 'b', 'resolved', 1, 'inferred',           0.99, 'USD', 0.003, 0, '2026-11-02 10:45:00'),
  ('acme',  'c3', 1, 1, 'initech', 'sales',   'a', 'resolved', 1, 'customer_confirmed', 2.25, 'USD', 0.012, 1, '2026-11-02 10:58:00'),
  ('acme',  'c4', 1, 1, 'hooli',   'sales',   'b', 'sale',     1, 'judged',             3,    'EUR', 0.005, 0, '2026-11-02 10:59:00'),
  ('acme',  'c5', 1, 1, 'globex',  'support', 'a', 'none',     0, '',                   0,    'USD', 0.001, 0, '2026-11-02 10:30:00'),
  ('other', 'c1', 1, 1, 'globex',  'support', 'a', 'resolved', 1, 'judged',             100,  'USD', 100,   9, '2026-11-02 10:20:00'),
  ('blind', 'c1', 1, 1, 'globex',  'support', 'a', 'resolved', 1, 'judged',             1,    'USD', 0,     3, '2026-11-02 10:20:00')`;
const REVISED = `INSERT INTO outcomes ${OUTCOME_COLUMNS} VALUES
  ('acme',  'c2', 1, 2, 'globex',  'support', 'b', 'none',     0, '',                   0,    'USD', 0.023, 1, '2026-11-02 10:55:00')`;

// Simulations, and an episode that was joined to another: in no panel about customers.
const LEFT_OUT = `INSERT INTO outcomes (organization_id, conversation_id, episode, revision, customer_id, agent, variant, outcome, reason, amount, currency, model_cost_usd, cost_unknown_spans, is_test_traffic, decided_at) VALUES
  ('acme', 'simulated', 1, 1, 'globex', 'support', 'a', 'none', 'test_traffic',   0, 'USD', 7, 3, 1, '2026-11-02 10:30:00'),
  ('acme', 'c1',        2, 2, 'globex', 'support', 'a', 'none', 'episode_merged', 0, 'USD', 7, 3, 0, '2026-11-02 10:31:00')`;

interface Answer {
  meta: { name: string; type: string }[];
  data: Record<string, unknown>[];
}

const [overview] = dashboards();
if (!overview) throw new Error('no dashboard is shipped');
const panels = panelsOf(overview);
const variables = variablesOf(overview);
const isNumeric = (type: string) => /^(Nullable\()?(U?Int\d+|Float\d+)\)?$/.test(type);
const isText = (type: string) => /^(LowCardinality\()?String\)?$/.test(type);

describe('Astrolabe overview', () => {
  let stores: TestStores;

  beforeAll(async () => {
    stores = await openTestStores();
    for (const query of [SPANS, RESENT, OUTCOMES, REVISED, LEFT_OUT]) await stores.clickhouse.run({ query, query_params: {} });
  });
  afterAll(() => stores.close());

  async function ask(sql: string, chosen: Partial<typeof EVERYTHING> = {}): Promise<Answer> {
    const query = expandMacros(sql, { ...CONTEXT, variables: { ...EVERYTHING, ...chosen } });
    const result = await stores.clickhouse.client.query({ query, format: 'JSON' });
    const { meta = [], data } = await result.json<Record<string, unknown>>();
    return { meta, data };
  }

  function panelCalled(title: string): Panel {
    const panel = panels.find((one) => one.title === title);
    if (!panel) throw new Error(`no panel is called ${title}`);
    return panel;
  }

  /** Rows as a panel shows them: numbers as floats. */
  async function shown(title: string, chosen: Partial<typeof EVERYTHING> = {}): Promise<unknown[][]> {
    const [target] = targetsOf(panelCalled(title));
    const { meta, data } = await ask(target?.rawSql ?? '', chosen);
    return data.map((row) => meta.map(({ name, type }) => (isNumeric(type) && row[name] !== null ? Number(row[name]) : row[name])));
  }

  // Floats that were divided or interpolated.
  const near = (value: number): unknown => expect.closeTo(value, 12);

  it.each(panels.map((panel) => [panel.title ?? '', panel] as const))('%s: rows, columns and units are what the panel needs', async (_title, panel) => {
    const [target, ...others] = targetsOf(panel);
    if (!target) throw new Error('no query');
    expect(others).toEqual([]);
    const { meta, data } = await ask(target.rawSql);
    expect(data.length).toBeGreaterThan(0);
    const columns = target.format === 0 ? meta.slice(1) : meta;
    if (target.format === 0) expect(meta[0]).toEqual({ name: 'time', type: "DateTime('UTC')" });
    expect(columns.filter(({ type }) => !isNumeric(type) && !isText(type))).toEqual([]);
    const numeric = columns.filter(({ type }) => isNumeric(type)).map(({ name }) => name);
    expect(numeric.length).toBeGreaterThan(0);
    // A unit that is given to a column by name must find that column.
    const named = (panel.fieldConfig?.overrides ?? []).map(({ matcher }) => matcher.options as string);
    expect(named.filter((name) => !numeric.includes(name))).toEqual([]);
    // So must a legend that is made of labels.
    const labels = [...(panel.fieldConfig?.defaults.displayName ?? '').matchAll(/labels\.(\w+)/g)].map(([, label]) => label);
    expect(labels.filter((label) => !columns.some(({ name, type }) => name === label && isText(type)))).toEqual([]);
  });

  it('shows no figure for an organization without data: nothing of another one is seen', async () => {
    for (const panel of panels) {
      const rows = await shown(panel.title ?? '', { organization: "nobody' OR 1=1 --" });
      const numbers = rows.flat().filter((value) => typeof value === 'number' && value !== 0);
      expect([panel.title, numbers]).toEqual([panel.title, []]);
    }
  });

  it.each([
    ['organization', [['acme'], ['other']]],
    ['customer', [['globex'], ['initech']]],
    ['agent', [['sales'], ['support']]],
  ])('offers as %s %j', async (name, expected) => {
    const query = variables.find((variable) => variable.name === name)?.query;
    const { data } = await ask(typeof query === 'string' ? query : '');
    expect(data.map((row) => Object.values(row))).toEqual(expected);
  });

  it('counts a conversation and a re-sent span once', async () => {
    expect(await shown('Conversations')).toEqual([[3]]);
    expect(await shown('Spans')).toEqual([[13]]); // 4 + 5 + 3 + 1
  });

  it('adds up known cost and counts unknown cost, without what parents repeat', async () => {
    expect(await shown('Model cost, known')).toEqual([[0.05]]); // 0.015 + 0.023 + 0.002 + 0.010
    expect(await shown('Model calls of unknown cost')).toEqual([[2]]);
  });

  it('follows the choice of customer and agent to the model calls of their traces', async () => {
    expect(await shown('Model cost, known', { customer: ['globex'] })).toEqual([[0.038]]);
    expect(await shown('Model cost, known', { agent: ['sales'] })).toEqual([[0.012]]);
    expect(await shown('Model cost, known', { customer: ['globex', 'initech'] })).toEqual([[0.05]]);
    expect(await shown('Model cost, known', { customer: ['globex'], agent: ['sales'] })).toEqual([[null]]); // no call, so no cost to show
    expect(await shown('Spans', { customer: ['initech'] })).toEqual([[4]]);
    expect(await shown('Margin (USD)', { agent: ['sales'] })).toEqual([[2.238, 1, 1]]); // 2.25 - 0.012
  });

  it('keeps currencies apart', async () => {
    expect(await shown('Billable amount')).toEqual([
      ['EUR', 3],
      ['USD', 3.75],
    ]);
  });

  it('lets the outcomes that earn carry the cost of those that do not', async () => {
    // (0.015 + 0.023 + 0.012 + 0.005 + 0.001) / 3
    expect(await shown('Cost per billable outcome')).toEqual([[near(0.056 / 3), 2]]);
    // 3.75 - (0.015 + 0.023 + 0.012 + 0.001); the outcome in EUR is left out on both sides
    expect(await shown('Margin (USD)')).toEqual([[3.699, 2, 1]]);
    expect(await shown('Cost per billable outcome', { customer: ['nobody'] })).toEqual([[null, 0]]);
  });

  it('shows no cost and no margin where no cost is known at all', async () => {
    const blind = { organization: 'blind' };
    expect(await shown('Cost per billable outcome', blind)).toEqual([[null, 3]]);
    expect(await shown('Margin (USD)', blind)).toEqual([[null, 3, 0]]);
    expect(await shown('Variant comparison', blind)).toEqual([['support', 'a', 1, 1, 1, null, 3]]);
  });

  it('shows outcomes by the newest decision', async () => {
    expect(await shown('Outcomes by kind and grade')).toEqual([
      ['none', '(no evidence)', 2, 0],
      ['resolved', 'customer_confirmed', 1, 1],
      ['resolved', 'system_verified', 1, 1],
      ['sale', 'judged', 1, 1],
    ]);
  });

  it('compares variants', async () => {
    expect(await shown('Variant comparison')).toEqual([
      ['sales', 'a', 1, 1, 1, near(0.012), 1],
      ['sales', 'b', 1, 1, 1, near(0.005), 0],
      ['support', 'a', 2, 1, 0.5, near(0.008), 0], // (0.015 + 0.001) / 2
      ['support', 'b', 1, 0, 0, near(0.023), 1],
    ]);
  });

  it('takes as waste only what is known to be unused and known to have cost', async () => {
    expect(await shown('Spend wasted on speculation')).toEqual([[near(0.08), 2]]); // 0.004 / 0.050; trace-2 d, trace-3 b
    expect(await shown('Spend wasted on speculation', { agent: ['sales'] })).toEqual([[0, 1]]);
  });

  it('finds errors under the model that was asked for when none answered', async () => {
    expect(await shown('Errors by model')).toEqual([
      ['big-1', 3, 1, near(1 / 3)],
      ['big-2', 2, 0, 0],
      ['embed-1', 2, 0, 0],
      ['embed-2', 1, 0, 0],
      ['small-1', 2, 0, 0],
    ]);
  });

  const at10 = '2026-11-02 10:00:00';
  const at1030 = '2026-11-02 10:30:00';

  it('draws latency by task', async () => {
    // Percentiles interpolate between the sorted values: p95 of two is at 0.95 of the way, of three at 0.9 of the last step.
    expect(await shown('Latency by task')).toEqual([
      [at10, 'classify', near(100), near(100)],
      [at10, 'reason', near(1750), near(1975)], // 1500, 2000
      [at10, 'retrieve', near(250), near(295)], // 200, 300
      [at1030, 'classify', near(300), near(300)],
      [at1030, 'reason', near(2500), near(3850)], // 1000, 2500, 4000
      [at1030, 'retrieve', near(500), near(500)],
    ]);
  });

  it('draws known cost by model and task, with a gap and not a zero where none is known', async () => {
    expect(await shown('Known cost by model and task')).toEqual([
      [at10, 'big-1', 'reason', 0.01],
      [at10, 'big-2', 'reason', 0.002],
      [at10, 'embed-1', 'retrieve', 0.004],
      [at10, 'embed-2', 'retrieve', null],
      [at10, 'small-1', 'classify', 0.001],
      [at1030, 'big-1', 'reason', 0.02],
      [at1030, 'big-2', 'reason', 0.01],
      [at1030, 'embed-1', 'retrieve', 0.002],
      [at1030, 'small-1', 'classify', 0.001],
    ]);
  });
});
