import { formatDecimal, parseDecimal } from '#platform';
import type { ConversationSignalRow, ConversationSpanRow } from '#traces';

/** A tool that was called in the episode. */
export interface ToolCallFact {
  name: string;
  succeeded: boolean;
}

/** A signal as policies see it. `number` is the value where it is one, else null. */
export interface SignalFact {
  name: string;
  source: string;
  value: string;
  number: number | null;
}

/** What a judge said. `passed` is true for the labels pass, passed, true, yes, correct and resolved, or, without a label, for a score of 1. */
export interface VerdictFact {
  name: string;
  label: string;
  score: number | null;
  passed: boolean;
}

/**
 * The summary of one episode that policies read. Pure: the same spans and signals in any order of arrival give the same facts.
 * Unknown is null, or counted apart (`cost_unknown_calls`), never zero.
 */
export interface Facts {
  /** Replies of the agent: traces, unless they carry turn ids. */
  turns: number;
  /** This and what follows as the latest turn says it, and there the outermost span: a sub-agent does not rename the conversation. */
  customer: string;
  agent: string;
  environment: string;
  /** The environment is one of tests and simulations: test, testing, simulation, ci, dev, development or staging, in any case. */
  is_test_traffic: boolean;
  locale: string;
  channel: string;
  variant: string;
  tool_calls: ToolCallFact[];
  signals: SignalFact[];
  verdicts: VerdictFact[];
  /** A person took over. */
  handed_off: boolean;
  handoff_reason: string;
  /** The customer said so: a signal `customer_confirmed` from the customer. */
  confirmed: boolean;
  /** The last rating of the customer from 1 to 5, or null when there was none. One outside of it was given on another scale. */
  csat: number | null;
  /** The sender said that the conversation is over. */
  ended: boolean;
  model_calls: number;
  failed_model_calls: number;
  /** Of the calls whose cost is known, in USD, as a decimal string. */
  cost_usd: string;
  cost_unknown_calls: number;
  started_at: string;
  ended_at: string;
}

export interface EpisodeRows {
  spans: readonly ConversationSpanRow[];
  signals: readonly ConversationSignalRow[];
}

const TEST_ENVIRONMENTS = new Set(['test', 'testing', 'simulation', 'ci', 'dev', 'development', 'staging']);
const PASSING_LABELS = new Set(['pass', 'passed', 'true', 'yes', 'correct', 'resolved']);

export function factsOf(rows: EpisodeRows): Facts {
  const { spans, signals } = inOrder(rows);
  const traces = [...Map.groupBy(spans, (span) => span.trace_id).values()];
  const charged = spans.filter((span) => span.is_charged === 1);
  const known = charged.flatMap((span) => span.cost_usd ?? []);
  const observed = signals.filter((signal) => signal.kind === 'signal').map(signalFact);
  const handoff = signals.find((signal) => signal.kind === 'handoff');
  const ratings = observed.flatMap((signal) => ratingOf(signal) ?? []);
  const environment = latestText(traces, (span) => span.environment);
  return {
    turns: new Set(traces.flatMap(turnIdsOf)).size,
    customer: latestText(traces, (span) => span.customer_id),
    agent: latestText(traces, (span) => span.agent),
    environment,
    is_test_traffic: TEST_ENVIRONMENTS.has(environment.toLowerCase()),
    locale: latestText(traces, (span) => span.locale),
    channel: latestText(traces, (span) => span.channel),
    variant: latestText(traces, (span) => span.variant) || (signals.findLast((signal) => signal.kind === 'exposure')?.value ?? ''),
    tool_calls: spans.filter((span) => span.tool !== '').map((span) => ({ name: span.tool, succeeded: span.status !== 'error' })),
    signals: observed,
    verdicts: signals.filter((signal) => signal.kind === 'verdict').map(verdictFact),
    handed_off: handoff !== undefined,
    handoff_reason: handoff?.value ?? '',
    confirmed: observed.some((signal) => signal.name === 'customer_confirmed' && signal.source === 'customer' && signal.value !== 'false'),
    csat: ratings.at(-1) ?? null,
    ended: signals.some((signal) => signal.kind === 'end'),
    model_calls: charged.length,
    failed_model_calls: charged.filter((span) => span.status === 'error').length,
    cost_usd: sumUsd(known),
    cost_unknown_calls: charged.length - known.length,
    started_at: isoOf(spans.map((span) => BigInt(span.started_at_ns)).reduce(smaller, BigInt(spans[0]?.started_at_ns ?? 0))),
    ended_at: isoOf(spans.map((span) => BigInt(span.ended_at_ns)).reduce(larger, 0n)),
  };
}

/**
 * The same rows in the one order that everything else relies on: spans oldest first, a parent before the children that start with it;
 * signals oldest first.
 */
export function inOrder({ spans, signals }: EpisodeRows): EpisodeRows {
  return {
    spans: spans.toSorted(
      (a, b) =>
        compare(BigInt(a.started_at_ns), BigInt(b.started_at_ns)) ||
        compare(a.parent_span_id !== '', b.parent_span_id !== '') ||
        compare(a.trace_id, b.trace_id) ||
        compare(a.span_id, b.span_id),
    ),
    signals: signals.toSorted((a, b) => compare(BigInt(a.at_ns), BigInt(b.at_ns)) || compare(a.signal_id, b.signal_id)),
  };
}

// A turn id on any span holds for its whole trace.
function turnIdsOf(trace: readonly ConversationSpanRow[]): string[] {
  const named = trace.flatMap((span) => (span.turn_id === '' ? [] : [`turn ${span.turn_id}`]));
  return named.length > 0 ? named : trace.slice(0, 1).map((span) => `trace ${span.trace_id}`);
}

function signalFact({ name, source, value }: ConversationSignalRow): SignalFact {
  return { name, source, value, number: numberOrNull(value) };
}

function ratingOf({ name, source, number }: SignalFact): number | null {
  return name === 'csat' && source === 'customer' && number !== null && number >= 1 && number <= 5 ? number : null;
}

function verdictFact({ name, attributes }: ConversationSignalRow): VerdictFact {
  const label = attributes['gen_ai.evaluation.score.label'] ?? '';
  const score = numberOrNull(attributes['gen_ai.evaluation.score.value'] ?? '');
  return { name, label, score, passed: label === '' ? score === 1 : PASSING_LABELS.has(label.toLowerCase()) };
}

function numberOrNull(text: string): number | null {
  const number = text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

function latestText(traces: readonly (readonly ConversationSpanRow[])[], read: (span: ConversationSpanRow) => string): string {
  const latest = traces.findLast((trace) => trace.some((span) => read(span) !== ''));
  return latest?.map(read).find((text) => text !== '') ?? '';
}

function compare<Value extends bigint | boolean | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const smaller = (a: bigint, b: bigint): bigint => (b < a ? b : a);
const larger = (a: bigint, b: bigint): bigint => (b > a ? b : a);

function isoOf(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}

const USD_SCALE = 12;

function sumUsd(amounts: readonly string[]): string {
  return formatDecimal(amounts.reduce((sum, amount) => sum + parseDecimal(amount, USD_SCALE), 0n), USD_SCALE);
}
