import { existsSync, readFileSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { DomainError, messageOf } from '#platform';
import { readNativeRows } from '../native/read-native-block.js';
import { isSegmentId, reasonPath, refusedDirectory, segmentFilesIn, segmentPath, type SegmentFile } from './segment-files.js';
import { scanSegment, type Frame } from './segment-format.js';

/*
 * The spool as an operator sees it: on disk, whether its receiver runs or not. Segments of all organizations share it, so this is for who
 * may read the machine's files, and is not served over HTTP.
 */

export interface SpoolListing {
  /** Oldest first. `open` is being written. */
  waiting: { id: string; state: 'open' | 'sealed'; bytes: number }[];
  waitingBytes: number;
  refused: { id: string; bytes: number; reason: string }[];
}

export interface SegmentInspection {
  id: string;
  state: 'open' | 'sealed' | 'refused';
  reason: string | undefined;
  frames: number;
  goodBytes: number;
  badBytes: number;
  parts: { table: string; organizationId: string; rows: number; from: string | undefined; until: string | undefined }[];
  /** Blocks that cannot be read, and why. */
  problems: string[];
}

/** @throws DomainError `spool_not_found` */
export function readSpool(directory: string): SpoolListing {
  if (!existsSync(directory)) {
    throw new DomainError({ kind: 'not_found', code: 'spool_not_found', message: `There is no spool at ${directory}: name the receiver's data directory with --data-dir` });
  }
  const waiting = segmentsIn(directory).map(({ id, state, bytes }) => ({ id, state, bytes }));
  const refused = segmentsIn(refusedDirectory(directory)).map(({ id, bytes }) => ({ id, bytes, reason: reasonOf(directory, id) ?? '' }));
  return { waiting, waitingBytes: waiting.reduce((sum, { bytes }) => sum + bytes, 0), refused };
}

/** @throws DomainError `segment_not_found` */
export function inspectSegment(directory: string, id: string): SegmentInspection {
  const places = [
    { state: 'open', path: segmentPath(directory, id, 'open') },
    { state: 'sealed', path: segmentPath(directory, id, 'sealed') },
    { state: 'refused', path: segmentPath(refusedDirectory(directory), id, 'sealed') },
  ] as const;
  const place = places.find(({ path }) => isSegmentId(id) && existsSync(path));
  if (!place) throw notFound(id);
  const { frames, goodBytes, badBytes } = scanSegment(readFileSync(place.path));
  const problems: string[] = [];
  const rows = frames.flatMap((frame, index) => rowsOf(frame, index, problems));
  const parts = [...Map.groupBy(rows, ({ table, organizationId }) => `${table}\n${organizationId}`).values()].map(partOf);
  return { id, state: place.state, reason: reasonOf(directory, id), frames: frames.length, goodBytes, badBytes, parts, problems };
}

/**
 * Puts a refused segment, or all of them, back where the receiver loads from. Loading is by the segment's id: rows that were taken before are
 * not taken twice.
 * @returns ids of what was put back @throws DomainError `segment_not_found`
 */
export async function retrySegment(directory: string, id: string): Promise<string[]> {
  const { refused } = readSpool(directory);
  const chosen = id === 'all' ? refused : refused.filter((segment) => segment.id === id);
  if (chosen.length === 0 && id !== 'all') throw notFound(id);
  for (const segment of chosen) {
    await rename(segmentPath(refusedDirectory(directory), segment.id, 'sealed'), segmentPath(directory, segment.id, 'sealed'));
    await rm(reasonPath(directory, segment.id), { force: true });
  }
  return chosen.map((segment) => segment.id);
}

function segmentsIn(directory: string): (SegmentFile & { bytes: number })[] {
  if (!existsSync(directory)) return [];
  return segmentFilesIn(directory).segments.flatMap((segment) => {
    // A running receiver may have loaded it a moment ago.
    const stats = statSync(segment.path, { throwIfNoEntry: false });
    return stats ? [{ ...segment, bytes: stats.size }] : [];
  });
}

interface InspectedRow {
  table: string;
  organizationId: string;
  atNs: bigint | undefined;
}

function rowsOf({ table, rows }: Frame, index: number, problems: string[]): InspectedRow[] {
  try {
    return readNativeRows(rows).map((row) => {
      const at = row['started_at'] ?? row['at'];
      return { table, organizationId: String(row['organization_id']), atNs: typeof at === 'bigint' ? at : undefined };
    });
  } catch (error) {
    problems.push(`frame ${index + 1}, for ${table}, is no block of rows: ${messageOf(error)}`);
    return [];
  }
}

function partOf(rows: InspectedRow[]): SegmentInspection['parts'][number] {
  const { table = '', organizationId = '' } = rows[0] ?? {};
  const times = rows.flatMap(({ atNs }) => (atNs === undefined ? [] : [atNs])).sort((a, b) => (a < b ? -1 : 1));
  const isoOf = (ns: bigint | undefined) => (ns === undefined ? undefined : new Date(Number(ns / 1_000_000n)).toISOString());
  return { table, organizationId, rows: rows.length, from: isoOf(times[0]), until: isoOf(times.at(-1)) };
}

function reasonOf(directory: string, id: string): string | undefined {
  const path = reasonPath(directory, id);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

function notFound(id: string): DomainError {
  return new DomainError({ kind: 'not_found', code: 'segment_not_found', message: `There is no segment ${id}: "astrolabe spool list" shows those that wait and those that were refused` });
}
