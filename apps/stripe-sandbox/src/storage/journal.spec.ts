import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from './journal.js';

describe('Journal', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'journal-'));
    path = join(directory, 'journal.jsonl');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const reopen = async (): Promise<{ journal: Journal; restored: unknown[] }> => {
    const restored: unknown[] = [];
    return { journal: await Journal.open(path, (value) => restored.push(value)), restored };
  };

  it('gives back what was appended, in order', async () => {
    const { journal } = await reopen();
    await Promise.all(Array.from({ length: 50 }, (_, index) => journal.append({ index })));
    await journal.append({ index: 50, text: 'line\nbreak' });
    await journal.close();

    const second = await reopen();
    expect(second.restored).toHaveLength(51);
    expect(second.restored.map((value) => (value as { index: number }).index)).toEqual(Array.from({ length: 51 }, (_, index) => index));
    await second.journal.close();
  });

  it('has the line in the file when append resolves', async () => {
    const { journal } = await reopen();
    await journal.append({ a: 1 });
    expect(await readFile(path, 'utf8')).toBe('{"a":1}\n');
    await journal.close();
  });

  it.each([['{"a":'], ['{"a":2}']])('cuts the torn last line %p and goes on', async (torn) => {
    await writeFile(path, '{"a":1}\n');
    await appendFile(path, torn);
    const { journal, restored } = await reopen();
    expect(restored).toEqual([{ a: 1 }]);
    await journal.append({ a: 3 });
    await journal.close();
    expect(await readFile(path, 'utf8')).toBe('{"a":1}\n{"a":3}\n');
  });

  it('refuses a damaged line that is complete', async () => {
    await writeFile(path, '{"a":1}\n{"a"\n{"a":3}\n');
    await expect(reopen()).rejects.toMatchObject({ code: 'journal_corrupt', message: expect.stringContaining('byte 8') });
  });

  it('takes nothing more after a failed write', async () => {
    const { journal } = await reopen();
    await journal.close();
    await expect(journal.append({ a: 1 })).rejects.toMatchObject({ code: 'journal_failed' });
    await expect(journal.append({ a: 2 })).rejects.toMatchObject({ code: 'journal_failed' });
    await expect(journal.settled()).rejects.toMatchObject({ code: 'journal_failed' });
  });
});
