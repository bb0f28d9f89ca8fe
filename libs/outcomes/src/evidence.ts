import { sha256Hex } from '#platform';
import type { ConversationSpanRow } from '#traces';
import type { Evidence } from './decision.js';
import type { Episode } from './episodes.js';
import type { EpisodeRows } from './facts.js';

/** Everything that can be read of a conversation now. */
export interface ReadableRows extends EpisodeRows {
  /** Traces and signals that name this conversation and that another one owns: not among the rows, and yet not gone. */
  movedIds?: ReadonlySet<string>;
}

export function evidenceOf({ spans, signals }: Episode): Evidence {
  return { traceIds: traceIdsOf(spans), signalIds: signals.map((signal) => signal.signal_id), spanMarks: spans.map(markOf).sort().join('') };
}

export function traceIdsOf(spans: readonly ConversationSpanRow[]): string[] {
  return [...new Set(spans.map((span) => span.trace_id))];
}

/**
 * Says of a decision's evidence whether all of it can still be read. What a decision rests on was there once, so that what is missing was
 * deleted: rows that are late were in no decision. Every span is looked for, not only its trace: rows expire part by part, so that the
 * children of a turn can be gone while its root, which came later, is still there. Without marks (decisions older than they) traces decide.
 */
export function evidenceCheck(rows: ReadableRows): (evidence: Evidence) => boolean {
  const traceIds = new Set(traceIdsOf(rows.spans));
  const signalIds = new Set(rows.signals.map((signal) => signal.signal_id));
  const marks = new Set(rows.spans.map(markOf));
  const isThere = (known: ReadonlySet<string>) => (id: string) => known.has(id) || rows.movedIds?.has(id) === true;
  return (evidence) => {
    if (!evidence.traceIds.every(isThere(traceIds))) return false;
    // Which signals and spans are of a trace that moved is not known.
    if (!evidence.traceIds.every((traceId) => traceIds.has(traceId))) return true;
    return evidence.signalIds.every(isThere(signalIds)) && marksIn(evidence.spanMarks ?? '').every((mark) => marks.has(mark));
  };
}

// Eight digits and not the id: a decision of a hundred spans grows by 800 bytes instead of 5,000. A deleted span is taken for one that is
// there once in four billion divided by the spans of the conversation. Hashed, as senders may count their span ids up from one.
const MARK_LENGTH = 8;

function markOf(span: ConversationSpanRow): string {
  return sha256Hex(`${span.trace_id} ${span.span_id}`).slice(0, MARK_LENGTH);
}

function marksIn(spanMarks: string): string[] {
  return Array.from({ length: spanMarks.length / MARK_LENGTH }, (_, index) => spanMarks.slice(index * MARK_LENGTH, (index + 1) * MARK_LENGTH));
}
