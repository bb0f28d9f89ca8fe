import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../ids.js';
import { editedMigration } from '../postgres/migrate-postgres.js';
import { projectRoot } from '../project-root.js';
import type { ClickHouse } from './open-clickhouse.js';

/**
 * Applies the numbered files of migrations/clickhouse that are not applied yet. ClickHouse has no transactions over DDL: each statement
 * is written so that it may be met half done (`IF NOT EXISTS` is put in), and a file is recorded when all of it is applied.
 */
export async function migrateClickHouse(clickhouse: ClickHouse): Promise<string[]> {
  const directory = join(projectRoot(), 'migrations', 'clickhouse');
  const statement = (query: string) => clickhouse.run({ query, query_params: {} });
  const onCluster = clickhouse.cluster ? ` ON CLUSTER ${clickhouse.cluster}` : '';
  await statement(
    `CREATE TABLE IF NOT EXISTS schema_migrations${onCluster} (name String, sha256 String, applied_at DateTime DEFAULT now()) ENGINE = ${engineFor('ReplacingMergeTree', clickhouse.cluster)} ORDER BY name`,
  );
  const rows = await clickhouse.rows<{ name: string; sha256: string }>({ query: 'SELECT name, sha256 FROM schema_migrations', query_params: {} });
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  const fresh: string[] = [];
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.sql')).sort()) {
    const text = readFileSync(join(directory, name), 'utf8');
    const known = applied.get(name);
    if (known === sha256Hex(text)) continue;
    if (known !== undefined) throw editedMigration(name);
    for (const query of statementsOf(text, clickhouse.cluster)) await statement(query);
    await clickhouse.run({
      query: 'INSERT INTO schema_migrations (name, sha256) SELECT {name: String}, {sha256: String}',
      query_params: { name, sha256: sha256Hex(text) },
    });
    fresh.push(name);
  }
  return fresh;
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
