/**
 * Puts what was sent and what was decided about one conversation together: turns in order, each in the episode that it was decided in.
 */
import { summariseTurn, type TurnSummary } from '#constellation';
import type { Decision } from '#outcomes';
import type { ConversationSignalRow, ConversationSpanRow } from '#traces';

/** One reply of the agent: the spans of one turn id, or of one trace where the sender names none. */
export interface TurnView {
  /** 1 for the first of the conversation. */
  number: number;
  traceIds: string[];
  startedAt: Date;
  spans: ConversationSpanRow[];
  signals: ConversationSignalRow[];
  summary: TurnSummary;
}

export interface EpisodeView {
  /** The decision that stands; null for turns that none has seen. */
  decision: Decision | null;
  /** What it replaced, newest first. */
  earlier: Decision[];
  turns: TurnView[];
}

export function readTurns(spans: readonly ConversationSpanRow[], signals: readonly ConversationSignalRow[]): TurnView[] {
  const signalsOf = Map.groupBy(signals, (signal) => signal.trace_id);
  const groups = [...Map.groupBy(spans, (span) => span.turn_id || span.trace_id).values()].sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
  return groups.map((group, index) => {
    const traceIds = [...new Set(group.map((span) => span.trace_id))];
    return {
      number: index + 1,
      traceIds,
      startedAt: new Date(Number(startOf(group) / 1_000_000n)),
      spans: group,
      signals: traceIds.flatMap((traceId) => signalsOf.get(traceId) ?? []),
      summary: summariseTurn(group),
    };
  });
}

/**
 * A turn belongs to the episode whose evidence names its trace.
 * @param history every revision of every episode, oldest first
 */
export function groupByEpisode(turns: readonly TurnView[], history: readonly Decision[]): EpisodeView[] {
  const byEpisode = [...Map.groupBy(history, (decision) => decision.episode).entries()].sort(([a], [b]) => a - b);
  const episodes: EpisodeView[] = byEpisode.map(([, revisions]) => {
    const [decision = null, ...earlier] = [...revisions].reverse();
    return { decision, earlier, turns: turns.filter((turn) => decision !== null && rests(decision, turn)) };
  });
  const undecided = turns.filter((turn) => !episodes.some((episode) => episode.turns.includes(turn)));
  return undecided.length > 0 ? [...episodes, { decision: null, earlier: [], turns: undecided }] : episodes;
}

function rests(decision: Decision, turn: TurnView): boolean {
  return turn.traceIds.some((traceId) => decision.evidence.traceIds.includes(traceId));
}

function startOf(spans: readonly ConversationSpanRow[]): bigint {
  return spans.reduce((least, span) => (BigInt(span.started_at_ns) < least ? BigInt(span.started_at_ns) : least), BigInt(spans[0]?.started_at_ns ?? 0));
}
