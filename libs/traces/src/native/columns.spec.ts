import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EveryKindBlock, everyKindRow, keptMap, keptText, type EveryKindRow } from '../testing/every-kind-block.js';
import { MANY } from './columns.js';
import { NativeBlock } from './native-block.js';
import { readBlockHead, readNativeRows } from './read-native-block.js';

/** A row as it is read back. */
const readBack = ({ list, word, text, map, ...row }: EveryKindRow) => ({
  ...row, word: keptText(word), text: keptText(text), map: keptMap(map),
  'list.time': list.map(({ time }) => time), 'list.word': list.map((item) => keptText(item.word)), 'list.map': list.map((item) => keptMap(item.map)),
});

class Words extends NativeBlock {
  readonly word = this.lowCardinality('word');
  readonly entries = this.map('map');
}

describe('a block in the Native format', () => {
  it('is read back as it was written, also after a reset, and with others behind it', () => {
    const block = new EveryKindBlock();
    fc.assert(
      fc.property(fc.array(everyKindRow(), { maxLength: 6 }), fc.array(everyKindRow(), { maxLength: 6 }), (first, second) => {
        const written = [first, second].map((rows) => {
          block.reset();
          for (const row of rows) block.write(row);
          return block.toBytes();
        });
        expect(readNativeRows(Buffer.concat(written))).toEqual([...first, ...second].map(readBack));
      }),
    );
  });

  it('is the bytes that the format asks for', () => {
    const block = new Words();
    for (const [word, entries] of [['x', []], ['y', [['k', 'v']]], ['x', []]] as const) {
      block.word.text(word);
      for (const [name, value] of entries) if (block.entries.key(name)) block.entries.values.string(value);
      block.entries.endRow();
      block.endRow();
    }
    const u64 = (value: number) => Buffer.from([value & 0xff, value >> 8, 0, 0, 0, 0, 0, 0]);
    const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
    expect(block.toBytes().toString('hex')).toBe(
      Buffer.concat([
        Buffer.from([2, 3]), // columns, rows
        text('word'), text('LowCardinality(String)'), u64(1), // keys stand in the block
        u64(0x600), u64(2), text('x'), text('y'), u64(3), Buffer.from([0, 1, 0]), // its own dictionary, indexes of a byte
        text('map'), text('Map(LowCardinality(String), String)'), u64(1),
        u64(0), u64(1), u64(1), // where each row's entries end
        u64(0x600), u64(1), text('k'), u64(1), Buffer.from([0]), text('v'),
      ]).toString('hex'),
    );
  });

  it('says itself what it has, and is nothing at all without a row', () => {
    const block = new EveryKindBlock();
    expect(block.toBytes()).toEqual(Buffer.alloc(0));
    block.write(fc.sample(everyKindRow(), 1)[0] as EveryKindRow);
    const { rows, columns } = readBlockHead(block.toBytes());
    expect([rows, columns]).toEqual([1, block.columns.map(({ name, type }) => ({ name, type }))]);
    expect(columns.map(({ type }) => type)).toEqual([
      'LowCardinality(String)', 'String', 'FixedString(3)', 'UInt8', 'UInt16', 'UInt32', 'UInt64', "DateTime64(9, 'UTC')", 'Nullable(UInt8)', 'Nullable(UInt64)', 'Nullable(Decimal(18, 12))',
      'Map(LowCardinality(String), String)', "Array(DateTime64(9, 'UTC'))", 'Array(LowCardinality(String))', 'Array(Map(LowCardinality(String), String))',
    ]);
  });

  it('is told from one with other columns, another type or another order by its schema', () => {
    class Other extends NativeBlock {
      readonly entries = this.map('map');
      readonly word = this.lowCardinality('word');
    }
    class OtherType extends NativeBlock {
      readonly word = this.string('word');
      readonly entries = this.map('map');
    }
    expect(new Set([new Words(), new Other(), new OtherType(), new EveryKindBlock()].map(({ schema }) => schema)).size).toBe(4);
    expect(new Words().schema).toBe(new Words().schema);
  });
});

describe('dictionaries', () => {
  // Indexes have a byte up to 256 keys, two up to 65,536, and four beyond: both sides of each edge.
  it.each([1, 255, 256, 257, 65_536, 65_537])('of %i distinct strings are read back', (distinct) => {
    const block = new Words();
    const words = Array.from({ length: distinct }, (_, n) => `w${n}`);
    const given = [...words, words[0] as string, words.at(-1) as string];
    for (const word of given) {
      block.word.text(word);
      if (block.entries.key(word)) block.entries.values.string(`v${word}`);
      block.entries.endRow();
      block.endRow();
    }
    const wrong = readNativeRows(block.toBytes()).filter((row, n) => row['word'] !== given[n] || JSON.stringify(row['map']) !== JSON.stringify({ [given[n] as string]: `v${given[n]}` }));
    expect([block.rows, wrong]).toEqual([distinct + 2, []]);
  });

  it('take a string that is not admitted as (many), and a name that is not admitted not at all', () => {
    const block = new Words();
    block.word.admission = block.entries.admission = (value) => value === 'a';
    const admitted = ['a', 'b', 'b', '', 'c', 'a'].map((word) => {
      const isWord = block.word.text(word);
      const isName = block.entries.key(word);
      if (isName) block.entries.values.string('v');
      block.entries.endRow();
      block.endRow();
      return [isWord, isName];
    });
    expect(admitted).toEqual([[true, true], [false, false], [false, false], [true, false], [false, false], [true, true]]);
    expect(readNativeRows(block.toBytes())).toEqual([
      { word: 'a', map: { a: 'v' } }, { word: MANY, map: {} }, { word: MANY, map: {} }, { word: '', map: {} }, { word: MANY, map: {} }, { word: 'a', map: { a: 'v' } },
    ]);
  });

  it('ask once for each distinct string of a block, and again in the next', () => {
    const block = new Words();
    const asked: string[] = [];
    block.word.admission = (value) => asked.push(value) > 0;
    for (let round = 0; round < 2; round++) {
      for (const word of ['a', 'b', 'a', 'a', 'b']) block.word.text(word);
      block.reset();
    }
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe('a map', () => {
  it('may repeat the row before, empty or not, any number of times', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ map: fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 60 }), { maxKeys: 4 }), times: fc.nat(3) }), { maxLength: 6 }), (given) => {
        const block = new Words();
        for (const { map, times } of given) {
          for (const [name, value] of Object.entries(map)) if (block.entries.key(name)) block.entries.values.string(value);
          block.entries.endRow();
          for (let time = 0; time < times; time++) block.entries.repeatRow();
          for (let time = 0; time <= times; time++) {
            block.word.text('');
            block.endRow();
          }
        }
        const expected = given.flatMap(({ map, times }) => Array.from({ length: times + 1 }, () => keptMap(map)));
        expect(readNativeRows(block.toBytes()).map((row) => row['map'])).toEqual(expected);
      }),
    );
  });
});
