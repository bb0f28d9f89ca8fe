import { crc32 } from 'node:zlib';

/*
 * A segment file is a run of frames. Each frame: magic "ASF2", table, checksum of the columns' names and types, payload length, number of
 * rows, CRC-32 of these four and the payload (six little-endian 32-bit words), then the payload: one block of rows in ClickHouse's Native
 * format. A crash can only tear the last frames, which nobody was told about; a disk can damage any.
 *
 * Known gap: behind a frame whose header was damaged in more than a bit no other frame is looked for.
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
  /** Those that are whole and match their checksum. */
  frames: Frame[];
  rowCount: number;
  goodBytes: number;
  /** All that is no good frame: damage, and a torn tail. */
  badBytes: number;
  /** The same, piece by piece. */
  bad: Buffer[];
  /** Bytes at the end that may be the beginning of a frame whose write was interrupted: nobody was told about it. */
  tornBytes: number;
}

/**
 * Reads the frames of a segment. Behind one that is damaged it goes on where the next begins, which the damaged one's own length tells: it does
 * not look for frames anywhere else, because what stands within one was chosen by a sender. The rows are views into `content`.
 */
export function scanSegment(content: Buffer): ScannedSegment {
  const frames: Frame[] = [];
  const bad: Buffer[] = [];
  let [at, rowCount, badBytes, tornBytes] = [0, 0, 0, 0];
  while (at < content.length) {
    const frame = frameAt(content, at);
    if (frame) {
      frames.push(frame);
      rowCount += frame.rowCount;
      at += HEADER_BYTES + frame.rows.length;
      continue;
    }
    const end = endOfDamaged(content, at);
    // Where a frame stands behind it, it is more than the tail of an interrupted write.
    if (end === undefined && content.indexOf(MAGIC_BYTES, at + 1) < 0) tornBytes = content.length - at;
    const piece = content.subarray(at, end ?? content.length);
    bad.push(piece);
    badBytes += piece.length;
    at += piece.length;
  }
  return { frames, rowCount, goodBytes: content.length - badBytes, badBytes, bad, tornBytes };
}

function frameAt(content: Buffer, at: number): Frame | undefined {
  if (!looksLikeFrame(content, at)) return undefined;
  const end = at + HEADER_BYTES + content.readUInt32LE(at + 12);
  if (end > content.length) return undefined;
  const rows = content.subarray(at + HEADER_BYTES, end);
  if (checksum(content.subarray(at, at + HEADER_BYTES), rows) !== content.readUInt32LE(at + 20)) return undefined;
  return { table: SPOOLED_TABLES[content.readUInt32LE(at + 4)] as SpooledTable, schema: content.readUInt32LE(at + 8), rows, rowCount: content.readUInt32LE(at + 16) };
}

function looksLikeFrame(content: Buffer, at: number): boolean {
  return at + HEADER_BYTES <= content.length && content.readUInt32LE(at) === MAGIC && content.readUInt32LE(at + 4) < SPOOLED_TABLES.length;
}

/** Where a damaged frame ends; undefined when its header does not tell. */
function endOfDamaged(content: Buffer, at: number): number | undefined {
  if (at + HEADER_BYTES > content.length) return undefined;
  const header = Buffer.from(content.subarray(at, at + HEADER_BYTES));
  const length = header.readUInt32LE(12);
  // The damage may be in the length itself. With one bit of it put right the checksum tells.
  for (let bit = 0; bit < 32; bit++) {
    header.writeUInt32LE((length ^ (1 << bit)) >>> 0, 12);
    const possible = at + HEADER_BYTES + header.readUInt32LE(12);
    if (possible <= content.length && checksum(header, content.subarray(at + HEADER_BYTES, possible)) === header.readUInt32LE(20)) return possible;
  }
  const end = at + HEADER_BYTES + length;
  return end === content.length || looksLikeFrame(content, end) ? end : undefined;
}

function checksum(header: Buffer, rows: Buffer): number {
  return crc32(rows, crc32(header.subarray(4, 20)));
}
