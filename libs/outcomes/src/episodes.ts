import type { ConversationSignalRow, ConversationSpanRow } from '#traces';
import type { EpisodeRows } from './facts.js';

/** One stretch of a conversation. */
export interface Episode extends EpisodeRows {
  /** 1 for the first. */
  number: number;
  startedAt: Date;
  /** Of the last span; of the last signal where that is later. */
  lastActivityAt: Date;
  /** Whether nothing more is expected: the sender said so, or it has been quiet for long enough, or another episode follows. */
  isOver: boolean;
}

interface Turn {
  traceId: string;
  startNs: bigint;
  endNs: bigint;
  isEnd: boolean;
  spans: ConversationSpanRow[];
  signals: ConversationSignalRow[];
}

/**
 * Cuts a conversation into episodes: a new one begins with the first turn after an explicit end, or after a pause of the quiet window or
 * longer. Depends on the rows and the time only, not on the order in which the rows arrived.
 */
export function splitEpisodes(rows: EpisodeRows, quietWindowMs: number, now: Date): Episode[] {
  const turns = turnsOf(rows);
  const groups: Turn[][] = [];
  const quietNs = BigInt(quietWindowMs) * 1_000_000n;
  let lastNs = 0n;
  let isEnded = true;
  for (const turn of turns) {
    if (isEnded || turn.startNs - lastNs >= quietNs) groups.push([]);
    groups.at(-1)?.push(turn);
    lastNs = turn.endNs > lastNs ? turn.endNs : lastNs;
    isEnded = turn.isEnd;
  }
  return groups.map((group, index) => {
    const lastActivityAt = dateOf(group.reduce((latest, turn) => (turn.endNs > latest ? turn.endNs : latest), 0n));
    const isQuiet = now.getTime() - lastActivityAt.getTime() >= quietWindowMs;
    return {
      number: index + 1,
      startedAt: dateOf(group[0]?.startNs ?? 0n),
      lastActivityAt,
      isOver: index < groups.length - 1 || group.at(-1)?.isEnd === true || isQuiet,
      spans: group.flatMap((turn) => turn.spans),
      signals: group.flatMap((turn) => turn.signals),
    };
  });
}

function turnsOf({ spans, signals }: EpisodeRows): Turn[] {
  const turns = new Map<string, Turn>();
  for (const span of spans) {
    const [startNs, endNs] = [BigInt(span.started_at_ns), BigInt(span.ended_at_ns)];
    const turn = turns.get(span.trace_id);
    if (!turn) {
      turns.set(span.trace_id, { traceId: span.trace_id, startNs, endNs, isEnd: false, spans: [span], signals: [] });
      continue;
    }
    turn.spans.push(span);
    if (startNs < turn.startNs) turn.startNs = startNs;
    if (endNs > turn.endNs) turn.endNs = endNs;
  }
  for (const signal of signals) {
    // A signal whose trace has no span yet waits for it: the span is on its way.
    const turn = turns.get(signal.trace_id);
    if (!turn) continue;
    turn.signals.push(signal);
    turn.isEnd ||= signal.kind === 'end';
  }
  return [...turns.values()].sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : a.traceId < b.traceId ? -1 : 1));
}

function dateOf(nanoseconds: bigint): Date {
  return new Date(Number(nanoseconds / 1_000_000n));
}
