/**
 * Lays out the spans of one turn on one time scale, as a tree: pure, in shares of a hundred, drawn by `waterfall-table.tsx`.
 */
import type { ConversationSpanRow } from '#traces';

/** Whether a call was made before it was known to be needed, and what became of that. */
export type Speculation = 'none' | 'used' | 'wasted' | 'not_told';

export interface WaterfallRow {
  span: ConversationSpanRow;
  /** 0 for a root; a span whose parent is not here is one. */
  depth: number;
  /** In percent of the turn, 0 to 100; offset and width never reach beyond 100. */
  offsetPercent: number;
  widthPercent: number;
  durationNs: bigint;
  speculation: Speculation;
  isError: boolean;
}

export interface Waterfall {
  rows: WaterfallRow[];
  startedAtNs: bigint;
  /** From the first start to the last end. */
  durationNs: bigint;
  ticks: { atPercent: number; atNs: bigint }[];
}

/** Below this a bar cannot be seen. */
const WIDTH_PERCENT_MIN = 0.6;
const TICKS_MAX = 5;

export function layOutWaterfall(spans: readonly ConversationSpanRow[]): Waterfall {
  const [first] = spans;
  if (!first) return { rows: [], startedAtNs: 0n, durationNs: 0n, ticks: [] };
  const startedAtNs = spans.map((span) => BigInt(span.started_at_ns)).reduce((least, at) => (at < least ? at : least));
  const endedAtNs = spans.map((span) => BigInt(span.ended_at_ns)).reduce((most, at) => (at > most ? at : most), startedAtNs);
  const durationNs = endedAtNs - startedAtNs;
  const rows = inTreeOrder(spans).map(({ span, depth }) => rowOf(span, depth, startedAtNs, durationNs));
  return { rows, startedAtNs, durationNs, ticks: ticksOf(durationNs) };
}

export function speculationOf({ is_speculative, is_used }: Pick<ConversationSpanRow, 'is_speculative' | 'is_used'>): Speculation {
  if (is_speculative === 0) return 'none';
  if (is_used === null) return 'not_told';
  return is_used === 1 ? 'used' : 'wasted';
}

function rowOf(span: ConversationSpanRow, depth: number, startedAtNs: bigint, totalNs: bigint): WaterfallRow {
  const start = BigInt(span.started_at_ns);
  const end = BigInt(span.ended_at_ns);
  // A sender's clock may say that a span ended before it began.
  const durationNs = end > start ? end - start : 0n;
  const widthPercent = Math.min(100, Math.max(WIDTH_PERCENT_MIN, percentOf(durationNs, totalNs)));
  const offsetPercent = Math.min(percentOf(start - startedAtNs, totalNs), 100 - widthPercent);
  return { span, depth, offsetPercent, widthPercent, durationNs, speculation: speculationOf(span), isError: span.status === 'error' };
}

// To a hundredth of a percent: that is below a pixel, and keeps the markup short.
function percentOf(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 10_000n) / whole) / 100;
}

interface Placed {
  span: ConversationSpanRow;
  depth: number;
}

/** Parents before their children, siblings by start. Every span comes out once, also where parents form a ring. */
function inTreeOrder(spans: readonly ConversationSpanRow[]): Placed[] {
  const sorted = [...spans].sort(byStart);
  const ids = new Set(sorted.map(idOf));
  const childrenOf = Map.groupBy(sorted, (span) => parentIdOf(span));
  const placed: Placed[] = [];
  const seen = new Set<string>();
  // Its own stack: a chain of calls may be deeper than the language's.
  const placeFrom = (root: ConversationSpanRow) => {
    const waiting: Placed[] = [{ span: root, depth: 0 }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { span, depth } = next;
      if (seen.has(idOf(span))) continue;
      seen.add(idOf(span));
      placed.push(next);
      const children = childrenOf.get(idOf(span)) ?? [];
      waiting.push(...children.map((child) => ({ span: child, depth: depth + 1 })).reverse());
    }
  };
  for (const span of sorted) if (!ids.has(parentIdOf(span))) placeFrom(span);
  for (const span of sorted) if (!seen.has(idOf(span))) placeFrom(span);
  return placed;
}

const idOf = (span: ConversationSpanRow): string => `${span.trace_id}/${span.span_id}`;
const parentIdOf = (span: ConversationSpanRow): string => `${span.trace_id}/${span.parent_span_id}`;

function byStart(a: ConversationSpanRow, b: ConversationSpanRow): number {
  const [left, right] = [BigInt(a.started_at_ns), BigInt(b.started_at_ns)];
  if (left !== right) return left < right ? -1 : 1;
  return idOf(a) < idOf(b) ? -1 : 1;
}

/** Round times (1, 2 or 5 of a power of ten), from 0, as many as there is room for. */
function ticksOf(durationNs: bigint): Waterfall['ticks'] {
  if (durationNs === 0n) return [];
  const step = roundSteps().find((each) => durationNs / each < TICKS_MAX) ?? durationNs;
  const count = Number(durationNs / step) + 1;
  return Array.from({ length: count }, (_, index) => ({ atNs: step * BigInt(index), atPercent: percentOf(step * BigInt(index), durationNs) }));
}

function roundSteps(): bigint[] {
  const POWERS = 18;
  return Array.from({ length: POWERS }, (_, power) => 10n ** BigInt(power)).flatMap((unit) => [unit, 2n * unit, 5n * unit]);
}
