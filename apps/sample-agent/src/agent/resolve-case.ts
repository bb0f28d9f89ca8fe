import { z } from 'zod';
import { DECISIONS, type CaseIntent, type Decision, type Situation } from '../northwind/vocabulary.js';
import { carryOut, situationAfter } from './carry-out.js';
import type { Conversation } from './conversation.js';
import type { ChatRequest, ModelClient, PendingAnswer } from './model-client.js';
import type { VariantChoice } from './reason-variant.js';
import { runTool, type ToolCall } from './tools.js';
import type { TurnScope } from './turn-scope.js';
import type { Drafts, Understanding } from './understand-turn.js';

const plan = z.object({
  steps: z.array(z.enum(['lookup_booking', 'lookup_subscription', 'lookup_policy'])),
  missing: z.array(z.string()),
});
const decisionSchema = z.object({
  decision: z.enum(DECISIONS),
  arguments: z.record(z.string(), z.union([z.string(), z.number()])),
  confidence: z.number(),
});
const verdict = z.object({ verdict: z.enum(['accept', 'reject']), reason: z.string() });

/** A second thought is worth its price, a third is not: then a person decides. */
const DECISIONS_MAX = 2;

/** What the reply is to say, and the sentence if it was already written while the decision was being verified. */
export interface Resolution {
  situation: Situation;
  values: Record<string, string | number>;
  phrased: PendingAnswer<string> | null;
  handoffReason: string | null;
}

export interface CaseWork {
  scope: TurnScope;
  conversation: Conversation;
  understanding: Understanding;
  drafts: Drafts;
  variant: Promise<VariantChoice>;
  client: ModelClient;
  toolCalls: ToolCall[];
  phrase: (situation: Situation, values: Resolution['values'], speculative: boolean) => PendingAnswer<string>;
}

/** Plans, looks up, decides, has the decision verified while the reply is already being phrased, and carries it out. */
export async function resolveCase(work: CaseWork, intent: CaseIntent): Promise<Resolution> {
  const { scope, conversation, understanding, client } = work;
  const { bookingReference, date } = understanding;
  const known = { intent, bookingReference, date, summary: understanding.summary, sentiment: understanding.sentiment };
  const planned = await client.ask(scope, { task: 'plan', model: 'gpt-4.1', input: known }, plan).answer;
  if (planned.kind === 'failed') return handOff('model_unavailable');
  if (planned.value.missing.length > 0) return say('reference_needed');

  for (const step of planned.value.steps) {
    const args = step === 'lookup_booking' ? { bookingReference: bookingReference ?? '' } : { topic: understanding.passages[0] ?? 'none' };
    work.toolCalls.push(runTool(scope, conversation.world, step, step === 'lookup_subscription' ? {} : args));
  }
  const facts = {
    intent,
    locale: understanding.locale,
    bookingReference,
    date,
    booking: conversation.world.bookings[bookingReference ?? ''] ?? null,
    subscription: conversation.world.subscription,
  };
  const decided = await decide(work, facts);
  if (decided.kind === 'undecided') return handOff(decided.reason);
  const { decision, phrased } = decided;
  if (decision.decision === 'escalate') {
    phrased.settle(true);
    return { ...handOff('agent_escalated'), phrased };
  }
  const done = carryOut(scope, conversation, decision);
  work.toolCalls.push(...done.toolCalls);
  if (!done.succeeded) {
    phrased.settle(false);
    return say('tool_failed');
  }
  phrased.settle(true);
  return { situation: situationAfter(decision), values: decision.arguments, phrased, handoffReason: null };
}

type Decided = { kind: 'decided'; decision: Decision; phrased: PendingAnswer<string> } | { kind: 'undecided'; reason: string };

async function decide(work: CaseWork, facts: { intent: CaseIntent }): Promise<Decided> {
  const { scope, client, phrase } = work;
  const variant = await work.variant;
  const draft = await draftFor(work, facts.intent);
  for (let attempt = 1; attempt <= DECISIONS_MAX; attempt += 1) {
    const request: ChatRequest = {
      task: 'reason',
      model: variant.value.model,
      promptVersion: variant.value.promptVersion,
      variant,
      input: { ...facts, passages: work.understanding.passages, draft, attempt },
    };
    const proposed = await client.ask(scope, request, decisionSchema).answer;
    if (proposed.kind === 'failed') return { kind: 'undecided', reason: 'model_unavailable' };
    // The reply is phrased while the decision is verified: most decisions are accepted, and the customer is waiting.
    const phrased = phrase(situationAfter(proposed.value), proposed.value.arguments, true);
    const verifying: ChatRequest = { task: 'verify', model: 'o4-mini', input: { facts, proposed: proposed.value } };
    const verified = await client.ask(scope, verifying, verdict).answer;
    // Without a verifier the decision stands: the tools keep their own rules.
    if (verified.kind === 'failed' || verified.value.verdict === 'accept') return { kind: 'decided', decision: proposed.value, phrased };
    phrased.settle(false);
  }
  return { kind: 'undecided', reason: 'low_confidence' };
}

/** The speculative draft that fits the case is used; every other one was wasted, which nobody waits to find out. */
async function draftFor({ drafts }: CaseWork, intent: CaseIntent): Promise<string | null> {
  const fitting = intent === 'refund' ? drafts.refund : intent === 'booking_change' ? drafts.bookingChange : null;
  for (const draft of [drafts.refund, drafts.bookingChange]) draft.settle(draft === fitting);
  const answer = await fitting?.answer;
  return answer?.kind === 'answered' ? answer.value : null;
}

const say = (situation: Situation): Resolution => ({ situation, values: {}, phrased: null, handoffReason: null });
const handOff = (reason: string): Resolution => ({ situation: 'handed_off', values: {}, phrased: null, handoffReason: reason });
