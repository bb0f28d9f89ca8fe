import type { ClickHouse } from '#platform';

/** Resolves when the mutations of a table that were asked for before are done: they are done in their order, and of the last it is waited for. */
export async function awaitMutations(clickhouse: ClickHouse, table: 'spans' | 'span_contents'): Promise<void> {
  await clickhouse.run({ query: `ALTER TABLE ${table} UPDATE retention_days = retention_days WHERE organization_id = '' SETTINGS mutations_sync = 1`, query_params: {} });
}
