import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { DomainError } from '../errors.js';
import { sha256Hex } from '../ids.js';
import { projectRoot } from '../project-root.js';
import type { Database } from './open-postgres.js';

// Any constant: two processes that start together must not migrate together.
const MIGRATION_LOCK = 7_203_118_464n;

/**
 * Applies the numbered files of migrations/postgres that are not applied yet, each in one transaction with its record.
 * @throws DomainError `migration_edited` when an applied file is no longer what was applied.
 */
export async function migratePostgres(db: Database): Promise<string[]> {
  const directory = join(projectRoot(), 'migrations', 'postgres');
  const names = readdirSync(directory).filter((name) => name.endsWith('.sql')).sort();
  return db.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
    try {
      await sql`CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`.execute(connection);
      const { rows } = await sql<{ name: string; sha256: string }>`SELECT name, sha256 FROM schema_migrations`.execute(connection);
      const applied = new Map(rows.map((row) => [row.name, row.sha256]));
      const fresh: string[] = [];
      for (const name of names) {
        const text = readFileSync(join(directory, name), 'utf8');
        const known = applied.get(name);
        if (known === sha256Hex(text)) continue;
        if (known !== undefined) throw editedMigration(name);
        await connection.transaction().execute(async (tx) => {
          await sql.raw(text).execute(tx);
          await sql`INSERT INTO schema_migrations (name, sha256) VALUES (${name}, ${sha256Hex(text)})`.execute(tx);
        });
        fresh.push(name);
      }
      return fresh;
    } finally {
      await sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}

export function editedMigration(name: string): DomainError {
  return new DomainError({
    kind: 'conflict',
    code: 'migration_edited',
    message: `Migration ${name} was edited after it was applied here: restore it and write a new numbered file, or start on a new data directory`,
  });
}
