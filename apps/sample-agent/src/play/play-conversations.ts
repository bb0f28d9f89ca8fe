import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { DomainError } from '#platform';
import { NorthwindConcierge } from '../agent/concierge.js';
import { startConversation } from '../agent/conversation.js';
import { VariantSource } from '../agent/reason-variant.js';
import { createTracing, otlpExporter } from '../agent/tracing.js';
import { customerMessage } from '../customers/customer-message.js';
import { planConversations, type PlannedConversation } from '../customers/plan-conversations.js';
import { heldTurnsOf } from './held-turns.js';

export interface PlayOptions {
  seed: number;
  conversations: number;
  /** Conversations in flight at once. */
  concurrency?: number;
  /** The base URL of a model server, ending in `/v1`. */
  modelUrl: string;
  /** Spans, flags and the question of what is held all go here. */
  server?: { url: string; key?: string };
  /** Replaces the OTLP exporter of `server`. */
  exporter?: SpanExporter;
  environment?: string;
  /** Turns that the receiver has of a conversation already; it is skipped when that is all of them. */
  alreadyHeld?: (conversationId: string) => Promise<number>;
  onProgress?: (progress: PlayProgress) => void;
}

export interface PlayProgress {
  /** Conversations played or skipped, of `total`. */
  done: number;
  total: number;
  conversations: number;
  turns: number;
  /** Attempts included. */
  modelCalls: number;
  skipped: number;
}

export interface PlayReport extends PlayProgress {
  spansExported: number;
  elapsedMs: number;
}

/**
 * Plays planned conversations against the agent and sends their traces. The same seed sends the same trace and span ids. Throws
 * `unavailable`, code `spans_not_exported`, when any span did not arrive: a run that lost evidence has not succeeded.
 */
export async function playConversations(options: PlayOptions): Promise<PlayReport> {
  const { seed, server } = options;
  const startedAtMs = performance.now();
  const exporter = options.exporter ?? (server === undefined ? undefined : otlpExporter(server));
  if (exporter === undefined) {
    throw new DomainError({ kind: 'invalid', code: 'no_receiver', message: 'Playing needs a receiver: give `server` or `exporter`.' });
  }
  const alreadyHeld = options.alreadyHeld ?? (server === undefined ? async () => 0 : heldTurnsOf(server));
  const tracing = createTracing({ seed, environment: options.environment ?? 'demo', exporter });
  const agent = new NorthwindConcierge({ tracing, variants: await VariantSource.connect(server), modelUrl: options.modelUrl });
  const plans = planConversations({ seed, count: options.conversations });
  const progress: PlayProgress = { done: 0, total: plans.length, conversations: 0, turns: 0, modelCalls: 0, skipped: 0 };

  const playOrSkip = async (plan: PlannedConversation): Promise<void> => {
    if ((await alreadyHeld(plan.id)) >= plan.moves.length) {
      progress.skipped += 1;
    } else {
      await playOne(agent, plan, (modelCalls) => {
        progress.turns += 1;
        progress.modelCalls += modelCalls;
      });
      progress.conversations += 1;
    }
    progress.done += 1;
    options.onProgress?.({ ...progress });
  };

  let tally;
  try {
    await inParallel(plans, options.concurrency ?? 16, async (plan) => {
      // A receiver that refuses will refuse the rest as well; what is left would only be lost.
      if (tracing.tally().firstFailure === null) await playOrSkip(plan);
    });
  } finally {
    tally = await tracing.shutdown();
  }
  if (tally.exported < tally.ended) {
    throw new DomainError({
      kind: 'unavailable',
      code: 'spans_not_exported',
      message:
        `${tally.ended - tally.exported} of ${tally.ended} spans did not reach the receiver: ${tally.firstFailure ?? 'they were dropped'}. ` +
        'Start it, check the key, and play the same seed again with --resend: what arrived is recognised by its ids.',
    });
  }
  return { ...progress, spansExported: tally.exported, elapsedMs: Math.round(performance.now() - startedAtMs) };
}

async function playOne(agent: NorthwindConcierge, plan: PlannedConversation, onTurn: (modelCalls: number) => void): Promise<void> {
  const { userId, locale, channel, world } = plan;
  const conversation = startConversation(plan.id, { userId, locale, channel, world });
  const replies: string[] = [];
  for (const move of plan.moves) {
    const message = customerMessage(plan, move, { world: conversation.world, replies });
    const outcome = await agent.converse(conversation, message);
    await outcome.stragglers;
    replies.push(outcome.reply);
    onTurn(outcome.modelCalls);
  }
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
