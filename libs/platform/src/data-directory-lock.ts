import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { DomainError } from './errors.js';

/*
 * Node has no call for a file lock, and the SQLite that it brings along takes one. The kernel keeps it on the file's inode: it ends with the
 * process, however that ends, and all who share the volume see it. What was tried before: a pid in a file has to guess whether the number
 * was given to somebody else since, and a socket in the temporary directory is not met by a process that has another one.
 */

const LOCK_FILE = 'lock';
const SQLITE_BUSY = 5;

/** A connection that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>();

export interface DataDirectoryLock {
  release(): void;
}

/**
 * Makes the caller the only owner of a directory, which is made when it is missing, until `release` or the end of the process. The lock
 * file stays behind: removing it would let two owners hold two files of one name.
 *
 * @param remedy what the refused one may do, as an order
 * @throws DomainError `data_directory_in_use`
 */
export function lockDataDirectory(
  directory: string,
  remedy = 'stop that one first, or set DATA_DIR to another directory; to run the apps apart, set DATABASE_URL and CLICKHOUSE_URL',
): DataDirectoryLock {
  mkdirSync(directory, { recursive: true });
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(join(directory, LOCK_FILE));
  try {
    // IMMEDIATE is one lock, so of many who ask at once exactly one gets it. EXCLUSIVE is two in a row: two could refuse each other.
    database.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
  } catch (cause) {
    database.close();
    if ((cause as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause;
    throw new DomainError({
      kind: 'conflict',
      code: 'data_directory_in_use',
      message: `${directory} is in use by another Astrolabe process: ${remedy}`,
      details: { directory },
      cause,
    });
  }
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

// Before 24.15 Node says on loading, and only then, that the module is experimental. An operator can do nothing about that.
function loadSqlite(): typeof import('node:sqlite') {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is put back where it was, not called
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
