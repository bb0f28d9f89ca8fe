import { createWriteStream } from 'node:fs';
import { access, link, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DomainError, randomId } from '#platform';

/**
 * Writes `path` whole, or leaves it as it was: beside its place first, and renamed when everything is on the disk.
 * @throws DomainError `file_exists`, and what `text` throws; then nothing is left behind
 */
export async function intoFile(path: string, isReplacing: boolean, text: AsyncIterable<string>): Promise<void> {
  const target = resolve(path);
  // Told before the work, and made sure of after it.
  if (!isReplacing && (await isThere(target))) throw fileExists(target);
  await mkdir(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${basename(target)}.${randomId('partial')}`);
  try {
    await pipeline(text, createWriteStream(temporary, { flags: 'wx', flush: true }));
    if (isReplacing) return await rename(temporary, target);
    await link(temporary, target).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? fileExists(target) : error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function fileExists(path: string): DomainError {
  return new DomainError({ kind: 'conflict', code: 'file_exists', message: `${path} is there already: name another file, or add --force to replace it` });
}
