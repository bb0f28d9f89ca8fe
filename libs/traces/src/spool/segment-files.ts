import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/*
 * What the files of a spool are called. A segment's name is its identity and the token of its insert, so that only names of this form are
 * taken for segments: whatever else lies in the directory is nobody's rows.
 *
 *   <id>.open  is written        <id>.seg  is sealed        refused/<id>.seg  was refused, refused/<id>.txt says why
 */

const RANDOM_DIGITS = 8;
// Milliseconds, a number that grows by one for each segment of a process (more than six digits after a million), and eight random digits.
const NAME = /^(\d{13}-\d{6,}-[0-9a-f]{8})\.(open|seg)$/;
const ENDINGS = { open: 'open', sealed: 'seg' } as const;
const REFUSED = 'refused';
const SCRATCH = '.rows';

export interface SegmentFile {
  id: string;
  state: 'open' | 'sealed';
  path: string;
}

/** Sorted by it, segments are in the order in which they were opened. */
export function newSegmentId(openedAt: Date, sequence: number): string {
  return `${String(openedAt.getTime()).padStart(13, '0')}-${String(sequence).padStart(6, '0')}-${randomBytes(RANDOM_DIGITS / 2).toString('hex')}`;
}

/** The name of a part of a segment: by what is in it, so that the same part has the same name after a crash. */
export function partSegmentId(id: string, content: Buffer): string {
  return id.slice(0, -RANDOM_DIGITS) + crc32(content).toString(16).padStart(RANDOM_DIGITS, '0');
}

export function isSegmentId(id: string): boolean {
  return NAME.test(`${id}.seg`);
}

export function segmentPath(directory: string, id: string, state: SegmentFile['state']): string {
  return join(directory, `${id}.${ENDINGS[state]}`);
}

export function refusedDirectory(directory: string): string {
  return join(directory, REFUSED);
}

/** Why a refused segment was refused. */
export function reasonPath(directory: string, id: string): string {
  return join(directory, REFUSED, `${id}.txt`);
}

/** Where rows of a segment may lie while they are loaded. */
export function scratchPath(segment: { path: string }, part: string): string {
  return `${segment.path}.${part}${SCRATCH}`;
}

/** Removes what a killed process was loading: the segment itself is there still. */
export function removeScratch(directory: string): void {
  for (const name of readdirSync(directory)) if (name.endsWith(SCRATCH)) rmSync(join(directory, name), { force: true });
}

/** Segments of a directory, oldest first, and names that are none. */
export function segmentFilesIn(directory: string): { segments: SegmentFile[]; foreign: string[] } {
  const segments: SegmentFile[] = [];
  const foreign: string[] = [];
  for (const name of readdirSync(directory).sort()) {
    const [, id, ending] = NAME.exec(name) ?? [];
    if (id !== undefined) segments.push({ id, state: ending === ENDINGS.open ? 'open' : 'sealed', path: join(directory, name) });
    else if (name !== REFUSED && !name.endsWith(SCRATCH)) foreign.push(name);
  }
  return { segments, foreign };
}
