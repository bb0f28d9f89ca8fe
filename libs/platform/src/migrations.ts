import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from './errors.js';
import { sha256Hex } from './ids.js';
import { projectRoot } from './project-root.js';

/** One numbered file of migrations/. */
export interface Migration {
  name: string;
  text: string;
  sha256: string;
}

/** The files of one store, in the order in which they are applied. */
export function readMigrations(store: 'postgres' | 'clickhouse'): Migration[] {
  const directory = join(projectRoot(), 'migrations', store);
  const names = readdirSync(directory).filter((name) => name.endsWith('.sql')).sort();
  return names.map((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    return { name, text, sha256: sha256Hex(text) };
  });
}

/**
 * Those that a store does not have yet.
 * @param applied checksums by name, as the store has them
 * @throws DomainError `migration_edited` when an applied file is no longer what was applied
 */
export function pendingMigrations(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): Migration[] {
  for (const { name, sha256 } of migrations) {
    if (applied.has(name) && applied.get(name) !== sha256) throw editedMigration(name);
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

function editedMigration(name: string): DomainError {
  return new DomainError({
    kind: 'conflict',
    code: 'migration_edited',
    message: `Migration ${name} was edited after it was applied here: restore it and write a new numbered file, or start on a new data directory`,
  });
}
