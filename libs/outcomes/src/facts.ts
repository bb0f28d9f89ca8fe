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
 * The summary of one episode that policies read. Pure: the same spans and signals in any order of arrival give the same facts. Unknown is
 * null, or counted apart (`cost_unknown_calls`), never zero. What each field says: `fact-fields.ts`, docs/facts.md.
 */
export interface Facts {
  turns: number;
  customer: string;
  agent: string;
  environment: string;
  is_test_traffic: boolean;
  is_internal_user: boolean;
  locale: string;
  channel: string;
  variant: string;
  tool_calls: ToolCallFact[];
  signals: SignalFact[];
  verdicts: VerdictFact[];
  left_out: number;
  handed_off: boolean;
  handoff_reason: string;
  asked_for_person: boolean;
  human_involved: boolean;
  confirmed: boolean;
  csat: number | null;
  ratings: number[];
  is_spam: boolean;
  is_abuse: boolean;
  is_duplicate_contact: boolean;
  ended: boolean;
  model_calls: number;
  failed_model_calls: number;
  cost_usd: string;
  cost_unknown_calls: number;
  started_at: string;
  ended_at: string;
  duration_ms: number;
}

export interface EpisodeRows {
  spans: readonly ConversationSpanRow[];
  signals: readonly ConversationSignalRow[];
}

/** As many signals, tool calls, verdicts and ratings are looked at; what an expression does is bounded by it. */
export const FACT_ITEMS_MAX = 1000;

const TEST_ENVIRONMENTS = new Set(['test', 'testing', 'simulation', 'ci', 'dev', 'development', 'staging']);
const INTERNAL_ENVIRONMENT = 'internal';
const PASSING_LABELS = new Set(['pass', 'passed', 'true', 'yes', 'correct', 'resolved']);

export function factsOf(rows: EpisodeRows): Facts {
  const { spans, signals } = inOrder(rows);
  const traces = [...Map.groupBy(spans, (span) => span.trace_id).values()];
  const charged = spans.filter((span) => span.is_charged === 1);
  const known = charged.flatMap((span) => span.cost_usd ?? []);
  const observed = signals.filter((signal) => signal.kind === 'signal').map(signalFact);
  const toolCalls = spans.filter((span) => span.tool !== '').map((span) => ({ name: span.tool, succeeded: span.status !== 'error' }));
  const verdicts = signals.filter((signal) => signal.kind === 'verdict').map(verdictFact);
  const handoff = signals.find((signal) => signal.kind === 'handoff');
  const ratings = observed.flatMap((signal) => ratingOf(signal) ?? []);
  const environment = latestText(traces, (span) => span.environment);
  const startedNs = spans.map((span) => BigInt(span.started_at_ns)).reduce(smaller, BigInt(spans[0]?.started_at_ns ?? 0));
  const endedNs = spans.map((span) => BigInt(span.ended_at_ns)).reduce(larger, 0n);
  const says = (name: string) => observed.some((signal) => signal.name === name && isYes(signal)) || verdicts.some((verdict) => verdict.name === name && verdict.passed);
  return {
    turns: new Set(traces.flatMap(turnIdsOf)).size,
    customer: latestText(traces, (span) => span.customer_id),
    agent: latestText(traces, (span) => span.agent),
    environment,
    is_test_traffic: TEST_ENVIRONMENTS.has(environment.toLowerCase()),
    is_internal_user: environment.toLowerCase() === INTERNAL_ENVIRONMENT || says('internal_user'),
    locale: latestText(traces, (span) => span.locale),
    channel: latestText(traces, (span) => span.channel),
    variant: latestText(traces, (span) => span.variant) || (signals.findLast((signal) => signal.kind === 'exposure')?.value ?? ''),
    tool_calls: toolCalls.slice(0, FACT_ITEMS_MAX),
    signals: observed.slice(0, FACT_ITEMS_MAX),
    verdicts: verdicts.slice(0, FACT_ITEMS_MAX),
    left_out: [toolCalls, observed, verdicts].reduce((sum, list) => sum + Math.max(0, list.length - FACT_ITEMS_MAX), 0),
    handed_off: handoff !== undefined,
    handoff_reason: handoff?.value ?? '',
    asked_for_person: observed.some(isAsk),
    human_involved: handoff !== undefined || observed.some(isOfPerson),
    confirmed: observed.some(isConfirmation),
    csat: ratings.at(-1) ?? null,
    ratings: ratings.slice(-FACT_ITEMS_MAX),
    is_spam: says('spam'),
    is_abuse: says('abuse'),
    is_duplicate_contact: says('duplicate_contact'),
    ended: signals.some((signal) => signal.kind === 'end'),
    model_calls: charged.length,
    failed_model_calls: charged.filter((span) => span.status === 'error').length,
    cost_usd: sumUsd(known),
    cost_unknown_calls: charged.length - known.length,
    started_at: isoOf(startedNs),
    ended_at: isoOf(endedNs),
    duration_ms: Number((larger(endedNs, startedNs) - startedNs) / 1_000_000n),
  };
}

export const isAsk = ({ name, source }: Pick<SignalFact, 'name' | 'source'>): boolean => name === 'asked_for_person' && source === 'customer';
export const isOfPerson = ({ source }: Pick<SignalFact, 'source'>): boolean => source === 'human';
export const isConfirmation = ({ name, source, value }: Pick<SignalFact, 'name' | 'source' | 'value'>): boolean => name === 'customer_confirmed' && source === 'customer' && isYes({ value });
/** Of a signal that says something by being there: unless it says that it is not so. */
export const isYes = ({ value }: Pick<SignalFact, 'value'>): boolean => !NO.test(value);
// As programs write it: JavaScript, Python, a form's number.
const NO = /^\s*(false|no|0)\s*$/i;

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

export function signalFact({ name, source, value }: ConversationSignalRow): SignalFact {
  return { name, source, value, number: numberOrNull(value) };
}

export function ratingOf({ name, source, number }: SignalFact): number | null {
  return name === 'csat' && source === 'customer' && number !== null && number >= 1 && number <= 5 ? number : null;
}

export function verdictFact({ name, attributes }: ConversationSignalRow): VerdictFact {
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
