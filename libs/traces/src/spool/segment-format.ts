import { crc32 } from 'node:zlib';

/*
 * A segment file is a run of frames. Each frame: magic "ASF2", table, checksum of the columns' names and types, payload length, number of
 * rows, CRC-32 of these four and the payload (six little-endian 32-bit words), then the payload: one block of rows in ClickHouse's Native format. A crash can only tear the last
 * frames, which nobody was told about.
 */

const MAGIC_BYTES = Buffer.from('ASF2');
const MAGIC = MAGIC_BYTES.readUInt32LE();
const HEADER_BYTES = 24;

/** Tables that rows are spooled for. A table's number in a frame is its place here: append only. */
export const SPOOLED_TABLES = ['spans', 'span_contents', 'signals'] as const;
export type SpooledTable = (typeof SPOOLED_TABLES)[number];

export interface Frame {
  table: SpooledTable;
  /** Tells which columns the block has, without reading it (`NativeBlock.schema`). */
  schema: number;
  rows: Buffer;
  rowCount: number;
}

export function encodeFrame({ table, schema, rows, rowCount }: Frame): [header: Buffer, rows: Buffer] {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(SPOOLED_TABLES.indexOf(table), 4);
  header.writeUInt32LE(schema, 8);
  header.writeUInt32LE(rows.length, 12);
  header.writeUInt32LE(rowCount, 16);
  header.writeUInt32LE(checksum(header, rows), 20);
  return [header, rows];
}

export interface ScannedSegment {
  frames: Frame[];
  rowCount: number;
  /** Bytes up to the end of the last good frame. */
  goodBytes: number;
  /** Bytes after it: a torn tail, or damage. */
  badBytes: number;
  /** Whether another frame seems to begin among them: then something was damaged that may have been acknowledged. */
  hasFrameInBadBytes: boolean;
}

/** Reads frames up to the first that is incomplete, unknown or does not match its checksum. The rows are views into `content`. */
export function scanSegment(content: Buffer): ScannedSegment {
  const frames: Frame[] = [];
  let rowCount = 0;
  let at = 0;
  while (at + HEADER_BYTES <= content.length && content.readUInt32LE(at) === MAGIC) {
    const table = SPOOLED_TABLES[content.readUInt32LE(at + 4)];
    const end = at + HEADER_BYTES + content.readUInt32LE(at + 12);
    if (table === undefined || end > content.length) break;
    const rows = content.subarray(at + HEADER_BYTES, end);
    if (checksum(content.subarray(at), rows) !== content.readUInt32LE(at + 20)) break;
    const frame = { table, schema: content.readUInt32LE(at + 8), rows, rowCount: content.readUInt32LE(at + 16) };
    frames.push(frame);
    rowCount += frame.rowCount;
    at = end;
  }
  return { frames, rowCount, goodBytes: at, badBytes: content.length - at, hasFrameInBadBytes: content.indexOf(MAGIC_BYTES, at + 1) >= 0 };
}

function checksum(header: Buffer, rows: Buffer): number {
  return crc32(rows, crc32(header.subarray(4, 20)));
}
