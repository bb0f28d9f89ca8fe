import { QueryVariableBuilder, VariableRefresh } from '@grafana/grafana-foundation-sdk/dashboard';
import { clickhouseDatasource } from './clickhouse-query.js';
import { OF_ORGANIZATION } from './filters.js';

const ALL = { selected: true, text: ['All'], value: ['$__all'] };

function queryVariable(name: string, label: string, description: string, sql: string): QueryVariableBuilder {
  // No free text: `:singlequote` escapes quotes but not backslashes, so only values that the query returned may be chosen.
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource({ ...clickhouseDatasource })
    .query(sql)
    .definition(sql)
    .allowCustomValue(false);
}

/** The one organization that is looked at. It has no "All": a row policy on the datasource's user decides which ones are offered. */
export const organizationVariable = () =>
  queryVariable(
    'organization',
    'Organization',
    'Owner of the data. What is offered is what the datasource may read.',
    `SELECT organization_id
FROM v_conversations
GROUP BY organization_id
ORDER BY organization_id`,
  )
    .refresh(VariableRefresh.OnDashboardLoad)
    .multi(false)
    .includeAll(false);

export const customerVariable = () =>
  queryVariable(
    'customer',
    'Customer',
    'Companies that are billed.',
    `SELECT customer_id
FROM v_conversations
WHERE ${OF_ORGANIZATION}
  AND customer_id != ''
GROUP BY customer_id
ORDER BY customer_id`,
  )
    .refresh(VariableRefresh.OnDashboardLoad)
    .multi(true)
    .includeAll(true)
    .current(ALL);

export const agentVariable = () =>
  queryVariable(
    'agent',
    'Agent',
    'Deployed agents that ran in the time range.',
    `SELECT agent
FROM v_spans
WHERE ${OF_ORGANIZATION}
  AND $__timeFilter(started_at)
  AND agent != ''
GROUP BY agent
ORDER BY agent`,
  )
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .current(ALL);
