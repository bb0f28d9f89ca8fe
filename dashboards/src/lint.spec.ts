import { describe, expect, it } from '@jest/globals';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { clickhouseDatasource } from './clickhouse-query.js';
import { dashboards } from './generated-files.js';
import { lintDashboards } from './lint.js';

const UID = clickhouseDatasource.uid;
const DESCRIPTION = 'What the figure means, in words.\n\n**When it looks wrong:** what to look at then.';
const SQL = 'SELECT count() FROM v_spans WHERE organization_id = ${organization:singlequote}';

const target = (changes: object = {}) => ({ refId: 'A', datasource: { uid: UID }, rawSql: SQL, format: 1, queryType: 'table', ...changes });
const panel = (changes: object = {}) => ({
  id: 1,
  type: 'stat',
  title: 'P',
  description: DESCRIPTION,
  datasource: { uid: UID },
  fieldConfig: { defaults: { unit: 'none' }, overrides: [] },
  targets: [target()],
  ...changes,
});
const variable = (changes: object = {}) => ({ name: 'organization', datasource: { uid: UID }, query: 'SELECT organization_id FROM v_conversations', ...changes });

function lint(changes: object): string[] {
  const dashboard = { uid: 'd', panels: [panel()], templating: { list: [variable()] }, ...changes };
  return lintDashboards([dashboard as unknown as Dashboard], [UID]);
}
const lintSql = (rawSql: string) => lint({ panels: [panel({ targets: [target({ rawSql })] })] });

describe('lintDashboards', () => {
  it('passes the dashboards that are shipped', () => {
    expect(lintDashboards(dashboards(), [UID])).toEqual([]);
  });

  it('passes a dashboard with nothing wrong', () => {
    expect(lint({})).toEqual([]);
  });

  it('finds a repeated dashboard uid', () => {
    const twice = dashboards().concat(dashboards());
    expect(lintDashboards(twice, [UID])).toContainEqual(expect.stringContaining('dashboard uid "astrolabe-overview" is used more than once'));
  });

  it('finds a repeated or missing panel id, also inside a row', () => {
    expect(lint({ panels: [panel(), { id: 1, type: 'row', title: 'R', panels: [] }] })).toEqual(['d: panel id 1 is used more than once']);
    expect(lint({ panels: [{ id: 2, type: 'row', title: 'R', panels: [panel({ id: 2 })] }] })).toEqual(['d: panel id 2 is used more than once']);
    expect(lint({ panels: [panel({ id: undefined })] })).toEqual(['d: panel "P" has no id: links and alerts need one']);
  });

  it('finds a datasource that is not provisioned, on a panel, a target and a variable', () => {
    const other = { datasource: { uid: 'other' } };
    const says = (where: string) => [`d: ${where}: datasource uid "other" is not provisioned`];
    expect(lint({ panels: [panel(other)] })).toEqual(says('panel "P"'));
    expect(lint({ panels: [panel({ targets: [target(other)] })] })).toEqual(says('panel "P"'));
    expect(lint({ templating: { list: [variable(other)] } })).toEqual(says('variable organization'));
  });

  it('finds a link to a dashboard that does not exist', () => {
    expect(lint({ links: [{ url: '/d/gone/x' }] })).toEqual(['d: dashboard: link /d/gone/x leads to no dashboard of ours']);
    expect(lint({ panels: [panel({ links: [{ url: '/d/gone' }] })] })).toHaveLength(1);
    expect(lint({ panels: [panel({ fieldConfig: { defaults: { unit: 'none', links: [{ url: '/d/gone' }] } } })] })).toHaveLength(1);
    expect(lint({ links: [{ url: '/d/d/overview' }, { url: 'https://example.org/d/gone' }] })).toEqual([]);
  });

  it('finds a variable that does not exist, in a query and in a title', () => {
    expect(lintSql(`${SQL} AND agent = \${agent:singlequote}`)).toEqual(['d: panel "P": variable "agent" does not exist']);
    expect(lint({ panels: [panel({ title: 'P of $agent' })] })).toEqual(['d: panel "P of $agent": variable "agent" does not exist']);
    expect(lint({ panels: [panel({ title: 'P of [[agent]] ${__from}' })] })).toHaveLength(1);
  });

  it('finds a variable that is not escaped', () => {
    const bare = (text: string) => [`d: panel "P": ${text} is not escaped; write \${name:singlequote}`];
    expect(lintSql(`${SQL} AND agent IN ($organization)`)).toEqual(bare('$organization'));
    expect(lintSql(`${SQL} AND agent IN (\${organization})`)).toEqual(bare('${organization}'));
    expect(lintSql(`${SQL} AND agent IN (\${organization:csv})`)).toEqual(bare('${organization:csv}'));
    expect(lintSql(`${SQL} AND $__conditionalAll(agent IN (\${organization:singlequote}), $organization)`)).toEqual([]);
  });

  it('finds a read that is not bound to the organization, also in a subquery and in a variable', () => {
    expect(lintSql('SELECT count() FROM v_spans')).toEqual([expect.stringContaining('panel "P": 1 read(s) but 0 time(s) "organization_id = ')]);
    expect(lintSql(`${SQL} AND trace_id IN (SELECT trace_id FROM v_spans)`)).toEqual([expect.stringContaining('2 read(s) but 1 time(s)')]);
    expect(lint({ templating: { list: [variable(), variable({ name: 'agent', query: 'SELECT agent FROM v_spans' })] } })).toEqual([
      expect.stringContaining('variable agent: 1 read(s) but 0 time(s)'),
    ]);
  });

  it('finds a read of a table', () => {
    expect(lintSql(SQL.replace('v_spans', 'spans'))).toEqual(['d: panel "P": reads spans, which is no view (v_...)']);
    expect(lintSql(SQL.replace('v_spans', 'default.v_spans'))).toHaveLength(1);
  });

  it('finds a time series query that is not ordered by time, and a format that does not fit the panel', () => {
    const series = (rawSql: string) => lint({ panels: [panel({ type: 'timeseries', targets: [target({ format: 0, queryType: 'timeseries', rawSql })] })] });
    expect(series(`${SQL} ORDER BY time`)).toEqual([]);
    expect(series(SQL)).toEqual(['d: panel "P": a time series query ends with ORDER BY time']);
    expect(series(`${SQL} AND x IN (SELECT x ORDER BY time)`)).toHaveLength(1);
    expect(lint({ panels: [panel({ type: 'timeseries' })] })).toEqual(['d: panel "P": a timeseries panel with a table query']);
    expect(lint({ panels: [panel({ targets: [target({ format: 0 })] })] })).toEqual(['d: panel "P": format 0 is not that of a table query']);
  });

  it('finds a panel without a unit', () => {
    expect(lint({ panels: [panel({ fieldConfig: { defaults: {} } })] })).toEqual(['d: panel "P" has no unit']);
  });

  it.each([undefined, 'What the figure means, in words.', '**When it looks wrong:** what to look at then.', `${DESCRIPTION.split(':**')[0] ?? ''}:** ?`])(
    'finds a description that leaves out half: %p',
    (description) => {
      expect(lint({ panels: [panel({ description })] })).toEqual([expect.stringContaining('panel "P": the description says what the figure means')]);
    },
  );
});
