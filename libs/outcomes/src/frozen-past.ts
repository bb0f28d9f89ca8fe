import { EPISODE_MERGED, type Decision } from './decision.js';
import type { EpisodeWindows } from './episodes.js';
import { evidenceCheck, type ReadableRows } from './evidence.js';
import type { EpisodeRows } from './facts.js';

/*
 * The part of a conversation that is decided for good. Either the contract's hold window is over; or the rows that it was decided on are no
 * longer all there, because an organization keeps spans for so many days: decided again, on what is left, an episode that was paid for would
 * be reversed.
 *
 * Invariants: the latest decision that is final or whose evidence is not complete, and every one before it, stands as it is; no row changes
 * it, nor cuts its turns into other episodes, which would be paid for twice. What comes after is numbered from there on, as it was before.
 * Deleting more rows freezes more and changes nothing else.
 *
 * Safe to repeat: what is frozen follows from what stands, the rows and the time alone. Should rows come back (a replica that lagged), it thaws.
 *
 * A new turn that began before the frozen part was over (its last activity and the quiet window, the longest that an episode may be, or its
 * explicit end) is in no decision. It would have been one episode with what is gone, and be paid for once: an episode of its own could charge twice, and a revision of the
 * old one would rest on a part of its evidence. The window is counted from what was decided, and not from such turns, which expire too.
 * Signals stay when their spans expire; those of the frozen part, and what was observed before the first turn after it, are counted to nothing.
 *
 * Known gap: what such a turn cost is in no decision, and so in no margin.
 */

// Later than any time of a span or signal, which end in 2554.
const NEVER_NS = 2n ** 64n;

export interface FrozenPast {
  /** The highest episode number that is taken by it; 0 where nothing is frozen. */
  lastNumber: number;
  /** Rows of what came after; all rows where nothing is frozen. */
  rowsAfter: EpisodeRows;
}

export function frozenPast(standing: readonly Decision[], rows: ReadableRows, windows: EpisodeWindows, now: Date): FrozenPast {
  if (standing.length === 0) return { lastNumber: 0, rowsAfter: rows };
  const isComplete = evidenceCheck(rows);
  const last = Math.max(0, ...standing.filter((decision) => isFinal(decision, now) || !isComplete(decision.evidence)).map(({ episode }) => episode));
  if (last === 0) return { lastNumber: 0, rowsAfter: rows };
  const frozen = standing.filter(({ episode }) => episode <= last);
  const following = standing.filter(({ episode }) => episode > last);
  return { lastNumber: last + mergedBehind(last, following), rowsAfter: rowsAfter(frozen, following, rows, windows) };
}

// What was joined to an episode before it is final with that one.
function isFinal({ finalAt, reason }: Decision, now: Date): boolean {
  return finalAt !== null && finalAt <= now && reason !== EPISODE_MERGED;
}

// The number of an episode that was joined to a frozen one is not given to another: that would be decided on the old one's terms.
function mergedBehind(number: number, following: readonly Decision[]): number {
  const merged = new Set(following.filter(({ reason }) => reason === EPISODE_MERGED).map(({ episode }) => episode));
  let count = 0;
  while (merged.has(number + count + 1)) count += 1;
  return count;
}

function rowsAfter(frozen: readonly Decision[], following: readonly Decision[], { spans, signals }: EpisodeRows, windows: EpisodeWindows): EpisodeRows {
  const closedTraceIds = new Set(frozen.flatMap(({ evidence }) => evidence.traceIds));
  const closedSignalIds = new Set(frozen.flatMap(({ evidence }) => evidence.signalIds));
  const decidedTraceIds = new Set(following.flatMap(({ evidence }) => evidence.traceIds));
  const overNs = nanoseconds(Math.max(...frozen.map((decision) => overAtMs(decision, windows))));
  const startNsOf = startOfTraces(spans);
  const isAfter = (traceId: string, startNs: bigint) => !closedTraceIds.has(traceId) && (startNs >= overNs || decidedTraceIds.has(traceId));
  const after = new Map([...startNsOf].filter(([traceId, startNs]) => isAfter(traceId, startNs)));
  const firstNs = [...after.values()].reduce((first, startNs) => (startNs < first ? startNs : first), NEVER_NS);
  return {
    spans: spans.filter((span) => after.has(span.trace_id)),
    signals: signals.filter((signal) => {
      if (after.has(signal.trace_id)) return true;
      const isOfThePast = closedSignalIds.has(signal.signal_id) || closedTraceIds.has(signal.trace_id) || startNsOf.has(signal.trace_id);
      return !isOfThePast && BigInt(signal.at_ns) >= firstNs;
    }),
  };
}

function startOfTraces(spans: EpisodeRows['spans']): Map<string, bigint> {
  const startNsOf = new Map<string, bigint>();
  for (const span of spans) {
    const startNs = BigInt(span.started_at_ns);
    const known = startNsOf.get(span.trace_id);
    if (known === undefined || startNs < known) startNsOf.set(span.trace_id, startNs);
  }
  return startNsOf;
}

// What was merged is in another episode, with its end.
function overAtMs({ reason, facts, episodeStartedAt, episodeEndedAt }: Decision, { quietWindowMs, longestEpisodeMs }: EpisodeWindows): number {
  if (reason === EPISODE_MERGED) return 0;
  const endMs = episodeEndedAt.getTime();
  return facts['ended'] === true ? endMs : Math.min(endMs + quietWindowMs, Math.max(endMs, episodeStartedAt.getTime() + longestEpisodeMs));
}

function nanoseconds(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}
