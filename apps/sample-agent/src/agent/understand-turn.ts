import { z } from 'zod';
import { PASSAGE_IDS, type PassageId } from '../northwind/knowledge.js';
import { INTENTS, type Intent } from '../northwind/vocabulary.js';
import type { Conversation } from './conversation.js';
import type { ModelAnswer, ModelClient, PendingAnswer } from './model-client.js';
import type { Retrieval } from './retrieval.js';
import type { TurnScope } from './turn-scope.js';

export const EMBEDDING_MODEL = 'text-embedding-3-small';

const language = z.object({ language: z.string() });
const moderation = z.object({ flagged: z.boolean() });
const classification = z.object({
  intent: z.enum(INTENTS),
  confidence: z.number(),
  rating: z.number().int().min(1).max(5).nullable(),
  closing: z.boolean(),
});
const entities = z.object({ bookingReference: z.string().nullable(), date: z.string().nullable() });
const sentiment = z.object({ sentiment: z.enum(['negative', 'neutral', 'positive']) });
const ranking = z.object({ order: z.array(z.enum(PASSAGE_IDS)) });

/** What the first wave of the constellation found out about a message. */
export interface Understanding {
  intent: Intent;
  rating: number | null;
  isClosing: boolean;
  isFlagged: boolean;
  locale: string;
  bookingReference: string | null;
  date: string | null;
  sentiment: string;
  /** Help centre passages, best first; empty when retrieval failed. */
  passages: readonly PassageId[];
  summary: string | null;
}

/** Text that was written before anybody knew whether it would be needed. */
export interface Drafts {
  refund: PendingAnswer<string>;
  bookingChange: PendingAnswer<string>;
}

/**
 * Starts the first wave: everything that needs only the message runs at once, and two drafts are written on speculation. Resolves when
 * the intent and what hangs on it are known; the drafts go on.
 */
export async function understandTurn(
  scope: TurnScope,
  conversation: Conversation,
  message: string,
  tools: { client: ModelClient; retrieval: Retrieval },
): Promise<{ understanding: Understanding; drafts: Drafts }> {
  const { client, retrieval } = tools;
  const ask = <T>(task: string, model: string, schema: z.ZodType<T>, input: object = { message }): Promise<ModelAnswer<T>> =>
    client.ask(scope, { task, model, input }, schema).answer;
  const draft = (task: string): PendingAnswer<string> =>
    client.write(scope, { task, model: 'gpt-4o-mini', input: { message }, speculative: true });

  const classified = { message, offerOpen: conversation.isOfferOpen };
  const drafts = { refund: draft('draft-refund'), bookingChange: draft('draft-booking-change') };
  const [spoken, moderated, first, second, extracted, felt, passages, summary] = await Promise.all([
    ask('detect-language', 'gpt-4.1-nano', language),
    ask('moderate', 'gpt-4.1-nano', moderation),
    ask('classify-intent', 'gpt-4.1-nano', classification, classified),
    ask('classify-intent', 'gpt-4o-mini', classification, classified),
    ask('extract-entities', 'gpt-4.1-nano', entities),
    ask('detect-sentiment', 'gpt-4.1-nano', sentiment),
    rankPassages(scope, message, client, retrieval),
    summarise(scope, conversation, client),
  ]);

  const { intent, rating, closing } = vote(first, second);
  const found = valueOr(extracted, { bookingReference: null, date: null });
  return {
    drafts,
    understanding: {
      intent,
      rating,
      isClosing: closing,
      isFlagged: valueOr(moderated, { flagged: false }).flagged,
      locale: conversation.locale ?? valueOr(spoken, { language: 'en-GB' }).language,
      bookingReference: found.bookingReference ?? conversation.bookingReference,
      date: found.date ?? conversation.date,
      sentiment: valueOr(felt, { sentiment: 'neutral' as const }).sentiment,
      passages,
      summary,
    },
  };
}

type Classification = z.infer<typeof classification>;

/** Two classifiers, and the surer one wins; when neither answered, the agent asks the customer to say it again. */
function vote(a: ModelAnswer<Classification>, b: ModelAnswer<Classification>): Classification {
  const answers = [a, b].flatMap((answer) => (answer.kind === 'answered' ? [answer.value] : []));
  return (
    answers.toSorted((x, y) => y.confidence - x.confidence)[0] ?? { intent: 'other', confidence: 0, rating: null, closing: false }
  );
}

async function rankPassages(scope: TurnScope, message: string, client: ModelClient, retrieval: Retrieval): Promise<readonly PassageId[]> {
  const embedded = await client.embed(scope, { task: 'embed-query', model: EMBEDDING_MODEL, text: message }).answer;
  if (embedded.kind === 'failed') return [];
  const passages = await retrieval.nearest(client, embedded.value);
  const request = { task: 'rerank', model: 'gpt-4.1-nano', input: { query: message, passages } };
  const ranked = await client.ask(scope, request, ranking).answer;
  return ranked.kind === 'answered' ? ranked.value.order : passages;
}

async function summarise(scope: TurnScope, conversation: Conversation, client: ModelClient): Promise<string | null> {
  if (conversation.history.length === 0) return null;
  const request = { task: 'summarise-history', model: 'gpt-4.1-mini', input: { history: conversation.history } };
  const summary = await client.write(scope, request).answer;
  return summary.kind === 'answered' ? summary.value : null;
}

function valueOr<T>(answer: ModelAnswer<T>, otherwise: T): T {
  return answer.kind === 'answered' ? answer.value : otherwise;
}
