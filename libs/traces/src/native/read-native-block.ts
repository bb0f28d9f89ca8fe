/*
 * Reads Native blocks back, for `astrolabe spool inspect` and for tests: by the types that a block gives for itself. Integers and times are
 * bigints, decimals bigints of their last digit, fixed strings hex, maps objects.
 */

export interface BlockHead {
  rows: number;
  columns: { name: string; type: string }[];
}

export interface NativeRows extends BlockHead {
  /** One list for each column. */
  values: unknown[][];
}

/** How many rows, and which columns. @throws Error when the block is cut off or has a type that we do not write */
export function readBlockHead(block: Buffer): BlockHead {
  const { rows, columns } = readBlock(new Cursor(block));
  return { rows, columns };
}

/** A column's value in the first row. What stands behind that column is not read. */
export function readFirstValue(block: Buffer, column: string): unknown {
  const { columns, values } = readBlock(new Cursor(block), column);
  return columns.at(-1)?.name === column ? values.at(-1)?.[0] : undefined;
}

/** The rows of one or more blocks, one after the other, each as an object. */
export function readNativeRows(content: Buffer): Record<string, unknown>[] {
  const cursor = new Cursor(content);
  const rows: Record<string, unknown>[] = [];
  while (!cursor.isAtEnd) {
    const block = readBlock(cursor);
    for (let row = 0; row < block.rows; row++) rows.push(Object.fromEntries(block.columns.map(({ name }, index) => [name, block.values[index]?.[row]])));
  }
  return rows;
}

function readBlock(cursor: Cursor, lastColumn?: string): NativeRows {
  const columnCount = cursor.count();
  const rows = cursor.count();
  const columns: BlockHead['columns'] = [];
  const values: unknown[][] = [];
  for (let index = 0; index < columnCount; index++) {
    const column = { name: cursor.text(), type: cursor.text() };
    columns.push(column);
    readPrefix(cursor, column.type);
    values.push(readColumn(cursor, column.type, rows));
    if (column.name === lastColumn) break;
  }
  return { rows, columns, values };
}

// What a dictionary says of itself stands at the start of the outermost column.
function readPrefix(cursor: Cursor, type: string): void {
  if (type.includes('LowCardinality(')) cursor.take(8);
}

function readColumn(cursor: Cursor, type: string, rows: number): unknown[] {
  const [, outer = '', inner = ''] = /^(\w+)(?:\((.*)\))?$/.exec(type) ?? [];
  const each = (read: () => unknown) => Array.from({ length: rows }, read);
  switch (outer) {
    case 'String':
      return each(() => cursor.text());
    case 'FixedString':
      return each(() => cursor.take(Number(inner)).toString('hex'));
    case 'UInt8':
      return each(() => cursor.take(1)[0]);
    case 'UInt16':
      return each(() => cursor.take(2).readUInt16LE());
    case 'UInt32':
      return each(() => cursor.take(4).readUInt32LE());
    case 'UInt64':
    case 'DateTime64':
      return each(() => cursor.take(8).readBigUInt64LE());
    case 'Decimal':
      return each(() => cursor.take(8).readBigInt64LE());
    case 'LowCardinality':
      return readDictionary(cursor, rows);
    case 'Nullable': {
      const isNull = [...cursor.take(rows)];
      return readColumn(cursor, inner, rows).map((value, row) => (isNull[row] === 1 ? null : value));
    }
    case 'Array': {
      const ends = readOffsets(cursor, rows);
      const items = readColumn(cursor, inner, ends.at(-1) ?? 0);
      return ends.map((end, row) => items.slice(ends[row - 1] ?? 0, end));
    }
    case 'Map': {
      const ends = readOffsets(cursor, rows);
      const keys = readDictionary(cursor, ends.at(-1) ?? 0) as string[];
      const values = Array.from(keys, () => cursor.text());
      return ends.map((end, row) => Object.fromEntries(keys.slice(ends[row - 1] ?? 0, end).map((key, index) => [key, values[(ends[row - 1] ?? 0) + index]])));
    }
    default:
      throw new Error(`no reader for ${type}`);
  }
}

function readOffsets(cursor: Cursor, rows: number): number[] {
  return Array.from({ length: rows }, () => Number(cursor.take(8).readBigUInt64LE()));
}

function readDictionary(cursor: Cursor, rows: number): unknown[] {
  if (rows === 0) return [];
  const width = 2 ** Number(cursor.take(8).readBigUInt64LE() & 0xffn);
  const keys = Array.from({ length: Number(cursor.take(8).readBigUInt64LE()) }, () => cursor.text());
  cursor.take(8);
  return Array.from({ length: rows }, () => keys[cursor.take(width).readUIntLE(0, width)]);
}

class Cursor {
  #at = 0;

  constructor(private readonly content: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at >= this.content.length;
  }

  take(length: number): Buffer {
    const part = this.content.subarray(this.#at, this.#at + length);
    if (part.length !== length) throw new Error('a block is cut off');
    this.#at += length;
    return part;
  }

  count(): number {
    let count = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.take(1)[0] ?? 0;
      count += (byte & 0x7f) * scale;
      if (byte < 0x80) return count;
    }
  }

  text(): string {
    return this.take(this.count()).toString('utf8');
  }
}
