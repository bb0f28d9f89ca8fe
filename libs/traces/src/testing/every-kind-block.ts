import fc from 'fast-check';
import { FixedColumn, LowCardinalityColumn, MapColumn } from '../native/columns.js';
import { NativeBlock } from '../native/native-block.js';

/** A column of every kind that is written. */
export class EveryKindBlock extends NativeBlock {
  readonly word = this.lowCardinality('word');
  readonly text = this.string('text');
  readonly threeBytes = this.fixed('fixed', 'FixedString(3)');
  readonly u8 = this.fixed('u8', 'UInt8');
  readonly u16 = this.fixed('u16', 'UInt16');
  readonly u32 = this.fixed('u32', 'UInt32');
  readonly u64 = this.fixed('u64', 'UInt64');
  readonly time = this.fixed('time', "DateTime64(9, 'UTC')");
  readonly flag = this.nullable('flag', 'UInt8');
  readonly count = this.nullable('count', 'UInt64');
  readonly money = this.nullable('money', 'Decimal(18, 12)');
  readonly entries = this.map('map');
  readonly times = this.array(new FixedColumn('list.time', "DateTime64(9, 'UTC')"));
  readonly words = this.array(new LowCardinalityColumn('list.word'));
  readonly maps = this.array(new MapColumn('list.map'));

  write(row: EveryKindRow): void {
    this.word.text(row.word);
    this.text.text(row.text);
    this.threeBytes.values.bytes(Buffer.from(row.fixed, 'hex'));
    this.u8.values.u8(row.u8);
    this.u16.values.u16(row.u16);
    this.u32.values.u32(row.u32);
    this.u64.values.u64(lowOf(row.u64), highOf(row.u64));
    this.time.values.u64(lowOf(row.time), highOf(row.time));
    this.flag.number(row.flag ?? undefined);
    this.count.number(row.count === null ? undefined : Number(row.count));
    this.money.bigInt(row.money ?? undefined);
    writeMap(this.entries, row.map);
    for (const { time, word, map } of row.list) {
      this.times.items.values.u64(lowOf(time), highOf(time));
      this.words.items.text(word);
      writeMap(this.maps.items, map);
    }
    for (const column of [this.times, this.words, this.maps]) column.endRow(row.list.length);
    this.endRow();
  }
}

export interface EveryKindRow {
  word: string;
  text: string;
  /** Three bytes as hex. */
  fixed: string;
  u8: number;
  u16: number;
  u32: number;
  u64: bigint;
  /** Nanoseconds since 1970. */
  time: bigint;
  flag: number | null;
  count: bigint | null;
  /** In units of the last digit. */
  money: bigint | null;
  map: Record<string, string>;
  list: { time: bigint; word: string; map: Record<string, string> }[];
}

function writeMap(column: MapColumn, map: Record<string, string>): void {
  for (const [name, value] of Object.entries(map)) if (column.key(name)) column.values.string(value);
  column.endRow();
}

const lowOf = (value: bigint) => Number(value & 0xffff_ffffn);
const highOf = (value: bigint) => Number(value >> 32n);

const TIME_MAX = 4_294_967_295_999_999_999n;
const word = () => fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constantFrom('', 'a', 'b', 'é'.repeat(40), '\0', 'a\0b', '\ud800', '\ufffd'));
// Keys that a store makes one of would be one key too many for its map.
const key = () => fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constantFrom('', 'a', 'b', 'é'.repeat(40))).filter((text) => !/[\0\ufffd]/.test(text) && text.isWellFormed());
const map = () => fc.dictionary(key(), word(), { maxKeys: 4 });
const time = () => fc.bigInt({ min: 0n, max: TIME_MAX });

export function everyKindRow(): fc.Arbitrary<EveryKindRow> {
  return fc.record({
    word: word(),
    text: fc.oneof(word(), fc.string({ unit: 'grapheme', maxLength: 300 })),
    fixed: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    u8: fc.nat(0xff),
    u16: fc.nat(0xffff),
    u32: fc.nat(0xffff_ffff),
    u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    time: time(),
    flag: fc.option(fc.nat(1)),
    count: fc.option(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n })),
    money: fc.option(fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n })),
    map: map(),
    list: fc.array(fc.record({ time: time(), word: word(), map: map() }), { maxLength: 3 }),
  });
}

/** Text as it is kept: valid UTF-8, and no NUL. */
export function keptText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

export function keptMap(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, keptText(value)]));
}
