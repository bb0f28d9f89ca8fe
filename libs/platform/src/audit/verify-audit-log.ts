import { AUDIT_BEGINNING, hashAuditEntry, type AuditEntry, type AuditHead } from './audit-entry.js';

/** The first entry that does not fit. */
export interface AuditFault {
  sequence: number;
  kind: 'changed' | 'missing' | 'out_of_order' | 'wrong_beginning';
  /** In a sentence. */
  message: string;
}

export type AuditVerdict = { kind: 'whole'; head: AuditHead } | { kind: 'broken'; fault: AuditFault };

/** A line of an export: an entry, or the last line, which says how far it goes. */
export type AuditLine = AuditEntry | { end: { head: AuditHead; exportedAt: string } };

type Lines<Line> = Iterable<Line> | AsyncIterable<Line>;

/**
 * Recomputes the chain from its beginning. What it cannot know by itself is whether entries are missing at the end, and whether somebody who
 * changed one computed every later hash anew: heads that were written down earlier tell that.
 */
export async function verifyAuditLog(entries: Lines<AuditEntry>, heads: readonly AuditHead[] = []): Promise<AuditVerdict> {
  let last = AUDIT_BEGINNING;
  let fault = differingHead(last, heads);
  for await (const entry of entries) {
    // Only what is missing is looked for in the rest: it may stand in the wrong place.
    if (fault?.kind === 'missing' && entry.sequence === fault.sequence) fault = outOfOrder(entry.sequence);
    fault ??= faultAfter(last, entry) ?? differingHead(entry, heads);
    if (fault === undefined) last = { sequence: entry.sequence, sha256: entry.sha256 };
    else if (fault.kind !== 'missing') break;
  }
  fault ??= missingAtTheEnd(last, heads);
  return fault === undefined ? { kind: 'whole', head: last } : { kind: 'broken', fault };
}

/** The same for an export, whose last line is held against it. */
export async function verifyAuditExport(lines: Lines<AuditLine>, heads: readonly AuditHead[] = []): Promise<AuditVerdict> {
  let end: AuditHead | undefined;
  const entries = async function* () {
    for await (const line of lines) {
      if ('end' in line) end = line.end.head;
      else yield line;
    }
  };
  const verdict = await verifyAuditLog(entries(), heads);
  if (verdict.kind === 'broken') return verdict;
  const { head } = verdict;
  if (end === undefined) return broken({ sequence: head.sequence + 1, kind: 'missing', message: `the export breaks off after entry ${head.sequence}: its last line, which says how far it goes, is not there` });
  const fault = missingAtTheEnd(head, [end]) ?? (end.sequence < head.sequence ? { ...outOfOrder(end.sequence + 1), message: `entry ${end.sequence + 1} is beyond the end of the export` } : differingHead(head, [end]));
  return fault === undefined ? verdict : broken(fault);
}

function faultAfter(last: AuditHead, entry: AuditEntry): AuditFault | undefined {
  const expected = last.sequence + 1;
  const { sequence, previousSha256, sha256 } = entry;
  if (expected === 1 && sequence !== 1) return { sequence: 1, kind: 'wrong_beginning', message: `the log begins with entry ${sequence}, and not with 1` };
  if (sequence < expected) return outOfOrder(sequence);
  if (sequence !== expected) return { sequence: expected, kind: 'missing', message: `entry ${expected} is missing: ${last.sequence} is followed by ${sequence}` };
  if (hashAuditEntry(entry) !== sha256) return { sequence, kind: 'changed', message: `entry ${sequence} was changed: its hash is not that of what it says` };
  if (previousSha256 === last.sha256) return undefined;
  if (sequence === 1) return { sequence, kind: 'wrong_beginning', message: 'entry 1 says that there was one before it' };
  return { sequence, kind: 'changed', message: `entry ${sequence} was made after another entry ${last.sequence} than the one that is there: one of the two was written anew` };
}

function differingHead({ sequence, sha256 }: AuditHead, heads: readonly AuditHead[]): AuditFault | undefined {
  if (!heads.some((head) => head.sequence === sequence && head.sha256 !== sha256)) return undefined;
  return { sequence, kind: 'changed', message: `entry ${sequence} has another hash than the head that was written down: it, or one before it, was written anew` };
}

function missingAtTheEnd(last: AuditHead, heads: readonly AuditHead[]): AuditFault | undefined {
  const furthest = Math.max(0, ...heads.map(({ sequence }) => sequence));
  if (furthest <= last.sequence) return undefined;
  return { sequence: last.sequence + 1, kind: 'missing', message: `entry ${last.sequence + 1} is missing: the log ends with ${last.sequence}, and was written down up to ${furthest}` };
}

const outOfOrder = (sequence: number): AuditFault => ({ sequence, kind: 'out_of_order', message: `entry ${sequence} is not in its place` });
const broken = (fault: AuditFault): AuditVerdict => ({ kind: 'broken', fault });
