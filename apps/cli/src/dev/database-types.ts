import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migratePostgres, openPostgres, projectRoot, startEmbeddedPostgres } from '#platform';

/** The Kysely types of the schema that migrations/postgres makes: migrated into an empty database and read back by kysely-codegen. */
export async function databaseTypes(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-types-'));
  const server = await startEmbeddedPostgres(join(directory, 'postgres'));
  try {
    const db = openPostgres(server.connection);
    await migratePostgres(db);
    await db.destroy();
    const output = join(directory, 'database.ts');
    execFileSync(process.execPath, [
      join(projectRoot(), 'node_modules', 'kysely-codegen', 'dist', 'cli', 'bin.js'),
      '--dialect', 'postgres',
      '--url', `postgres://${server.connection.user}@localhost/${server.connection.database}?host=${encodeURIComponent(server.connection.host)}`,
      '--camel-case',
      '--type-mapping', '{"int8":"bigint"}',
      '--exclude-pattern', 'schema_migrations',
      '--out-file', output,
    ]);
    return readFileSync(output, 'utf8');
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
