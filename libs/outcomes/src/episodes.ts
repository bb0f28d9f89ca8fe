import type { ConversationSignalRow, ConversationSpanRow } from '#traces';
import { inOrder, type EpisodeRows } from './facts.js';

/** One stretch of a conversation. */
export interface Episode extends EpisodeRows {
  /** 1 for the first of the conversation. */
  number: number;
  startedAt: Date;
  /** End of the last span. */
  lastActivityAt: Date;
  /** When it will have been quiet for the window; the first millisecond at which `isOver` holds. */
  quietAt: Date;
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

const NS_PER_MS = 1_000_000n;

/**
 * Cuts a conversation into episodes: a new one begins with the first turn after an explicit end, or after a pause of the quiet window or
 * longer. A turn is a trace here and is never cut. Depends on the rows and the time only, not on the order in which the rows arrived.
 * Numbered after `lastNumber`, which the frozen past of the conversation has taken (`frozen-past.ts`).
 */
export function splitEpisodes(rows: EpisodeRows, quietWindowMs: number, now: Date, lastNumber = 0): Episode[] {
  const quietNs = BigInt(quietWindowMs) * NS_PER_MS;
  const nowNs = BigInt(now.getTime()) * NS_PER_MS;
  const groups: Turn[][] = [];
  let lastNs = 0n;
  let isEnded = true;
  for (const turn of turnsOf(inOrder(rows))) {
    if (isEnded || turn.startNs - lastNs >= quietNs) groups.push([]);
    groups.at(-1)?.push(turn);
    lastNs = turn.endNs > lastNs ? turn.endNs : lastNs;
    isEnded = turn.isEnd;
  }
  return groups.map((group, index) => {
    const endNs = group.reduce((latest, turn) => (turn.endNs > latest ? turn.endNs : latest), 0n);
    const isFollowed = index < groups.length - 1;
    return {
      number: lastNumber + index + 1,
      startedAt: dateOf(group[0]?.startNs ?? 0n),
      lastActivityAt: dateOf(endNs),
      quietAt: dateOf(endNs + quietNs + NS_PER_MS - 1n),
      isOver: isFollowed || group.at(-1)?.isEnd === true || nowNs - endNs >= quietNs,
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
    if (endNs > turn.endNs) turn.endNs = endNs;
  }
  // By start, then by trace: two turns may start in the same instant, and their order must not hang on which has a parent elsewhere.
  const inTime = [...turns.values()].sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : a.traceId < b.traceId ? -1 : 1));
  for (const signal of signals) {
    const turn = turns.get(signal.trace_id) ?? turnAt(inTime, signal);
    if (!turn) continue;
    turn.signals.push(signal);
    turn.isEnd ||= signal.kind === 'end';
  }
  return inTime;
}

/**
 * The turn that a signal falls into whose trace is none of the turns: the last that had begun, or the first. Only one that names the
 * conversation itself, which a log record may do from a request that is traced elsewhere or not at all; another waits for its span, which is
 * on its way.
 */
function turnAt(turns: readonly Turn[], signal: ConversationSignalRow): Turn | undefined {
  if (signal.own_conversation_id === '') return undefined;
  const atNs = BigInt(signal.at_ns);
  return turns.findLast((turn) => turn.startNs <= atNs) ?? turns[0];
}

function dateOf(nanoseconds: bigint): Date {
  return new Date(Number(nanoseconds / NS_PER_MS));
}
