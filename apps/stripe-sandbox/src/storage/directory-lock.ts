import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, randomId } from '#platform';
import { hasErrorCode } from './has-error-code.js';

const LOCK_FILE = 'sandbox.lock';

/** Directories this process holds: a pid alone cannot tell a second start in one process from a reused pid after a crash (containers). */
const heldHere = new Set<string>();

export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only one on a directory, by a file that holds its pid. The lock of a process that is gone is taken over.
 * @throws DomainError `directory_in_use` when a living process holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, LOCK_FILE);
  if (heldHere.has(path)) throw inUse(directory, process.pid);
  heldHere.add(path);
  try {
    await takeLock(directory, path);
  } catch (error) {
    heldHere.delete(path);
    throw error;
  }
  return {
    release: async () => {
      await rm(path, { force: true });
      heldHere.delete(path);
    },
  };
}

async function takeLock(directory: string, path: string): Promise<void> {
  // Written aside and linked into place: the lock is never seen without its pid, and link fails when there is one.
  const mine = join(directory, `${randomId('lock')}.tmp`);
  await writeFile(mine, String(process.pid), { flush: true });
  try {
    while (!(await linked(mine, path))) await removeStale(directory, path);
  } finally {
    await rm(mine, { force: true });
  }
}

async function removeStale(directory: string, path: string): Promise<void> {
  const holder = await readPid(path);
  if (holder === undefined) return;
  if (isAlive(holder)) throw inUse(directory, holder);
  // Two processes may find the same stale lock. A rename has one winner, who then checks what it has moved: if the other one has
  // already put its own lock there, that one is put back.
  const aside = join(directory, `${randomId('stale')}.tmp`);
  if (!(await renamed(path, aside))) return;
  const moved = await readPid(aside);
  if (moved !== holder) await linked(aside, path);
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // Not held here, so it was left by an earlier process of the same number.
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrorCode(error, 'ESRCH');
  }
}

async function readPid(path: string): Promise<number | undefined> {
  try {
    return Number(await readFile(path, 'utf8'));
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  return succeeds(link(from, to), 'EEXIST');
}

async function renamed(from: string, to: string): Promise<boolean> {
  return succeeds(rename(from, to), 'ENOENT');
}

async function succeeds(action: Promise<void>, otherwise: string): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if (hasErrorCode(error, otherwise)) return false;
    throw error;
  }
}

function inUse(directory: string, pid: number): DomainError {
  return new DomainError({
    kind: 'conflict',
    code: 'directory_in_use',
    message: `The directory ${directory} is in use by the sandbox with process id ${pid}. Stop that one, or give this one another --directory.`,
    details: { directory, pid },
  });
}
