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
  /** Replies of the agent. */
  turns: number;
  customer: string;
  agent: string;
  environment: string;
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
  /** The last rating of the customer, 1 to 5, or null when there was none. */
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

const PASSING_LABELS = new Set(['pass', 'passed', 'true', 'yes', 'correct', 'resolved']);

export function factsOf({ spans, signals }: EpisodeRows): Facts {
  const charged = spans.filter((span) => span.is_charged === 1);
  const known = charged.filter((span) => span.cost_usd !== null);
  const observed = signals.filter((signal) => signal.kind === 'signal').map(signalFact);
  const handoff = signals.find((signal) => signal.kind === 'handoff');
  const ratings = observed.filter((signal) => signal.name === 'csat' && signal.source === 'customer' && signal.number !== null);
  return {
    turns: new Set(spans.map((span) => span.turn_id || span.trace_id)).size,
    customer: lastText(spans, (span) => span.customer_id),
    agent: lastText(spans, (span) => span.agent),
    environment: lastText(spans, (span) => span.environment),
    locale: lastText(spans, (span) => span.locale),
    channel: lastText(spans, (span) => span.channel),
    variant: lastText(spans, (span) => span.variant) || (signals.findLast((signal) => signal.kind === 'exposure')?.value ?? ''),
    tool_calls: spans.filter((span) => span.tool !== '').map((span) => ({ name: span.tool, succeeded: span.status !== 'error' })),
    signals: observed,
    verdicts: signals.filter((signal) => signal.kind === 'verdict').map(verdictFact),
    handed_off: handoff !== undefined,
    handoff_reason: handoff?.value ?? '',
    confirmed: observed.some((signal) => signal.name === 'customer_confirmed' && signal.source === 'customer' && signal.value !== 'false'),
    csat: ratings.at(-1)?.number ?? null,
    ended: signals.some((signal) => signal.kind === 'end'),
    model_calls: charged.length,
    failed_model_calls: charged.filter((span) => span.status === 'error').length,
    cost_usd: sumUsd(known.map((span) => span.cost_usd ?? '0')),
    cost_unknown_calls: charged.length - known.length,
    started_at: isoOf(spans.reduce((least, span) => least < BigInt(span.started_at_ns) ? least : BigInt(span.started_at_ns), BigInt(spans[0]?.started_at_ns ?? 0))),
    ended_at: isoOf(spans.reduce((most, span) => most > BigInt(span.ended_at_ns) ? most : BigInt(span.ended_at_ns), 0n)),
  };
}

function signalFact({ name, source, value }: ConversationSignalRow): SignalFact {
  return { name, source, value, number: numberOrNull(value) };
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

// Spans come oldest first; the latest that says something holds.
function lastText(spans: readonly ConversationSpanRow[], read: (span: ConversationSpanRow) => string): string {
  for (let index = spans.length - 1; index >= 0; index--) {
    const span = spans[index];
    const text = span ? read(span) : '';
    if (text !== '') return text;
  }
  return '';
}

function isoOf(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}

const USD_SCALE = 12;

function sumUsd(amounts: readonly string[]): string {
  return formatDecimal(amounts.reduce((sum, amount) => sum + parseDecimal(amount, USD_SCALE), 0n), USD_SCALE);
}
