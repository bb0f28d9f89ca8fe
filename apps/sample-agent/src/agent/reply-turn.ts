import { isCaseIntent, type CaseIntent, type Situation } from '../northwind/vocabulary.js';
import type { Conversation } from './conversation.js';
import type { ModelClient, PendingAnswer } from './model-client.js';
import type { VariantChoice } from './reason-variant.js';
import { resolveCase, type CaseWork, type Resolution } from './resolve-case.js';
import type { Retrieval } from './retrieval.js';
import { runTool, type ToolCall } from './tools.js';
import type { TurnScope } from './turn-scope.js';
import { understandTurn, type Understanding } from './understand-turn.js';

export interface TurnReply {
  reply: string;
  toolCalls: ToolCall[];
  /** The customer said goodbye, or a person has taken over. */
  ended: boolean;
}

/** How often a sentence is asked for before the agent says it in plain words of its own. */
const PHRASES_MAX = 2;
// True of every situation, which is all that can be said without a model to say it.
const UNPHRASED = 'Thank you for your message. We confirm by email what was done and what happens next.';

/** One reply of the agent: understand, resolve, phrase; signals and hand-off go on the turn's root span. */
export async function replyTurn(
  scope: TurnScope,
  conversation: Conversation,
  message: string,
  parts: { client: ModelClient; retrieval: Retrieval; chooseVariant(): Promise<VariantChoice> },
): Promise<TurnReply> {
  const { client } = parts;
  const variant = parts.chooseVariant();
  const { understanding, drafts } = await understandTurn(scope, conversation, message, parts);
  conversation.bookingReference = understanding.bookingReference;
  conversation.date = understanding.date;
  scope.root.setAttribute('astrolabe.locale', understanding.locale);
  scope.recordVariant(await variant);

  const toolCalls: ToolCall[] = [];
  const phrase = (situation: Situation, values: Resolution['values'], speculative: boolean): PendingAnswer<string> =>
    client.write(scope, { task: 'phrase', model: 'gpt-4.1-mini', input: { situation, locale: understanding.locale, values }, speculative });
  const work: CaseWork = { scope, conversation, understanding, drafts, variant, client, toolCalls, phrase };
  recordCustomerSignals(scope, understanding);

  const resolution = await resolveTurn(work);
  // A case that came to nothing, or was none, used neither draft; settling twice changes nothing.
  drafts.refund.settle(false);
  drafts.bookingChange.settle(false);
  if (resolution.handoffReason !== null && conversation.world.handoff === null) {
    toolCalls.push(runTool(scope, conversation.world, 'handoff_to_human', { reason: resolution.handoffReason }));
    scope.handoff(resolution.handoffReason);
  }
  const reply = await speak(phrase, resolution);
  conversation.history.push(`Customer: ${message}`, `Agent: ${reply}`);
  if (understanding.isClosing) scope.conversationEnd();
  return { reply, toolCalls, ended: understanding.isClosing || conversation.world.handoff !== null };
}

async function resolveTurn(work: CaseWork): Promise<Resolution> {
  const { conversation, understanding } = work;
  const { intent } = understanding;
  if (understanding.isFlagged) return handOff('moderation');
  if (intent === 'confirmation') return say('thanks_for_confirming');
  if (intent === 'rating') return say('thanks_for_rating');
  // A colleague has the case: the agent keeps company but decides nothing more.
  if (conversation.world.handoff !== null) return say('handed_off');
  if (intent === 'asks_for_person') return handOff('customer_request');
  if (intent === 'dissatisfied') return handOff('customer_dissatisfied');
  if (intent === 'greeting') return say('welcome');
  if (intent === 'accept_offer' || intent === 'decline_offer') return answerOffer(work, intent === 'accept_offer');

  const currentCase: CaseIntent | null = isCaseIntent(intent) ? intent : intent === 'provide_details' ? conversation.openCase : null;
  if (currentCase === null) return say('clarify');
  conversation.openCase = currentCase;
  const resolution = await resolveCase(work, currentCase);
  if (resolution.situation !== 'reference_needed') conversation.openCase = null;
  return resolution;
}

function answerOffer({ scope, conversation, toolCalls }: CaseWork, accepted: boolean): Resolution {
  conversation.isOfferOpen = false;
  const call = runTool(scope, conversation.world, accepted ? 'apply_retention_discount' : 'cancel_subscription', {});
  toolCalls.push(call);
  if (!call.succeeded) return say('tool_failed');
  scope.signal(accepted ? 'cancellation_saved' : 'subscription_cancelled', 'system');
  const discountPercent = conversation.world.subscription?.discountPercent ?? 0;
  return { ...say(accepted ? 'retained' : 'cancelled'), values: { discountPercent } };
}

/** What the customer says of the case comes in a later message, and is recorded on the turn in which it came. */
function recordCustomerSignals(scope: TurnScope, { intent, rating }: Understanding): void {
  if (intent === 'confirmation') scope.signal('customer_confirmed', 'customer');
  if (intent === 'rating' && rating !== null) scope.signal('csat', 'customer', rating);
}

async function speak(phrase: CaseWork['phrase'], resolution: Resolution): Promise<string> {
  const early = await resolution.phrased?.answer;
  if (early?.kind === 'answered') return early.value;
  for (let attempt = 1; attempt <= PHRASES_MAX; attempt += 1) {
    const answer = await phrase(resolution.situation, resolution.values, false).answer;
    if (answer.kind === 'answered') return answer.value;
  }
  return UNPHRASED;
}

const say = (situation: Situation): Resolution => ({ situation, values: {}, phrased: null, handoffReason: null });
const handOff = (reason: string): Resolution => ({ ...say('handed_off'), handoffReason: reason });
