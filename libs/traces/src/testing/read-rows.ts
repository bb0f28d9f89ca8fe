import { SPAN_COLUMNS } from '../rows/span-columns.js';

/*
 * Reads RowBinary back by the types of SPAN_COLUMNS (clickhouse.com/docs/interfaces/formats/RowBinary), so that a test can name the column it
 * is about. Integers and times are bigints, decimals bigints of their last digit, fixed strings hex, maps objects.
 */

export type SpanColumn = (typeof SPAN_COLUMNS)[number][0];
export type ReadRow = Record<SpanColumn, unknown>;

export function readRows(content: Buffer): ReadRow[] {
  const cursor = { content, at: 0 };
  const rows: ReadRow[] = [];
  while (cursor.at < content.length) rows.push(Object.fromEntries(SPAN_COLUMNS.map(([name, type]) => [name, readValue(cursor, type)])) as ReadRow);
  if (cursor.at !== content.length) throw new Error(`the last row ends ${cursor.at - content.length} bytes past the end`);
  return rows;
}

interface Cursor {
  content: Buffer;
  at: number;
}

function readValue(cursor: Cursor, type: string): unknown {
  const [, outer, inner = ''] = /^(\w+)(?:\((.*)\))?$/.exec(type) ?? [];
  switch (outer) {
    case 'LowCardinality':
      return readValue(cursor, inner);
    case 'Nullable':
      return take(cursor, 1)[0] === 1 ? null : readValue(cursor, inner);
    case 'String':
      return take(cursor, readCount(cursor)).toString('utf8');
    case 'FixedString':
      return take(cursor, Number(inner)).toString('hex');
    case 'UInt8':
      return take(cursor, 1)[0];
    case 'UInt64':
    case 'DateTime64':
      return take(cursor, 8).readBigUInt64LE();
    case 'Decimal':
      return take(cursor, 8).readBigInt64LE();
    case 'Array':
      return Array.from({ length: readCount(cursor) }, () => readValue(cursor, inner));
    case 'Map':
      return Object.fromEntries(Array.from({ length: readCount(cursor) }, () => [readValue(cursor, 'String'), readValue(cursor, 'String')]));
    default:
      throw new Error(`no reader for ${type}`);
  }
}

function readCount(cursor: Cursor): number {
  let count = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = take(cursor, 1)[0] ?? 0;
    count += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return count;
  }
}

function take(cursor: Cursor, length: number): Buffer {
  const part = cursor.content.subarray(cursor.at, cursor.at + length);
  if (part.length !== length) throw new Error('a row is cut off');
  cursor.at += length;
  return part;
}
