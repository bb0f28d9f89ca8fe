import { pendingMigrations, readMigrations } from '../migrations.js';
import { clickHouseFailure } from './clickhouse-failure.js';
import type { ClickHouse } from './open-clickhouse.js';

/**
 * Applies the numbered files of migrations/clickhouse that are not applied yet. ClickHouse has no transactions over DDL: each statement
 * is written so that it may be met half done (`IF NOT EXISTS` is put in), and a file is recorded when all of it is applied.
 * @throws DomainError `migration_edited`; of a server also `clickhouse_unavailable` and `clickhouse_refuses`
 */
export async function migrateClickHouse(clickhouse: ClickHouse): Promise<string[]> {
  const migrations = readMigrations('clickhouse');
  const answered = <T>(answer: Promise<T>) =>
    answer.catch((error: unknown) => {
      throw clickhouse.kind === 'server' ? clickHouseFailure(error) : error;
    });
  const statement = (query: string, query_params = {}) => answered(clickhouse.run({ query, query_params }));
  const onCluster = clickhouse.cluster ? ` ON CLUSTER ${clickhouse.cluster}` : '';
  await statement(
    `CREATE TABLE IF NOT EXISTS schema_migrations${onCluster} (name String, sha256 String, applied_at DateTime DEFAULT now()) ENGINE = ${engineFor('ReplacingMergeTree', clickhouse.cluster)} ORDER BY name`,
  );
  const rows = await answered(clickhouse.rows<{ name: string; sha256: string }>({ query: 'SELECT name, sha256 FROM schema_migrations', query_params: {} }));
  const fresh = pendingMigrations(migrations, new Map(rows.map((row) => [row.name, row.sha256])));
  for (const { name, text, sha256 } of fresh) {
    for (const query of statementsOf(text, clickhouse.cluster)) await statement(query);
    await statement('INSERT INTO schema_migrations (name, sha256) SELECT {name: String}, {sha256: String}', { name, sha256 });
  }
  clickhouse.markMigrated();
  return fresh.map(({ name }) => name);
}

/** The statements of one migration file, with engines and cluster put in. */
export function statementsOf(text: string, cluster?: string): string[] {
  return text
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) =>
      part
        .replace(/^CREATE (TABLE|VIEW|MATERIALIZED VIEW) /, 'CREATE $1 IF NOT EXISTS ')
        .replace(/ ?\{on_cluster\}/g, cluster ? ` ON CLUSTER ${cluster}` : '')
        .replace(/\{engine (\w+(?:\([^)]*\))?)\}/g, (_match, engine: string) => engineFor(engine, cluster)),
    );
}

function engineFor(engine: string, cluster: string | undefined): string {
  return cluster ? `Replicated${engine}` : engine;
}
