import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mendDeduplicationLogs } from './mend-deduplication-logs.js';

describe('mendDeduplicationLogs', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'astrolabe-mend-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** A table as the engine keeps it: its parts, and its logs in order. */
  const tableOf = (name: string, parts: string[], logs: string[][]) => {
    const table = join(directory, 'store', name.slice(0, 3), name);
    for (const part of ['deduplication_logs', 'detached', ...parts]) mkdirSync(join(table, part), { recursive: true });
    for (const [index, lines] of logs.entries()) writeFileSync(join(table, 'deduplication_logs', `deduplication_log_${index + 9}.txt`), lines.map((line) => `${line}\n`).join(''));
    return (log: number) => readFileSync(join(table, 'deduplication_logs', `deduplication_log_${log}.txt`), 'utf8').split('\n').filter(Boolean);
  };

  it('takes out the tokens whose part has no name yet, at the end of the newest log, and does so once', () => {
    const log = tableOf('aaa-1', ['202611_1_1_0', 'tmp_insert_202611_2_2_0'], [['1\t202611_1_1_0\tone'], ['1\t202611_2_2_0\ttwo', '1\t202612_3_3_0\tthree']]);
    expect(mendDeduplicationLogs(directory)).toBe(2);
    expect(log(9)).toEqual(['1\t202611_1_1_0\tone']);
    expect(log(10)).toEqual(['1\t202611_2_2_0\ttwo', '1\t202612_3_3_0\tthree', '2\t202611_2_2_0\ttwo', '2\t202612_3_3_0\tthree']);
    expect(mendDeduplicationLogs(directory)).toBe(0);
  });

  it('keeps the tokens of rows that were merged, also after a mutation, and by number and not by text', () => {
    const tokens = Array.from({ length: 12 }, (_, n) => `1\tall_${n + 1}_${n + 1}_0\ttoken-${n + 1}`);
    const log = tableOf('bbb-1', ['all_1_10_2', 'all_11_11_0_13'], [tokens]);
    expect(mendDeduplicationLogs(directory)).toBe(1);
    expect(log(9).slice(12)).toEqual(['2\tall_12_12_0\ttoken-12']);
  });

  it('tells tables and partitions apart', () => {
    const one = tableOf('ccc-1', ['202611_1_1_0'], [['1\t202611_1_1_0\ta', '1\t202612_1_1_0\tb']]);
    const other = tableOf('ccc-2', [], [['1\t202611_1_1_0\ta']]);
    expect(mendDeduplicationLogs(directory)).toBe(2);
    expect([one(9).at(-1), other(9).at(-1)]).toEqual(['2\t202612_1_1_0\tb', '2\t202611_1_1_0\ta']);
  });

  it('leaves alone what was dropped before, what it does not understand, and a directory that is new', () => {
    expect(mendDeduplicationLogs(directory)).toBe(0);
    const log = tableOf('ddd-1', [], [['1\tall_1_1_0\ta', '2\tall_1_1_0\ta', '1\tsome other name\tb']]);
    expect(mendDeduplicationLogs(directory)).toBe(0);
    expect(log(9)).toHaveLength(3);
  });
});
