import type { CaseIntent, Locale } from '../northwind/vocabulary.js';

/** How one model of the script behaves. */
export interface ModelProfile {
  kind: 'chat' | 'embedding';
  /** The dated name that the provider answers with. */
  responseModel: string;
  /** Until the whole answer is there, at latency scale 1. */
  latencyMsMedian: number;
  latencySigma: number;
  /** How often a classification comes out wrong. */
  classifyErrorRate: number;
  /** Hidden reasoning tokens, on average, per answer. */
  reasoningTokensMean: number;
}

const chat = (responseModel: string, latencyMsMedian: number, classifyErrorRate: number, reasoningTokensMean = 0): ModelProfile => ({
  kind: 'chat',
  responseModel,
  latencyMsMedian,
  latencySigma: 0.35,
  classifyErrorRate,
  reasoningTokensMean,
});

const PROFILES: Record<string, ModelProfile> = {
  'gpt-4.1': chat('gpt-4.1-2025-04-14', 900, 0.02),
  'gpt-4.1-mini': chat('gpt-4.1-mini-2025-04-14', 480, 0.03),
  'gpt-4.1-nano': chat('gpt-4.1-nano-2025-04-14', 260, 0.06),
  'gpt-4o': chat('gpt-4o-2024-08-06', 950, 0.02),
  'gpt-4o-mini': chat('gpt-4o-mini-2024-07-18', 420, 0.04),
  'o4-mini': chat('o4-mini-2025-04-16', 1700, 0.02, 320),
  'text-embedding-3-small': {
    kind: 'embedding',
    responseModel: 'text-embedding-3-small',
    latencyMsMedian: 90,
    latencySigma: 0.25,
    classifyErrorRate: 0,
    reasoningTokensMean: 0,
  },
};

export const MODEL_IDS = Object.keys(PROFILES);

export function modelProfile(model: string): ModelProfile | undefined {
  return PROFILES[model];
}

// What a base and a candidate differ in. gpt-4.1-mini is a little better on the short cases and clearly worse on refunds, most of all
// in French: equal averages would hide it, which is what a comparison by scenario is for.
const SOLVE_RATES: Record<string, Record<CaseIntent, number>> = {
  'gpt-4.1': { booking_change: 0.89, refund: 0.92, cancel_subscription: 0.82, baggage_question: 0.96, upgrade: 0.9, complaint: 0.82 },
  'gpt-4.1-mini': { booking_change: 0.96, refund: 0.66, cancel_subscription: 0.84, baggage_question: 0.97, upgrade: 0.93, complaint: 0.76 },
  'gpt-4o': { booking_change: 0.9, refund: 0.87, cancel_subscription: 0.8, baggage_question: 0.95, upgrade: 0.88, complaint: 0.8 },
};
const SOLVE_RATE_OTHERWISE = 0.65;

const LOCALE_PENALTIES: Record<string, Partial<Record<Locale, number>>> = { 'gpt-4.1-mini': { 'fr-FR': 0.12 } };

// The second prompt spells out the fare rules, which is what the small model misses.
const PROMPT_GAINS: Record<string, Record<string, Partial<Record<CaseIntent, number>>>> = {
  'gpt-4.1-mini': { 'reason-v2': { refund: 0.12 } },
};

/** The probability that this model, so prompted, decides a case of this kind rightly. */
export function solveRate(input: { model: string; promptVersion: string; intent: CaseIntent; locale: string }): number {
  const base = SOLVE_RATES[input.model]?.[input.intent] ?? SOLVE_RATE_OTHERWISE;
  const penalty = LOCALE_PENALTIES[input.model]?.[input.locale as Locale] ?? 0;
  const gain = PROMPT_GAINS[input.model]?.[input.promptVersion]?.[input.intent] ?? 0;
  return Math.min(0.99, Math.max(0.01, base - penalty + gain));
}
