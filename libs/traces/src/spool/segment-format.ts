import { crc32 } from 'node:zlib';

/*
 * A segment file is a run of frames. Each frame: magic "ASF1", payload length, number of rows, CRC-32 of these two and the payload (four
 * little-endian 32-bit words), then the payload: rows in RowBinary. A crash can only tear the last frames, which nobody was told about.
 */

const MAGIC = 0x31465341;
const HEADER_BYTES = 16;

export interface Frame {
  rows: Buffer;
  rowCount: number;
}

export function encodeFrame({ rows, rowCount }: Frame): [header: Buffer, rows: Buffer] {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(rows.length, 4);
  header.writeUInt32LE(rowCount, 8);
  header.writeUInt32LE(checksum(header, rows), 12);
  return [header, rows];
}

export interface ScannedSegment {
  frames: Frame[];
  rowCount: number;
  /** Bytes up to the end of the last good frame. */
  goodBytes: number;
  /** Bytes after it: a torn tail, or damage. */
  badBytes: number;
}

/** Reads frames up to the first that is incomplete or does not match its checksum. The rows are views into `content`. */
export function scanSegment(content: Buffer): ScannedSegment {
  const frames: Frame[] = [];
  let rowCount = 0;
  let at = 0;
  while (at + HEADER_BYTES <= content.length && content.readUInt32LE(at) === MAGIC) {
    const end = at + HEADER_BYTES + content.readUInt32LE(at + 4);
    if (end > content.length) break;
    const rows = content.subarray(at + HEADER_BYTES, end);
    if (checksum(content.subarray(at), rows) !== content.readUInt32LE(at + 12)) break;
    const frame = { rows, rowCount: content.readUInt32LE(at + 8) };
    frames.push(frame);
    rowCount += frame.rowCount;
    at = end;
  }
  return { frames, rowCount, goodBytes: at, badBytes: content.length - at };
}

function checksum(header: Buffer, rows: Buffer): number {
  return crc32(rows, crc32(header.subarray(4, 12)));
}
