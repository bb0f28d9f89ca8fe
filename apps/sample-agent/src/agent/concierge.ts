import { SpanStatusCode, type Attributes, type Context } from '@opentelemetry/api';
import { messageOf } from '#platform';
import { AGENT_NAME, CUSTOMER_ID } from '../northwind/vocabulary.js';
import type { Conversation } from './conversation.js';
import { ModelClient } from './model-client.js';
import type { VariantChoice, VariantSource } from './reason-variant.js';
import { replyTurn, type TurnReply } from './reply-turn.js';
import { Retrieval } from './retrieval.js';
import type { AgentTracing } from './tracing.js';
import { TurnScope } from './turn-scope.js';
import { EMBEDDING_MODEL } from './understand-turn.js';

export interface ConverseOptions {
  /** Overrides the flag service, as simulations do. */
  variant?: VariantChoice;
  /** The caller's trace context, when the turn is part of a trace that exists already. */
  parent?: Context;
}

export interface TurnOutcome extends TurnReply {
  traceId: string;
  /** Attempts included. Speculative calls that are still under way are counted too. */
  modelCalls: number;
  /** Settles when the calls that the reply did not wait for have ended. */
  stragglers: Promise<unknown>;
}

/** The support agent of Northwind Travel: one constellation of model calls, and one trace, per reply. */
export class NorthwindConcierge {
  readonly #tracing: AgentTracing;
  readonly #variants: VariantSource;
  readonly #client: ModelClient;
  readonly #retrieval = new Retrieval(EMBEDDING_MODEL);

  constructor(options: { tracing: AgentTracing; variants: VariantSource; modelUrl: string }) {
    this.#tracing = options.tracing;
    this.#variants = options.variants;
    this.#client = new ModelClient({ baseUrl: options.modelUrl });
  }

  /** Answers one message and moves the conversation on. Turns of one conversation must not overlap. */
  async converse(conversation: Conversation, message: string, options: ConverseOptions = {}): Promise<TurnOutcome> {
    conversation.turns += 1;
    const scope = new TurnScope({
      tracing: this.#tracing,
      conversationId: conversation.id,
      turn: conversation.turns,
      name: `invoke_agent ${AGENT_NAME}`,
      attributes: rootAttributes(conversation, this.#tracing.environment),
      ...(options.parent === undefined ? {} : { parent: options.parent }),
    });
    try {
      const reply = await replyTurn(scope, conversation, message, {
        client: this.#client,
        retrieval: this.#retrieval,
        chooseVariant: () => this.#chooseVariant(conversation, options.variant),
      });
      return {
        ...reply,
        traceId: scope.root.spanContext().traceId,
        modelCalls: scope.modelCalls,
        stragglers: Promise.allSettled(scope.stragglers),
      };
    } catch (error) {
      scope.root.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
      scope.root.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      throw error;
    } finally {
      scope.end();
    }
  }

  async #chooseVariant(conversation: Conversation, given: VariantChoice | undefined): Promise<VariantChoice> {
    if (given !== undefined) return given;
    return this.#variants.choose({
      conversationId: conversation.id,
      customerId: CUSTOMER_ID,
      locale: conversation.locale ?? '',
      channel: conversation.channel,
    });
  }
}

// The conversation id stands here and nowhere else: a receiver spreads it over the trace.
function rootAttributes(conversation: Conversation, environment: string): Attributes {
  return {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': AGENT_NAME,
    'gen_ai.conversation.id': conversation.id,
    'astrolabe.customer.id': CUSTOMER_ID,
    'astrolabe.channel': conversation.channel,
    'deployment.environment.name': environment,
    ...(conversation.userId === undefined ? {} : { 'user.id': conversation.userId }),
    ...(conversation.locale === undefined ? {} : { 'astrolabe.locale': conversation.locale }),
  };
}
