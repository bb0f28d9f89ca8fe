import type { ConversationSpanRow, StoredSpanRow } from './queries/conversation-spans.query.js';

/** What the rule looks at. `charge` was given to the span at ingest, by its operation (pricing). */
export type ChargeableSpan = Pick<StoredSpanRow, 'span_id' | 'parent_span_id' | 'charge' | 'cost_usd' | 'cost_unknown_reason'>;

/** What is somewhere below a span, at any depth and through spans of any kind. */
interface Below {
  hasCall: boolean;
  hasLeaf: boolean;
  hasPricedLeaf: boolean;
  hasKnownCost: boolean;
}

interface Node<Span> {
  span: Span;
  parent: Node<Span> | undefined;
  below: Below;
  /** It, or a span above it, stands for its part of the tree. */
  isCovered: boolean;
}

/**
 * The spans of one trace that are charged, so that no usage is charged twice and none is left out.
 *
 * A **call** is a span that may be charged: a leaf (`charge` is `leaf`), or an aggregate that reports usage. Of the spans on one way from
 * the root down, the outermost that **stands** for what is below it is charged, and nothing else on that way. A span stands if
 * - it is a leaf and has no call below it;
 * - or its cost is known and no leaf below it has a price: the leaves below are in its cost, and so are aggregates of known cost;
 * - or it reports usage whose cost is unknown, and below it there is neither a leaf nor a known cost.
 *
 * So a call that has no call below it is covered exactly once: by itself or by one span above it. What follows for the corners:
 * - Priced and unpriced leaves under one aggregate: the leaves are charged, the unpriced ones as unknown. What the aggregate costs more
 *   than the priced leaves may be theirs or a rounding, and unknown stays unknown.
 * - An aggregate over leaves without a price and with a branch that has a price: in the branch without, the next aggregate below is asked.
 * - A leaf above another call is taken for an aggregate. Two instrumentations saw one call, or a tool sums up the calls that it made; a
 *   call that is not part of the one around it is lost then, which is rare next to counting every call of a client twice.
 * - An aggregate of unknown cost above aggregates of known cost: those below are charged, and beside them those of unknown cost, each
 *   once. What only the outer one knows of is not charged.
 * - An aggregate that reports nothing is like any other span: it is looked through.
 * - A span whose parent is not in the store is a root: what was not received cannot stand for it. A span that is its own parent, too.
 * - Parent ids that form a ring lead to no root: the spans of the ring and those below it are taken as roots, one by one.
 *
 * Where a span is given twice, the first counts. The view `v_trace_charges` says the same in SQL; a test compares the two span by span.
 */
export function chargedSpans<Span extends ChargeableSpan>(trace: readonly Span[]): Set<Span> {
  const nodes = parentsFirst(trace);
  for (const { span, parent, below } of nodes.toReversed()) {
    if (parent === undefined) continue;
    parent.below.hasCall ||= below.hasCall || isCall(span);
    parent.below.hasLeaf ||= below.hasLeaf || isLeaf(span);
    parent.below.hasPricedLeaf ||= below.hasPricedLeaf || (isLeaf(span) && isKnown(span));
    parent.below.hasKnownCost ||= below.hasKnownCost || (isCall(span) && isKnown(span));
  }
  const charged = new Set<Span>();
  for (const node of nodes) {
    const isCharged = node.parent?.isCovered !== true && stands(node.span, node.below);
    if (isCharged) charged.add(node.span);
    node.isCovered = isCharged || node.parent?.isCovered === true;
  }
  return charged;
}

/** Rows of any number of traces, in their order, each with whether it is charged. */
export function withCharges(rows: readonly StoredSpanRow[]): ConversationSpanRow[] {
  const charged = new Set([...Map.groupBy(rows, (row) => row.trace_id).values()].flatMap((trace) => [...chargedSpans(trace)]));
  return rows.map((row) => ({ ...row, is_charged: charged.has(row) ? 1 : 0 }));
}

function stands(span: ChargeableSpan, below: Below): boolean {
  if (isLeaf(span) && !below.hasCall) return true;
  if (!reportsUsage(span)) return false;
  return isKnown(span) ? !below.hasPricedLeaf : !below.hasLeaf && !below.hasKnownCost;
}

const isLeaf = (span: ChargeableSpan): boolean => span.charge === 'leaf';
const isKnown = (span: ChargeableSpan): boolean => span.cost_usd !== null;
const reportsUsage = (span: ChargeableSpan): boolean => span.charge !== 'none' && (isKnown(span) || span.cost_unknown_reason !== 'no_usage');
const isCall = (span: ChargeableSpan): boolean => isLeaf(span) || reportsUsage(span);

/** The tree, parents before their children; what no root leads to comes after, as roots. Without recursion: a chain may be deeper than the stack. */
function parentsFirst<Span extends ChargeableSpan>(trace: readonly Span[]): Node<Span>[] {
  const spans = new Map(trace.toReversed().map((span) => [span.span_id, span]));
  const isRoot = (span: Span) => span.parent_span_id === span.span_id || !spans.has(span.parent_span_id);
  const childrenOf = Map.groupBy([...spans.values()].filter((span) => !isRoot(span)), (span) => span.parent_span_id);
  const nodes = [...spans.values()].filter(isRoot).map((span) => nodeOf(span));
  // The list grows while it is walked: every node is followed by its children, and by theirs.
  for (const node of nodes) for (const span of childrenOf.get(node.span.span_id) ?? []) nodes.push(nodeOf(span, node));
  const placed = new Set(nodes.map((node) => node.span));
  return [...nodes, ...[...spans.values()].filter((span) => !placed.has(span)).map((span) => nodeOf(span))];
}

function nodeOf<Span>(span: Span, parent?: Node<Span>): Node<Span> {
  return { span, parent, below: { hasCall: false, hasLeaf: false, hasPricedLeaf: false, hasKnownCost: false }, isCovered: false };
}
