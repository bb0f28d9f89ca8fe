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

/** A signal that is of no turn's trace, but names the conversation, is shown with the last turn that had begun when it was, or the first. */
export function readTurns(spans: readonly ConversationSpanRow[], signals: readonly ConversationSignalRow[]): TurnView[] {
  const groups = [...Map.groupBy(spans, (span) => span.turn_id || span.trace_id).values()].sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
  const turns = groups.map((group, index): TurnView => {
    const traceIds = [...new Set(group.map((span) => span.trace_id))];
    return { number: index + 1, traceIds, startedAt: new Date(Number(startOf(group) / 1_000_000n)), spans: group, signals: [], summary: summariseTurn(group) };
  });
  const turnOf = new Map(turns.flatMap((turn) => turn.traceIds.map((traceId) => [traceId, turn])));
  for (const signal of signals) (turnOf.get(signal.trace_id) ?? turnAt(turns, signal))?.signals.push(signal);
  return turns;
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

function turnAt(turns: readonly TurnView[], { own_conversation_id: named, at_ns: at }: ConversationSignalRow): TurnView | undefined {
  return named === '' ? undefined : (turns.findLast((turn) => startOf(turn.spans) <= BigInt(at)) ?? turns[0]);
}

function startOf(spans: readonly ConversationSpanRow[]): bigint {
  return spans.reduce((least, span) => (BigInt(span.started_at_ns) < least ? BigInt(span.started_at_ns) : least), BigInt(spans[0]?.started_at_ns ?? 0));
}
