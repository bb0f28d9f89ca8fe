import { ByteBuffer } from './byte-buffer.js';
import { Dictionary, type Admission } from './dictionary.js';

/*
 * Columns as ClickHouse's Native format lays them out (clickhouse.com/docs/interfaces/formats/Native; SerializationLowCardinality,
 * SerializationArray and SerializationMap in its source): all values of a column together, an array as its end offsets and then its values,
 * a map as an array of keys and values, a nullable as a byte for each row and then the values, a low-cardinality string as a dictionary and
 * an index for each row. A column is filled row by row and reused from block to block.
 */

/** What a block asks of its columns. */
export abstract class Column {
  constructor(
    readonly name: string,
    /** The ClickHouse type, such as `Nullable(UInt64)`. */
    readonly type: string,
  ) {}

  abstract reset(): void;
  /** Bytes that `writeTo` will write. */
  abstract byteLength(): number;
  /** Writes the column and returns the position behind it. */
  abstract writeTo(target: Buffer, at: number): number;
}

/** A column that is nothing but its values, one after the other. */
abstract class ValuesColumn extends Column {
  readonly values = new ByteBuffer();

  override reset(): void {
    this.values.reset();
  }

  override byteLength(): number {
    return this.values.length;
  }

  override writeTo(target: Buffer, at: number): number {
    return this.values.copyTo(target, at);
  }
}

/** Strings, each after its length. */
export class StringColumn extends ValuesColumn {
  constructor(name: string) {
    super(name, 'String');
  }

  text(value: string): void {
    this.values.string(value);
  }
}

/** Values of a fixed width: identifiers, integers, times, flags. */
export class FixedColumn extends ValuesColumn {}

/** 64 or 8 bits, or NULL, which is not zero. */
export class NullableColumn extends Column {
  readonly #nulls = new ByteBuffer();
  readonly #values = new ByteBuffer();
  readonly #width: 1 | 8;

  constructor(name: string, type: string) {
    super(name, `Nullable(${type})`);
    this.#width = type === 'UInt8' ? 1 : 8;
  }

  /** A whole number from 0 to 2^53, or undefined for NULL. */
  number(value: number | undefined): void {
    this.#nulls.u8(value === undefined ? 1 : 0);
    if (this.#width === 1) this.#values.u8(value ?? 0);
    else this.#values.integer(value ?? 0);
  }

  bigInt(value: bigint | undefined): void {
    if (value === undefined) return this.number(undefined);
    this.#nulls.u8(0);
    this.#values.bigInt64(value);
  }

  override reset(): void {
    this.#nulls.reset();
    this.#values.reset();
  }

  override byteLength(): number {
    return this.#nulls.length + this.#values.length;
  }

  override writeTo(target: Buffer, at: number): number {
    return this.#values.copyTo(target, this.#nulls.copyTo(target, at));
  }
}

/** Stands in a low-cardinality column for values of which there are too many. */
export const MANY = '(many)';

/** Strings of which few are distinct. */
export class LowCardinalityColumn extends Column {
  readonly #values = new Dictionary();

  constructor(name: string) {
    super(name, 'LowCardinality(String)');
  }

  /** What is not admitted is written as `MANY`. */
  set admission(admits: Admission) {
    this.#values.admits = (value) => value === MANY || value === '' || admits(value);
  }

  /** False when the value was not admitted and `MANY` stands for it. */
  text(value: string): boolean {
    return this.#values.add(value) || !this.#values.add(MANY);
  }

  override reset(): void {
    this.#values.reset();
  }

  override byteLength(): number {
    return Dictionary.prefixLength + this.#values.byteLength();
  }

  override writeTo(target: Buffer, at: number): number {
    return this.#values.writeTo(target, Dictionary.writePrefix(target, at));
  }
}

/** `Map(LowCardinality(String), String)`. A row is its entries, by `key` and `values`, and then `endRow`. */
export class MapColumn extends Column {
  readonly #offsets = new ByteBuffer();
  readonly #keys = new Dictionary();
  /** Where the value of each key goes. */
  readonly values = new ByteBuffer();
  #rowKeys = { start: 0, end: 0 };
  #rowValues = { start: 0, end: 0 };

  constructor(name: string) {
    super(name, 'Map(LowCardinality(String), String)');
  }

  /** Names that are not admitted are not written. */
  set admission(admits: Admission) {
    this.#keys.admits = admits;
  }

  /** False when the name was not admitted: then it has no value either. */
  key(name: string): boolean {
    return this.#keys.add(name);
  }

  endRow(): void {
    this.#rowKeys = { start: this.#rowKeys.end, end: this.#keys.count };
    this.#rowValues = { start: this.#rowValues.end, end: this.values.length };
    this.#offsets.u64(this.#keys.count, 0);
  }

  /** A row like the one before. */
  repeatRow(): void {
    this.#keys.repeat(this.#rowKeys.start, this.#rowKeys.end);
    this.values.repeat(this.#rowValues.start, this.#rowValues.end);
    this.endRow();
  }

  override reset(): void {
    this.#offsets.reset();
    this.#keys.reset();
    this.values.reset();
    this.#rowKeys = { start: 0, end: 0 };
    this.#rowValues = { start: 0, end: 0 };
  }

  override byteLength(): number {
    return Dictionary.prefixLength + this.#offsets.length + this.#keys.byteLength() + this.values.length;
  }

  override writeTo(target: Buffer, start: number): number {
    let at = Dictionary.writePrefix(target, start);
    at = this.#offsets.copyTo(target, at);
    at = this.#keys.writeTo(target, at);
    return this.values.copyTo(target, at);
  }
}

/** Rows of lists, over a column that holds the items of all of them. */
export class ArrayColumn<Items extends FixedColumn | LowCardinalityColumn | MapColumn> extends Column {
  readonly #offsets = new ByteBuffer();
  #count = 0;

  constructor(readonly items: Items) {
    super(items.name, `Array(${items.type})`);
  }

  /** Ends a row that was given so many items. */
  endRow(items: number): void {
    this.#count += items;
    this.#offsets.u64(this.#count, 0);
  }

  override reset(): void {
    this.#offsets.reset();
    this.#count = 0;
    this.items.reset();
  }

  override byteLength(): number {
    return this.#offsets.length + this.items.byteLength();
  }

  // What an item's dictionary says of itself stands before the offsets, the values behind them.
  override writeTo(target: Buffer, start: number): number {
    if (this.items instanceof FixedColumn) return this.items.writeTo(target, this.#offsets.copyTo(target, start));
    const end = this.items.writeTo(target, start + this.#offsets.length);
    target.copyWithin(start, start + this.#offsets.length, start + this.#offsets.length + Dictionary.prefixLength);
    this.#offsets.copyTo(target, start + Dictionary.prefixLength);
    return end;
  }
}
