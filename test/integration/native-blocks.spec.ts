import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedClickHouse, type ClickHouse } from '#platform';
import { NativeBlock } from '../../libs/traces/src/native/native-block.js';
import { EveryKindBlock, everyKindRow, keptMap, keptText, type EveryKindRow } from '../../libs/traces/src/testing/every-kind-block.js';

const nanoseconds = (time: bigint) => `${new Date(Number(time / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ')}.${String(time % 1_000_000_000n).padStart(9, '0')}`;

/** 12 digits after the point, without the zeros at the end, as the engine prints a decimal. */
function decimal(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(13, '0');
  const text = `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '');
  return units < 0n ? `-${text}` : text;
}

/** A row as the engine gives it in JSON. */
const selected = ({ list, word, text, u64, time, count, money, map, ...row }: EveryKindRow) => ({
  ...row, word: keptText(word), text: keptText(text), u64: String(u64), time: nanoseconds(time), count: count === null ? null : String(count), money: money === null ? null : decimal(money), map: keptMap(map),
  'list.time': list.map((item) => nanoseconds(item.time)), 'list.word': list.map((item) => keptText(item.word)), 'list.map': list.map((item) => keptMap(item.map)),
});

class Words extends NativeBlock {
  readonly n = this.fixed('n', 'UInt32');
  readonly word = this.lowCardinality('word');
  readonly entries = this.map('map');
}

describe('blocks in the Native format, on the engine', () => {
  let directory: string;
  let clickhouse: ClickHouse;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'astrolabe-native-'));
    clickhouse = await openEmbeddedClickHouse(join(directory, 'clickhouse'));
    await clickhouse.run({ query: 'CREATE DATABASE IF NOT EXISTS native', query_params: {} });
  });
  afterAll(async () => {
    await clickhouse.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Into a table with the block's own columns, in one part, and out of it again. */
  const throughTable = async (blocks: Buffer[], { columns }: NativeBlock, select: string) => {
    const path = join(directory, 'rows.native');
    writeFileSync(path, Buffer.concat(blocks));
    const structure = columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
    await clickhouse.run({ query: `CREATE OR REPLACE TABLE native.rows (${structure}) ENGINE = MergeTree ORDER BY tuple()`, query_params: {} });
    await clickhouse.run({ query: "INSERT INTO native.rows SELECT * FROM file({path: String}, 'Native', {structure: String}) SETTINGS max_insert_threads = 1", query_params: { path, structure } });
    return clickhouse.rows<Record<string, unknown>>({ query: select, query_params: {} });
  };

  it('come out as they were put in, whatever is in them', async () => {
    const block = new EveryKindBlock();
    const blockOf = (rows: readonly EveryKindRow[]) => {
      block.reset();
      for (const row of rows) block.write(row);
      return block.toBytes();
    };
    // Rows are told apart by u32: a table promises no order.
    const rows = (length: number) => fc.uniqueArray(everyKindRow(), { minLength: length, maxLength: length, selector: ({ u32 }) => u32 });
    for (const given of fc.sample(rows(40), 8)) {
      const read = await throughTable([blockOf(given.slice(0, 25)), blockOf(given.slice(25))], block, 'SELECT * REPLACE (lower(hex(fixed)) AS fixed) FROM native.rows ORDER BY u32');
      expect(read).toEqual(given.toSorted((a, b) => a.u32 - b.u32).map(selected));
    }
  });

  it('come out also when all rows are empty, or there is but one', async () => {
    const empty: EveryKindRow = { word: '', text: '', fixed: '000000', u8: 0, u16: 0, u32: 0, u64: 0n, time: 0n, flag: null, count: null, money: null, map: {}, list: [] };
    for (const given of [[empty], [empty, { ...empty, u32: 1 }], [{ ...empty, list: [{ time: 1n, word: '', map: {} }] }]]) {
      const block = new EveryKindBlock();
      for (const row of given) block.write(row);
      expect(await throughTable([block.toBytes()], block, 'SELECT * REPLACE (lower(hex(fixed)) AS fixed) FROM native.rows ORDER BY u32')).toEqual(given.map(selected));
    }
  });

  // Indexes of one, two and four bytes: both sides of each edge.
  it.each([256, 257, 65_536, 65_537])('come out with a dictionary of %i strings', async (distinct) => {
    const block = new Words();
    for (let n = 0; n < distinct; n++) {
      const word = `w${(n * 7919) % distinct}`;
      block.n.values.u32(n);
      block.word.text(word);
      if (block.entries.key(word)) block.entries.values.string(`v${word}`);
      block.entries.endRow();
      block.endRow();
    }
    const wrong = `word != concat('w', toString(n * 7919 % ${distinct})) OR mapKeys(map) != [word] OR map[word] != concat('v', word)`;
    expect(await throughTable([block.toBytes()], block, `SELECT count() AS rows, uniqExact(word) AS words, countIf(${wrong}) AS wrong FROM native.rows`)).toEqual([{ rows: String(distinct), words: String(distinct), wrong: '0' }]);
  });

  it('come out with a map that is repeated for many rows', async () => {
    const block = new Words();
    for (let n = 0; n < 1000; n++) {
      block.n.values.u32(n);
      block.word.text('');
      if (n % 100 > 0) block.entries.repeatRow();
      else {
        for (const [name, value] of [['service', `s${n}`], ['é', 'x'.repeat(60)]] as const) if (block.entries.key(name)) block.entries.values.string(value);
        block.entries.endRow();
      }
      block.endRow();
    }
    const wrong = "map != map('service', concat('s', toString(intDiv(n, 100) * 100)), 'é', repeat('x', 60))";
    expect(await throughTable([block.toBytes()], block, `SELECT count() AS rows, countIf(${wrong}) AS wrong FROM native.rows`)).toEqual([{ rows: '1000', wrong: '0' }]);
  });
});
