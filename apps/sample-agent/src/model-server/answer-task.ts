import { z } from 'zod';
import { PASSAGES, PASSAGE_IDS, type PassageId } from '../northwind/knowledge.js';
import { CASE_INTENTS, DECISIONS, INTENTS, SITUATIONS, isCaseIntent, type Intent } from '../northwind/vocabulary.js';
import { rightDecision, sameDecision, wrongDecision } from './decide-case.js';
import { modelProfile, solveRate } from './model-profiles.js';
import { phraseFor } from './phrasebook.js';
import { detectLocale, detectSentiment, extractEntities, understandMessage } from './understand-message.js';

/** One chat request as the script sees it. `luck` draws a number for a purpose, from the seed and the call's own key. */
export interface ScriptedRequest {
  task: string;
  model: string;
  promptVersion: string;
  /** The last user message: JSON for the tasks of the constellation. */
  input: string;
  luck(purpose: string): number;
}

/** The tokens that the real prompt of a task would have; the prompts on this wire are kept short. */
const PROMPT_TOKENS: Record<string, number> = {
  'detect-language': 120,
  moderate: 180,
  'classify-intent': 640,
  'extract-entities': 410,
  'detect-sentiment': 210,
  'draft-refund': 980,
  'draft-booking-change': 980,
  'summarise-history': 1300,
  rerank: 1150,
  plan: 1900,
  reason: 3400,
  verify: 2100,
  phrase: 1250,
};

export function promptTokens(task: string, input: string): number {
  return (PROMPT_TOKENS[task] ?? 60) + Math.ceil(input.length / 4);
}

const booking = z.object({
  route: z.string(),
  date: z.string(),
  cabin: z.enum(['economy', 'business']),
  priceEur: z.number(),
  refundable: z.boolean(),
  status: z.enum(['confirmed', 'refunded']),
});
const caseFacts = z.object({
  intent: z.enum(CASE_INTENTS),
  locale: z.string(),
  bookingReference: z.string().nullable(),
  booking: booking.nullable(),
  subscription: z.object({ plan: z.string(), status: z.enum(['active', 'cancelled']), discountPercent: z.number() }).nullable(),
  date: z.string().nullable(),
});
const decision = z.object({
  decision: z.enum(DECISIONS),
  arguments: z.record(z.string(), z.union([z.string(), z.number()])),
  confidence: z.number(),
});
const aMessage = z.object({ message: z.string() });

type Answer = (input: unknown, request: ScriptedRequest) => unknown;

const ANSWERS: Record<string, Answer> = {
  'detect-language': (input) => ({ language: detectLocale(aMessage.parse(input).message) }),

  moderate: (input) => ({ flagged: /\b(idiot|moron|arschloch|connard|gilipollas)\b/i.test(aMessage.parse(input).message) }),

  'classify-intent': (input, request) => {
    const { message, offerOpen } = z.object({ message: z.string(), offerOpen: z.boolean() }).parse(input);
    const truth = understandMessage(message, offerOpen);
    if (request.luck('classify') >= (modelProfile(request.model)?.classifyErrorRate ?? 0)) {
      return { ...truth, confidence: round(0.88 + 0.11 * request.luck('confidence')) };
    }
    // A mistaken classifier is less sure of itself, which is what the agent's vote of two rests on.
    const others = INTENTS.filter((intent) => intent !== truth.intent);
    const mistaken = others[Math.floor(request.luck('mistake') * others.length)] ?? 'other';
    return { intent: mistaken satisfies Intent, rating: null, closing: false, confidence: round(0.4 + 0.25 * request.luck('confidence')) };
  },

  'extract-entities': (input) => extractEntities(aMessage.parse(input).message),

  'detect-sentiment': (input) => ({ sentiment: detectSentiment(aMessage.parse(input).message) }),

  'draft-refund': () => 'Check the fare rules; if the fare is flexible, refund the full price to the original card.',

  'draft-booking-change': () => 'Any fare can move to another date free of charge until the day before travel.',

  'summarise-history': (input) => {
    const { history } = z.object({ history: z.array(z.string()) }).parse(input);
    return `So far: ${history.at(-1)?.slice(0, 80) ?? 'nothing was said.'}`;
  },

  rerank: (input) => {
    const { query, passages } = z.object({ query: z.string(), passages: z.array(z.enum(PASSAGE_IDS)) }).parse(input);
    return { order: [...passages].sort((a, b) => overlap(query, b) - overlap(query, a)) };
  },

  plan: (input) => {
    const facts = z.object({ intent: z.enum(INTENTS), bookingReference: z.string().nullable() }).parse(input);
    const needsBooking = ['refund', 'booking_change', 'upgrade'].includes(facts.intent);
    if (needsBooking && facts.bookingReference === null) return { steps: [], missing: ['booking_reference'] };
    const lookups = needsBooking ? ['lookup_booking'] : facts.intent === 'cancel_subscription' ? ['lookup_subscription'] : ['lookup_policy'];
    return { steps: isCaseIntent(facts.intent) ? lookups : [], missing: [] };
  },

  reason: (input, request) => {
    const facts = caseFacts.parse(input);
    const chance = solveRate({ model: request.model, promptVersion: request.promptVersion, intent: facts.intent, locale: facts.locale });
    return request.luck('solve') < chance ? rightDecision(facts) : { ...wrongDecision(facts, request.luck('mistake')), confidence: 0.72 };
  },

  verify: (input, request) => {
    const { facts, proposed } = z.object({ facts: caseFacts, proposed: decision }).parse(input);
    const right = sameDecision(rightDecision(facts), proposed);
    // Half of the wrong decisions are caught, and one in thirty right ones is doubted.
    const accepts = right ? request.luck('verify') >= 1 / 30 : request.luck('verify') >= 0.5;
    return accepts ? { verdict: 'accept', reason: 'consistent with the policy' } : { verdict: 'reject', reason: 'check the policy again' };
  },

  phrase: (input) => {
    const { situation, locale, values } = z
      .object({ situation: z.enum(SITUATIONS), locale: z.string(), values: z.record(z.string(), z.union([z.string(), z.number()])) })
      .parse(input);
    return phraseFor(situation, locale, values);
  },
};

/**
 * What the script answers: text for prose tasks, JSON text for structured ones. Throws what JSON.parse or zod throws when the input is
 * not what the task takes. A task that is not of the constellation gets one polite sentence.
 */
export function answerTask(request: ScriptedRequest): string {
  const answer = ANSWERS[request.task];
  if (answer === undefined) return 'Thank you for the message. I have read it and have nothing to add.';
  const content = answer(JSON.parse(request.input), request);
  return typeof content === 'string' ? content : JSON.stringify(content);
}

function overlap(query: string, id: PassageId): number {
  const words = new Set(query.toLowerCase().match(/\p{L}{4,}/gu) ?? []);
  return (PASSAGES[id].toLowerCase().match(/\p{L}{4,}/gu) ?? []).filter((word) => words.has(word)).length;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
