// What no compiler sees in a dashboard: each rule takes the dashboard as it is shipped and says what is wrong with it.
import type { Dashboard, Panel, RowPanel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { ClickHouseTarget } from './clickhouse-query.js';
import { OF_ORGANIZATION } from './filters.js';
import { WHEN_WRONG } from './panels.js';

/** Text that says which part of which dashboard breaks which rule. */
export type Problem = string;

type Rule = (dashboard: Dashboard) => Problem[];

/** Problems of all dashboards together; empty when they may be shipped. `datasourceUids`: those that provisioning creates. */
export function lintDashboards(dashboards: readonly Dashboard[], datasourceUids: readonly string[]): Problem[] {
  const uids = dashboards.map(({ uid }) => uid ?? '');
  const rules: Rule[] = [
    uniqueIds,
    (dashboard) => knownDatasources(dashboard, datasourceUids),
    (dashboard) => resolvedLinks(dashboard, uids),
    knownVariables,
    quotedVariables,
    organizationEverywhere,
    viewsOnly,
    orderedTimeSeries,
    unitsSet,
    usefulDescriptions,
  ];
  return [
    ...repeated(uids).map((uid) => `dashboard uid "${uid}" is used more than once: give each its own`),
    ...dashboards.flatMap((dashboard) => rules.flatMap((rule) => rule(dashboard).map((problem) => `${dashboard.uid ?? '(no uid)'}: ${problem}`))),
  ];
}

function uniqueIds(dashboard: Dashboard): Problem[] {
  const all = everyPanel(dashboard);
  return [
    ...all.filter(({ id }) => id === undefined).map((panel) => `${nameOf(panel)} has no id: links and alerts need one`),
    ...repeated(all.flatMap(({ id }) => (id === undefined ? [] : [id]))).map((id) => `panel id ${id} is used more than once`),
  ];
}

function knownDatasources(dashboard: Dashboard, datasourceUids: readonly string[]): Problem[] {
  const used = [
    ...panelsOf(dashboard).flatMap((panel) => [panel, ...targetsOf(panel)].map(({ datasource }) => ({ where: nameOf(panel), uid: datasource?.uid }))),
    ...variablesOf(dashboard).map(({ name, datasource }) => ({ where: `variable ${name}`, uid: datasource?.uid })),
  ];
  return used.filter(({ uid }) => uid === undefined || !datasourceUids.includes(uid)).map(({ where, uid }) => `${where}: datasource uid "${uid ?? ''}" is not provisioned`);
}

function resolvedLinks(dashboard: Dashboard, dashboardUids: readonly string[]): Problem[] {
  const links = [
    ...(dashboard.links ?? []).map((link) => ({ where: 'dashboard', url: link.url ?? '' })),
    ...panelsOf(dashboard).flatMap((panel) => [
      ...(panel.links ?? []).map((link) => ({ where: nameOf(panel), url: link.url ?? '' })),
      ...((panel.fieldConfig?.defaults.links ?? []) as { url?: string }[]).map((link) => ({ where: nameOf(panel), url: link.url ?? '' })),
    ]),
  ];
  return links.flatMap(({ where, url }) => {
    const uid = /^\/d\/([\w-]+)/.exec(url)?.[1];
    return uid === undefined || dashboardUids.includes(uid) ? [] : [`${where}: link ${url} leads to no dashboard of ours`];
  });
}

// `$__name` and `${__name}` are macros and built-in variables of Grafana.
const VARIABLE = /\$\{(?!__)(\w+)[^}]*\}|\$(?!__)([a-zA-Z]\w*)|\[\[(\w+)[^\]]*\]\]/g;

function knownVariables(dashboard: Dashboard): Problem[] {
  const names = variablesOf(dashboard).map(({ name }) => name);
  const texts = [...queriesOf(dashboard), ...everyPanel(dashboard).map((panel) => ({ where: nameOf(panel), sql: `${panel.title ?? ''} ${textOf(panel)}` }))];
  return texts.flatMap(({ where, sql }) =>
    [...sql.matchAll(VARIABLE)]
      .map(([, braced, bare, bracketed]) => braced ?? bare ?? bracketed ?? '')
      .filter((name) => !names.includes(name))
      .map((name) => `${where}: variable "${name}" does not exist`),
  );
}

/** The datasource writes an array unescaped: only `:singlequote` is safe. Bare is the second argument of `$__conditionalAll`. */
function quotedVariables(dashboard: Dashboard): Problem[] {
  return queriesOf(dashboard).flatMap(({ where, sql }) =>
    [...sql.replace(/,\s*\$\w+\)/g, ')').matchAll(VARIABLE)]
      .filter(([text]) => !text.endsWith(':singlequote}'))
      .map(([text]) => `${where}: ${text} is not escaped; write \${name:singlequote}`),
  );
}

const READ = /\b(?:FROM|JOIN)\s+([\w.]+)/gi;

/** Every read of a view, also in a subquery, is bound to the organization. Only the variable that offers organizations is not. */
function organizationEverywhere(dashboard: Dashboard): Problem[] {
  return queriesOf(dashboard).flatMap(({ where, sql }) => {
    if (where === 'variable organization') return [];
    const reads = [...sql.matchAll(READ)].length;
    const bound = sql.split(OF_ORGANIZATION).length - 1;
    return bound >= reads && reads > 0 ? [] : [`${where}: ${reads} read(s) but ${bound} time(s) "${OF_ORGANIZATION}"`];
  });
}

/** Dashboards read views, where a definition exists once, and never tables. */
function viewsOnly(dashboard: Dashboard): Problem[] {
  return queriesOf(dashboard).flatMap(({ where, sql }) =>
    [...sql.matchAll(READ)].filter(([, name = '']) => !/^v_\w+$/.test(name)).map(([, name = '']) => `${where}: reads ${name}, which is no view (v_...)`),
  );
}

function orderedTimeSeries(dashboard: Dashboard): Problem[] {
  return panelsOf(dashboard).flatMap((panel) =>
    targetsOf(panel).flatMap(({ format, queryType, rawSql }) => {
      const isTimeSeries = format === 0;
      if (isTimeSeries !== (queryType === 'timeseries')) return [`${nameOf(panel)}: format ${format} is not that of a ${queryType} query`];
      if (isTimeSeries !== (panel.type === 'timeseries')) return [`${nameOf(panel)}: a ${panel.type} panel with a ${queryType} query`];
      return isTimeSeries && !/\bORDER BY time\b[^)]*$/.test(rawSql) ? [`${nameOf(panel)}: a time series query ends with ORDER BY time`] : [];
    }),
  );
}

/** A default unit covers every numeric column; overrides say more. That overrides name real columns is seen when the query runs. */
function unitsSet(dashboard: Dashboard): Problem[] {
  return panelsOf(dashboard)
    .filter((panel) => !panel.fieldConfig?.defaults.unit)
    .map((panel) => `${nameOf(panel)} has no unit`);
}

function usefulDescriptions(dashboard: Dashboard): Problem[] {
  return panelsOf(dashboard)
    .filter(({ description = '' }) => {
      const [meaning = '', whenWrong = ''] = description.split(WHEN_WRONG);
      return meaning.trim().length < 20 || whenWrong.trim().length < 20;
    })
    .map((panel) => `${nameOf(panel)}: the description says what the figure means, then "${WHEN_WRONG}" and what to do`);
}

/** Panels that draw something; those folded into rows included, rows not. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return everyPanel(dashboard).filter((panel): panel is Panel => panel.type !== 'row');
}

export function targetsOf(panel: Panel): ClickHouseTarget[] {
  return (panel.targets ?? []) as unknown as ClickHouseTarget[];
}

export function variablesOf(dashboard: Dashboard): VariableModel[] {
  return dashboard.templating?.list ?? [];
}

/** Every SQL text of the dashboard and where it stands. */
function queriesOf(dashboard: Dashboard): { where: string; sql: string }[] {
  return [
    ...panelsOf(dashboard).flatMap((panel) => targetsOf(panel).map(({ rawSql }) => ({ where: nameOf(panel), sql: rawSql }))),
    ...variablesOf(dashboard).map(({ name, query }) => ({ where: `variable ${name}`, sql: typeof query === 'string' ? query : '' })),
  ];
}

function everyPanel(dashboard: Dashboard): (Panel | RowPanel)[] {
  return (dashboard.panels ?? []).flatMap((panel) => ('panels' in panel ? [panel, ...panel.panels] : [panel]));
}

function nameOf(panel: Panel | RowPanel): string {
  return `panel "${panel.title ?? ''}"`;
}

function textOf(panel: Panel | RowPanel): string {
  return 'description' in panel ? (panel.description ?? '') : '';
}

function repeated<T>(values: readonly T[]): T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
