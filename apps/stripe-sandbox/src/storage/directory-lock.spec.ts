import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from './directory-lock.js';

describe('lockDirectory', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is held once and can be taken again when released', async () => {
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({ kind: 'conflict', code: 'directory_in_use' });
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
    await (await lockDirectory(directory)).release();
  });

  it('respects a living process and takes over from a dead one', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    await writeFile(join(directory, 'sandbox.lock'), String(other.pid));
    await expect(lockDirectory(directory)).rejects.toThrow(`process id ${other.pid}`);

    const gone = once(other, 'exit');
    other.kill('SIGKILL');
    await gone;
    const lock = await lockDirectory(directory);
    expect(await readFile(join(directory, 'sandbox.lock'), 'utf8')).toBe(String(process.pid));
    await lock.release();
  });

  it('takes over a lock with its own pid that it does not hold, as after a crash in a container', async () => {
    await writeFile(join(directory, 'sandbox.lock'), String(process.pid));
    await (await lockDirectory(directory)).release();
  });
});
