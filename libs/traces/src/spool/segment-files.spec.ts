import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSegmentId, newSegmentId, partSegmentId, removeScratch, scratchPath, segmentFilesIn, segmentPath } from './segment-files.js';

const AT = new Date('2026-11-01T00:00:00Z');

describe('names of segments', () => {
  it('are known again, also of the millionth segment of a process and of a part', () => {
    for (const sequence of [0, 999_999, 1_000_000, 123_456_789]) {
      const id = newSegmentId(AT, sequence);
      expect([isSegmentId(id), isSegmentId(partSegmentId(id, Buffer.from('rest')))]).toEqual([true, true]);
    }
    expect(newSegmentId(AT, 12)).toMatch(/^1793491200000-000012-[0-9a-f]{8}$/);
  });

  it('of a part tell what is in it, and nothing else does', () => {
    const id = newSegmentId(AT, 1);
    expect(partSegmentId(id, Buffer.from('a'))).toBe(partSegmentId(id, Buffer.from('a')));
    expect(partSegmentId(id, Buffer.from('a'))).not.toBe(partSegmentId(id, Buffer.from('b')));
  });

  // The name becomes part of a statement and of paths.
  it.each(["1793491200000-000000-aaaaaaaa', x = '", '../1793491200000-000000-aaaaaaaa', '1793491200000-000000-AAAAAAAA', '1793491200000-000000-aaaaaaaa-copy', ''])('are none of this kind: %s', (id) => {
    expect(isSegmentId(id)).toBe(false);
  });
});

describe('the files of a spool', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'astrolabe-files-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('are segments, oldest first, and what is none', () => {
    const ids = [newSegmentId(AT, 2), newSegmentId(AT, 1)];
    writeFileSync(segmentPath(directory, ids[0] ?? '', 'open'), '');
    writeFileSync(segmentPath(directory, ids[1] ?? '', 'sealed'), '');
    for (const name of ['notes.txt', 'backup.seg']) writeFileSync(join(directory, name), '');
    mkdirSync(join(directory, 'refused'));
    const { segments, foreign } = segmentFilesIn(directory);
    expect(segments.map(({ id, state }) => [id, state])).toEqual([[ids[1], 'sealed'], [ids[0], 'open']]);
    expect(foreign).toEqual(['backup.seg', 'notes.txt']);
  });

  it('lose what was there for one load only', () => {
    const path = segmentPath(directory, newSegmentId(AT, 1), 'sealed');
    for (const name of [path, scratchPath({ path }, 'spans-7')]) writeFileSync(name, '');
    expect(segmentFilesIn(directory).foreign).toEqual([]);
    removeScratch(directory);
    expect(readdirSync(directory)).toEqual([path.slice(directory.length + 1)]);
  });
});
