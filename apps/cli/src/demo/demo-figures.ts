import { divideHalfEven, formatMicros, parseDecimal } from '#platform';
import type { RunComparison } from '#evals';
import { percent, points, table } from '../figures.js';

/** What the service says, as the demo reads it over REST. Integers beyond 2^53 and decimals are strings on the wire. */
export interface UsageAnswer {
  conversations: number;
  turns: number;
  spans: number;
  modelCalls: number;
  knownCostUsd: string | null;
  unknownCostSpans: number;
  wastedCostUsd: string | null;
}

export interface OutcomesAnswer {
  billable: number;
  notBillable: number;
  testTraffic: number;
  byName: Record<string, number>;
  byGrade: Record<string, number>;
  byReason: Record<string, number>;
  /** What tells the canary from its base: the variants as the traces recorded them. */
  byVariant: Record<string, { billable: number; notBillable: number }>;
  pending: number;
}

export interface StatementAnswer {
  customer: { id: string };
  currency: string;
  period: { label: string };
  totalMicros: string;
  stripe: { amountMicros: string | null };
}

export interface MarginAnswer {
  customer: { id: string };
  billableCount: number;
  revenueMicros: string;
  modelCostMicros: string | null;
  unknownSpans: number;
  costPerBillableOutcomeMicros: string | null;
  marginMicros: string | null;
}

/** The figures that the demo prints; amounts in micros of the currency. */
export interface DemoFigures {
  conversations: number;
  turns: number;
  spans: number;
  modelCalls: number;
  outcomes: OutcomesAnswer;
  statement: { currency: string; amountMicros: number };
  stripe: { amountMicros: number | null };
  breaks: number;
  modelCost: { knownMicros: number | null; unknownSpans: number };
  costPerBillableOutcomeMicros: number | null;
  marginMicros: number | null;
  wastedShare: number | null;
  comparison: RunComparison;
  urls: Record<string, string>;
}

export interface DemoAnswers {
  usage: UsageAnswer;
  outcomes: OutcomesAnswer;
  statements: readonly StatementAnswer[];
  margin: MarginAnswer | undefined;
  breaks: number;
  comparison: RunComparison;
  urls: Record<string, string>;
}

const USD_SCALE = 12;
const USD_PER_MICRO = 10n ** 6n;

export function demoFigures({ usage, outcomes, statements, margin, breaks, comparison, urls }: DemoAnswers): DemoFigures {
  const known = usage.knownCostUsd === null ? null : parseDecimal(usage.knownCostUsd, USD_SCALE);
  const wasted = usage.wastedCostUsd === null ? null : parseDecimal(usage.wastedCostUsd, USD_SCALE);
  const read = statements.map((statement) => statement.stripe.amountMicros);
  return {
    conversations: usage.conversations,
    turns: usage.turns,
    spans: usage.spans,
    modelCalls: usage.modelCalls,
    outcomes,
    statement: { currency: statements[0]?.currency ?? 'USD', amountMicros: sum(statements.map((statement) => statement.totalMicros)) },
    // One statement that was not read back leaves the whole unknown.
    stripe: { amountMicros: read.some((amount) => amount === null) ? null : sum(read.map((amount) => amount ?? '0')) },
    breaks,
    modelCost: { knownMicros: known === null ? null : Number(divideHalfEven(known, USD_PER_MICRO)), unknownSpans: usage.unknownCostSpans },
    costPerBillableOutcomeMicros: numberOrNull(margin?.costPerBillableOutcomeMicros),
    marginMicros: numberOrNull(margin?.marginMicros),
    wastedShare: known === null || wasted === null || known === 0n ? null : Number((wasted * 1_000_000n) / known) / 1_000_000,
    comparison,
    urls,
  };
}

export function describeFigures(figures: DemoFigures): string[] {
  const { outcomes, comparison, statement } = figures;
  const money = (micros: number | null) => (micros === null ? 'unknown' : `${formatMicros(BigInt(micros))} ${statement.currency}`);
  const counts = (of: Record<string, number>) => Object.entries(of).map(([name, count]) => [`  ${name}`, String(count)]);
  return [
    ...table([
      ['conversations', String(figures.conversations)],
      ['turns', String(figures.turns)],
      ['spans', String(figures.spans)],
      ['billable outcomes', String(outcomes.billable)],
      ...counts(outcomes.byName),
      ['by evidence', ''],
      ...counts(outcomes.byGrade),
      ['not billable', String(outcomes.notBillable)],
      ...counts(outcomes.byReason),
      ['billable, by variant of the canary', ''],
      ...Object.entries(outcomes.byVariant).map(([name, of]) => [`  ${name}`, `${of.billable} of ${of.billable + of.notBillable}`]),
      ['statement', money(statement.amountMicros)],
      ["read back from the sandbox's meter", money(figures.stripe.amountMicros)],
      ['breaks', String(figures.breaks)],
      ['model cost, known', money(figures.modelCost.knownMicros)],
      ['model calls of unknown cost', String(figures.modelCost.unknownSpans)],
      [`cost per billable outcome${figures.modelCost.unknownSpans > 0 ? ', at least' : ''}`, money(figures.costPerBillableOutcomeMicros)],
      [figures.modelCost.unknownSpans > 0 ? 'margin, at most' : 'margin', money(figures.marginMicros)],
      ['share of spend wasted on speculation', figures.wastedShare === null ? 'unknown' : percent(figures.wastedShare)],
    ]),
    '',
    `${comparison.candidate.variant} against ${comparison.base.variant}, ${comparison.tasks} scenarios x ${comparison.trialsPerTask ?? 'several'} trials:`,
    `  ${percent(comparison.base.rate)} -> ${percent(comparison.candidate.rate)} (${points(comparison.difference)}, standard error ${points(comparison.standardError)}), p = ${comparison.pValue?.toFixed(4) ?? 'unknown'}`,
    '',
    ...Object.entries(figures.urls).map(([name, url]) => `${name.padEnd(16)}${url}`),
    '',
    'The Stripe here is a sandbox on this machine: it is not Stripe, and nothing is charged.',
  ];
}

function sum(amounts: readonly string[]): number {
  return Number(amounts.reduce((total, amount) => total + BigInt(amount), 0n));
}

function numberOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}
