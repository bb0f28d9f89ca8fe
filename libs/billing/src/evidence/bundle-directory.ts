import { mkdir, mkdtemp, readFile, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DomainError, randomId } from '#platform';

/**
 * Makes `directory` what `work` writes, or leaves it as it was: `work` writes beside it, and what it wrote is renamed when it is whole.
 * `replace` allows to take the place of an earlier bundle, and of nothing else.
 * @throws DomainError `directory_not_empty`, `not_a_bundle`
 */
export async function intoDirectory<Result>(directory: string, isReplacing: boolean, work: (temporary: string) => Promise<Result>): Promise<Result> {
  const target = resolve(directory);
  await refuseOther(target, isReplacing);
  await mkdir(dirname(target), { recursive: true });
  const temporary = await mkdtemp(join(dirname(target), `.${basename(target)}.partial-`));
  try {
    const result = await work(temporary);
    await putInPlace(temporary, target, isReplacing);
    return result;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function putInPlace(temporary: string, target: string, isReplacing: boolean): Promise<void> {
  // Looked at again, because what was worked on took its time.
  const isThere = await refuseOther(target, isReplacing);
  if (isThere === 'nothing') return rename(temporary, target);
  if (isThere === 'empty') return rmdir(target).then(() => rename(temporary, target));
  const aside = join(dirname(target), `.${basename(target)}.${randomId('old')}`);
  await rename(target, aside);
  await rename(temporary, target);
  await rm(aside, { recursive: true, force: true });
}

async function refuseOther(target: string, isReplacing: boolean): Promise<'nothing' | 'empty' | 'bundle'> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    if (error.code !== 'ENOTDIR') throw error;
    throw new DomainError({ kind: 'conflict', code: 'not_a_bundle', message: `${target} is a file: name a directory`, cause: error });
  });
  if (names === undefined) return 'nothing';
  if (names.length === 0) return 'empty';
  if (!isReplacing) {
    throw new DomainError({ kind: 'conflict', code: 'directory_not_empty', message: `${target} is not empty: name another directory, or add --force to replace the evidence in it` });
  }
  if (await isBundle(target)) return 'bundle';
  throw new DomainError({ kind: 'conflict', code: 'not_a_bundle', message: `${target} holds something else than evidence, which is not replaced: name another directory` });
}

async function isBundle(directory: string): Promise<boolean> {
  try {
    const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as { format?: unknown };
    return typeof manifest.format === 'string' && manifest.format.startsWith('astrolabe-evidence/');
  } catch {
    return false;
  }
}
