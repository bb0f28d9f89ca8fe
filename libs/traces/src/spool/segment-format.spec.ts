import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFrame, scanSegment, type Frame } from './segment-format.js';

const FRAMES: Frame[] = [
  { table: 'spans', schema: 1, rows: Buffer.from('first rows'), rowCount: 3 },
  { table: 'span_contents', schema: 0xffff_ffff, rows: Buffer.from('2'), rowCount: 1 },
  { table: 'signals', schema: 0, rows: Buffer.from('the third frame'), rowCount: 70_000 },
];
const HEADER_BYTES = 24;
const segmentOf = (frames: Frame[]) => Buffer.concat(frames.flatMap(encodeFrame));
const plain = (frames: Frame[]) => frames.map((frame) => ({ ...frame, rows: frame.rows.toString() }));

// Where each frame ends: 34, 59 and 98.
const ENDS = FRAMES.map((_frame, index) => FRAMES.slice(0, index + 1).reduce((sum, { rows }) => sum + HEADER_BYTES + rows.length, 0));
const framesBefore = (byte: number) => ENDS.filter((end) => end <= byte).length;

describe('segment format', () => {
  it('is a header of six little-endian words and the rows', () => {
    const [header, rows] = encodeFrame({ table: 'signals', schema: 0xabcd, rows: Buffer.from('123456789'), rowCount: 2 });
    expect(header.subarray(0, 20).toString('hex')).toBe('4153463202000000cdab00000900000002000000');
    expect(rows.toString()).toBe('123456789');
    // The checksum covers all but the magic: CRC-32 of the four words before it and "123456789", bit by bit.
    expect(header.readUInt32LE(20)).toBe(slowCrc32(Buffer.concat([Buffer.from('02000000cdab00000900000002000000', 'hex'), rows])));
    expect(slowCrc32(Buffer.from('123456789'))).toBe(0xcbf43926); // the check value of CRC-32/ISO-HDLC
  });

  it('reads back what was written, in order', () => {
    const content = segmentOf(FRAMES);
    const scanned = scanSegment(content);
    expect(scanned).toMatchObject({ rowCount: 70_004, goodBytes: 98, badBytes: 0 });
    expect(plain(scanned.frames)).toEqual(plain(FRAMES));
    expect(scanSegment(Buffer.alloc(0))).toEqual({ frames: [], rowCount: 0, goodBytes: 0, badBytes: 0, bad: [], tornBytes: 0 });
  });

  it('keeps the whole frames of a segment that is cut off anywhere, and takes the rest for a torn tail', () => {
    const content = segmentOf(FRAMES);
    for (let length = 0; length <= content.length; length++) {
      const scanned = scanSegment(content.subarray(0, length));
      const good = framesBefore(length);
      const tail = length - (ENDS[good - 1] ?? 0);
      expect(plain(scanned.frames)).toEqual(plain(FRAMES.slice(0, good)));
      expect([scanned.goodBytes, scanned.badBytes, scanned.tornBytes]).toEqual([length - tail, tail, tail]);
    }
  });

  it('keeps every frame but the one with any single bit wrong, and takes that one for damage and no torn tail', () => {
    const content = segmentOf(FRAMES);
    for (let bit = 0; bit < content.length * 8; bit++) {
      const broken = Buffer.from(content);
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { frames, bad, tornBytes, goodBytes } = scanSegment(broken);
      const wrong = framesBefore(bit >> 3);
      expect([bit, plain(frames)]).toEqual([bit, plain(FRAMES.filter((_, index) => index !== wrong))]);
      expect([bit, bad, tornBytes, goodBytes]).toEqual([bit, [broken.subarray(ENDS[wrong - 1] ?? 0, ENDS[wrong])], 0, content.length - (bad[0]?.length ?? 0)]);
    }
  });

  it('goes on behind several damaged frames in a row, and behind one at the end', () => {
    const content = segmentOf([...FRAMES, ...FRAMES]);
    for (const at of [40, 70, content.length - 1]) content[at] = (content[at] ?? 0) ^ 1;
    expect(plain(scanSegment(content).frames)).toEqual(plain([FRAMES[0], FRAMES[0], FRAMES[1]] as Frame[]));
  });

  it('believes no frame that a sender wrote into its rows, whatever becomes of the frame around it', () => {
    const forged = segmentOf([{ table: 'spans', schema: 1, rows: Buffer.from('of somebody else'), rowCount: 1 }]);
    const content = segmentOf([{ table: 'spans', schema: 1, rows: Buffer.concat([Buffer.alloc(40), forged, forged]), rowCount: 2 }, FRAMES[0] as Frame]);
    // The header is gone, as after a power failure, or the rows are cut off, as after a kill.
    const blank = Buffer.from(content).fill(0, 0, HEADER_BYTES);
    for (const broken of [blank, content.subarray(0, HEADER_BYTES + 40 + forged.length)]) {
      const scanned = scanSegment(broken);
      expect([plain(scanned.frames), scanned.badBytes, scanned.tornBytes]).toEqual([[], broken.length, 0]);
    }
  });

  it('finds no frame in what is not one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (tail) => {
        const scanned = scanSegment(Buffer.concat([segmentOf(FRAMES), tail]));
        expect([scanned.frames.length, scanned.badBytes]).toEqual([3, tail.length]);
      }),
    );
  });
});

function slowCrc32(content: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
