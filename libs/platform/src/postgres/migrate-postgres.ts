import { sql } from 'kysely';
import { pendingMigrations, readMigrations, type Migration } from '../migrations.js';
import type { Database } from './open-postgres.js';
import { isPostgresAway, postgresFailure } from './postgres-failure.js';

// Any constant: two processes that start together must not migrate together.
const MIGRATION_LOCK = 7_203_118_464n;

/**
 * Applies the numbered files of migrations/postgres that are not applied yet, each in one transaction with its record.
 * @throws DomainError `migration_edited` when an applied file is no longer what was applied; `postgres_unavailable`
 */
export async function migratePostgres(db: Database): Promise<string[]> {
  const migrations = readMigrations('postgres');
  return applyPending(db, migrations).catch((error: unknown) => {
    throw isPostgresAway(error) ? postgresFailure(error) : error;
  });
}

function applyPending(db: Database, migrations: readonly Migration[]): Promise<string[]> {
  return db.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
    try {
      await sql`CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`.execute(connection);
      const { rows } = await sql<{ name: string; sha256: string }>`SELECT name, sha256 FROM schema_migrations`.execute(connection);
      const fresh = pendingMigrations(migrations, new Map(rows.map((row) => [row.name, row.sha256])));
      for (const { name, text, sha256 } of fresh) {
        await connection.transaction().execute(async (tx) => {
          await sql.raw(text).execute(tx);
          await sql`INSERT INTO schema_migrations (name, sha256) VALUES (${name}, ${sha256})`.execute(tx);
        });
      }
      return fresh.map(({ name }) => name);
    } finally {
      await sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}
