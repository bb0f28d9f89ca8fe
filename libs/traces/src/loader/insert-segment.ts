import { crc32 } from 'node:zlib';
import { messageOf } from '#platform';
import { readFirstValue } from '../native/read-native-block.js';
import { scratchPath } from '../spool/segment-files.js';
import type { Frame } from '../spool/segment-format.js';
import type { SealedSegment } from '../spool/spool.js';
import type { SegmentTarget } from './segment-target.js';
import { isRefusal } from './store-refusals.js';

/*
 * Gives the store the frames of one segment. What it refuses as a whole is looked for by halves, so that a bad frame does not keep the others
 * from being loaded. A frame is one request of one organization: they are ordered by it first, so that what is bad stands together.
 *
 * Safe to repeat: every insert has a token, and the same frames have the same token after a crash.
 */

// So many bad frames of an organization, and of a segment, are looked for one by one. The rest is left for another attempt.
const APART_OF_ORGANIZATION_MAX = 16;
const APART_MAX = 64;

export interface Refusals {
  /** Frames that the store will not take, each tried alone, and why. */
  refused: { frame: Frame; reason: string }[];
  /** Frames that were refused with others, and not tried alone: some may be good. */
  untried: Frame[];
}

/** @returns what was not loaded; everything else was. @throws whatever says that the store is away */
export async function insertSegment(target: SegmentTarget, segment: SealedSegment, frames: readonly Frame[]): Promise<Refusals> {
  const found: Refusals = { refused: [], untried: [] };
  const organizations = new Map<Frame, string>();
  const organizationOf = (frame: Frame) => organizations.get(frame) ?? keep(organizations, frame, organizationIn(frame));

  const insert = async (part: readonly Frame[], token: string): Promise<void> => {
    try {
      const { table, schema } = part[0] as Frame;
      await target.insert({ token, table, schema, blocks: part.map(({ rows }) => rows), scratchPath: scratchPath(segment, `${table}-${schema}`) });
    } catch (error) {
      if (!(await isRefusal(error, part))) throw error;
      if (part.length === 1) found.refused.push({ frame: part[0] as Frame, reason: messageOf(error) });
      else if (isEnough(part)) found.untried.push(...part);
      else for (const half of halvesOf(part.toSorted((a, b) => compare(organizationOf(a), organizationOf(b))))) await insert(half, tokenOf(segment, half));
    }
  };
  const isEnough = (part: readonly Frame[]) => {
    if (found.refused.length >= APART_MAX) return true;
    const apart = Map.groupBy(found.refused, ({ frame }) => organizationOf(frame));
    return part.every((frame) => (apart.get(organizationOf(frame))?.length ?? 0) >= APART_OF_ORGANIZATION_MAX);
  };

  for (const { frames: group, token } of groupsOf(segment, frames)) await insert(group, token);
  return found;
}

/**
 * By table, and by columns where two versions of this program wrote to the segment. The token of a table's first group is the segment's id, as
 * it always was: what an earlier version loaded without deleting it is known again. The others need tokens of their own, because a token is
 * taken once for a table; those of different tables do not meet.
 */
function groupsOf(segment: SealedSegment, frames: readonly Frame[]): { frames: Frame[]; token: string }[] {
  return [...Map.groupBy(frames, ({ table }) => table).values()].flatMap((ofTable) =>
    [...Map.groupBy(ofTable, ({ schema }) => schema)].map(([schema, group], index) => ({ frames: group, token: index === 0 ? segment.id : `${segment.id}-${schema}` })),
  );
}

function halvesOf(frames: Frame[]): [Frame[], Frame[]] {
  const half = Math.ceil(frames.length / 2);
  return [frames.slice(0, half), frames.slice(half)];
}

// By what is in it: the same part of a segment has the same token after a crash, and another part has another.
function tokenOf({ id }: SealedSegment, frames: readonly Frame[]): string {
  return `${id}-${frames.reduce((sum, { rows }) => crc32(rows, sum), 0).toString(16)}`;
}

// What cannot be read is nobody's, and stands together too.
function organizationIn({ rows }: Frame): string {
  try {
    return String(readFirstValue(rows, 'organization_id'));
  } catch {
    return '';
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keep<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}
