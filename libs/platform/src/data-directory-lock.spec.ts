import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { lockDataDirectory } from './data-directory-lock.js';

const PROCESSES = 12;

// Says what became of it, and keeps the lock until it is killed.
const TAKER = `
import { lockDataDirectory } from './data-directory-lock.js';
process.on('message', () => {
  try {
    lockDataDirectory(process.argv[2]);
    process.send('owner');
  } catch (error) {
    process.send(error.code ?? String(error));
  }
});
process.send('ready');
`;

describe('lockDataDirectory', () => {
  const root = mkdtempSync(join(tmpdir(), 'lock-'));
  const children: ChildProcess[] = [];
  let directory: string;
  let count = 0;

  beforeAll(() => {
    const program = join(root, 'program');
    mkdirSync(program);
    for (const name of ['data-directory-lock', 'errors']) {
      const { code } = transformFileSync(join(import.meta.dirname, `${name}.ts`), { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } });
      writeFileSync(join(program, `${name}.js`), code);
    }
    writeFileSync(join(program, 'taker.js'), TAKER);
    writeFileSync(join(program, 'package.json'), '{ "type": "module" }');
  });
  beforeEach(() => {
    directory = join(root, `data-${count++}`);
  });
  afterAll(async () => {
    await Promise.all(children.map(kill));
    rmSync(root, { recursive: true });
  });

  /** A process with a temporary directory of its own that takes the lock when it is asked to. */
  async function startTaker(): Promise<ChildProcess> {
    const temporary = join(root, `tmp-${count++}`);
    mkdirSync(temporary);
    const child = spawn(process.execPath, [join(root, 'program', 'taker.js'), directory], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { TMPDIR: temporary } });
    children.push(child);
    await once(child, 'message');
    return child;
  }

  async function take(child: ChildProcess): Promise<unknown> {
    const answer = once(child, 'message');
    child.send('take');
    return (await answer)[0];
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  it('has one owner in a process, until it is released', () => {
    const lock = lockDataDirectory(directory);
    expect(() => lockDataDirectory(directory)).toThrow(expect.objectContaining({ kind: 'conflict', code: 'data_directory_in_use' }));
    expect(() => lockDataDirectory(directory)).toThrow(/^.*data-\d+ is in use by another Astrolabe process: stop that one first, or set DATA_DIR .*set DATABASE_URL and CLICKHOUSE_URL$/);
    expect(() => lockDataDirectory(directory, 'stop it')).toThrow(/in use by another Astrolabe process: stop it$/);
    lock.release();
    const next = lockDataDirectory(directory);
    // A second release of the first must not free the second.
    lock.release();
    expect(() => lockDataDirectory(directory)).toThrow(/in use/);
    next.release();
  });

  it('refuses another process that has another temporary directory, until the owner is killed', async () => {
    const owner = await startTaker();
    const other = await startTaker();
    expect(await take(owner)).toBe('owner');
    expect(await take(other)).toBe('data_directory_in_use');
    expect(() => lockDataDirectory(directory)).toThrow(/in use/);
    await kill(owner);
    expect(await take(other)).toBe('owner');
  });

  it(`goes to exactly one of ${PROCESSES} processes that ask at once`, async () => {
    const takers = await Promise.all(Array.from({ length: PROCESSES }, startTaker));
    const answers = (await Promise.all(takers.map(take))).sort();
    expect(answers).toEqual([...Array.from({ length: PROCESSES - 1 }, () => 'data_directory_in_use'), 'owner']);
  });
});
