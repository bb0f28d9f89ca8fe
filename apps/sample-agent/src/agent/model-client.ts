import { AsyncLocalStorage } from 'node:async_hooks';
import OpenAI from 'openai';
import type { z } from 'zod';
import { messageOf } from '#platform';
import { SCRIPTED_KEY_HEADER, formatScriptedKey } from '../model-server/scripted-key.js';
import { ModelCall, type ReportedUsage } from './model-call.js';
import type { VariantChoice } from './reason-variant.js';
import type { TurnScope } from './turn-scope.js';

/** What came of a call. A failure is an answer too: the constellation goes on without the one that failed. */
export type ModelAnswer<T> = { kind: 'answered'; value: T } | { kind: 'failed'; errorType: string };

/** A call under way. `answer` never rejects; `settle` tells the trace whether a speculative answer was used. */
export interface PendingAnswer<T> {
  answer: Promise<ModelAnswer<T>>;
  settle(used: boolean): void;
}

export interface ChatRequest {
  task: string;
  model: string;
  /** What the task is told, sent as JSON. */
  input: object;
  speculative?: boolean;
  promptVersion?: string;
  variant?: VariantChoice;
}

const RETRIES_MAX = 2;
const CALL_MS_MAX = 60_000;

/** Calls models through the official client and traces every attempt. */
export class ModelClient {
  readonly #client: OpenAI;
  // Tells the client's fetch, deep below its retries, which call it is making.
  readonly #current = new AsyncLocalStorage<ModelCall>();

  constructor(options: { baseUrl: string; apiKey?: string }) {
    this.#client = new OpenAI({
      baseURL: options.baseUrl,
      apiKey: options.apiKey ?? 'none-needed-on-loopback',
      organization: null,
      project: null,
      maxRetries: RETRIES_MAX,
      timeout: CALL_MS_MAX,
      // Failed attempts are in the trace.
      logLevel: 'off',
      fetch: (url, init) => this.#tracedFetch(url, init),
    });
  }

  /** A structured answer, checked against `schema`; one that does not match counts as failed, type `unparseable_answer`. */
  ask<T>(scope: TurnScope, request: ChatRequest, schema: z.ZodType<T>): PendingAnswer<T> {
    return this.#begin(scope, request, async (call) => {
      const completion = await this.#client.chat.completions.create(
        { ...chatBody(request), response_format: { type: 'json_object' } },
        { headers: scriptedKey(scope, call) },
      );
      call.complete({ responseModel: completion.model, usage: reported(completion.usage), timeToFirstChunkMs: undefined });
      return parseAnswer(completion.choices[0]?.message.content, schema);
    });
  }

  /** A streamed answer in prose. A stream that breaks off has failed, type `stream_aborted`, with unknown usage. */
  write(scope: TurnScope, request: ChatRequest): PendingAnswer<string> {
    return this.#begin(scope, request, async (call) => {
      const stream = await this.#client.chat.completions.create(
        { ...chatBody(request), stream: true, stream_options: { include_usage: true } },
        { headers: scriptedKey(scope, call) },
      );
      let text = '';
      let model = request.model;
      let usage: ReportedUsage | undefined;
      let timeToFirstChunkMs: number | undefined;
      try {
        for await (const chunk of stream) {
          timeToFirstChunkMs ??= scope.tracing.now() - call.startedAtMs;
          model = chunk.model;
          text += chunk.choices[0]?.delta.content ?? '';
          usage = reported(chunk.usage) ?? usage;
        }
      } catch (error) {
        call.failAttempt('stream_aborted', messageOf(error));
        return { kind: 'failed', errorType: 'stream_aborted' };
      }
      call.complete({ responseModel: model, usage, timeToFirstChunkMs });
      return { kind: 'answered', value: text };
    });
  }

  embed(scope: TurnScope, request: { task: string; model: string; text: string }): PendingAnswer<readonly number[]> {
    return this.#begin(scope, request, async (call) => {
      const response = await this.#client.embeddings.create(
        { model: request.model, input: request.text },
        { headers: scriptedKey(scope, call) },
      );
      const usage = { inputTokens: response.usage.prompt_tokens };
      call.complete({ responseModel: response.model, usage, timeToFirstChunkMs: undefined });
      const vector = response.data[0]?.embedding;
      return vector === undefined ? { kind: 'failed', errorType: 'unparseable_answer' } : { kind: 'answered', value: vector };
    }, 'embeddings');
  }

  /** Vectors of the knowledge base: asked once at start, outside of any turn and therefore of any trace. */
  async embedUntraced(model: string, texts: readonly string[]): Promise<(readonly number[])[]> {
    const response = await this.#client.embeddings.create({ model, input: [...texts] });
    return response.data.map((entry) => entry.embedding);
  }

  #begin<T>(
    scope: TurnScope,
    request: { task: string; model: string; speculative?: boolean; variant?: VariantChoice },
    work: (call: ModelCall) => Promise<ModelAnswer<T>>,
    operation: 'chat' | 'embeddings' = 'chat',
  ): PendingAnswer<T> {
    const { task, model, speculative = false, variant } = request;
    const call = new ModelCall(scope, { operation, model, task, speculative, ...(variant === undefined ? {} : { variant }) });
    const answer = this.#current.run(call, () =>
      work(call).catch((error: unknown): ModelAnswer<T> => {
        if (!(error instanceof OpenAI.APIError)) throw error;
        return { kind: 'failed', errorType: errorTypeOf(error) };
      }),
    );
    scope.stragglers.push(answer);
    return { answer, settle: (used) => call.settle(used) };
  }

  async #tracedFetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
    const call = this.#current.getStore();
    call?.startAttempt();
    try {
      const response = await fetch(url, init);
      if (!response.ok) call?.failAttempt(String(response.status), `The provider answered ${response.status}.`);
      return response;
    } catch (error) {
      call?.failAttempt(error instanceof Error ? error.name : 'fetch_failed', messageOf(error));
      throw error;
    }
  }
}

function chatBody(request: ChatRequest) {
  return {
    model: request.model,
    messages: [
      { role: 'system' as const, content: `You do the task ${request.task} for Northwind Travel.` },
      { role: 'user' as const, content: JSON.stringify(request.input) },
    ],
    ...(request.promptVersion === undefined ? {} : { metadata: { prompt_version: request.promptVersion } }),
  };
}

function scriptedKey(scope: TurnScope, call: ModelCall): Record<string, string> {
  const key = { conversation: scope.conversationId, turn: scope.turn, task: call.task, ordinal: call.ordinal };
  return { [SCRIPTED_KEY_HEADER]: formatScriptedKey(key) };
}

function reported(usage: OpenAI.CompletionUsage | null | undefined): ReportedUsage | undefined {
  if (usage == null) return undefined;
  return {
    inputTokens: usage.prompt_tokens,
    generation: {
      cacheReadTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
      outputTokens: usage.completion_tokens,
      reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    },
  };
}

function parseAnswer<T>(content: string | null | undefined, schema: z.ZodType<T>): ModelAnswer<T> {
  try {
    return { kind: 'answered', value: schema.parse(JSON.parse(content ?? '')) };
  } catch {
    return { kind: 'failed', errorType: 'unparseable_answer' };
  }
}

// A connection that failed has no status.
function errorTypeOf({ status, name }: { status?: unknown; name: string }): string {
  return typeof status === 'number' ? String(status) : name;
}
