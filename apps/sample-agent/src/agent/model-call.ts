import { SpanKind, SpanStatusCode, type Attributes, type Span } from '@opentelemetry/api';
import { variantAttributes, type TurnScope } from './turn-scope.js';
import type { VariantChoice } from './reason-variant.js';

/**
 * The usage that a provider reported, in its own terms: cached tokens are part of the input, reasoning tokens of the output. Embeddings
 * have input only.
 */
export interface ReportedUsage {
  inputTokens: number;
  generation?: { cacheReadTokens: number; outputTokens: number; reasoningTokens: number };
}

export interface CompletedCall {
  responseModel: string;
  usage: ReportedUsage | undefined;
  timeToFirstChunkMs: number | undefined;
}

export interface ModelCallInput {
  operation: 'chat' | 'embeddings';
  model: string;
  task: string;
  /** Started before it is known to be needed. Its span stays open until `settle` says whether it was. */
  speculative: boolean;
  /** The variant that decided this call, if one did. */
  variant?: VariantChoice;
}

/**
 * The spans of one model call: one for each attempt, since each is a request that the provider answered or failed. The last attempt's
 * span ends with the time at which the answer was complete, however much later it is known whether the answer was used.
 */
export class ModelCall {
  readonly task: string;
  readonly ordinal: number;
  readonly #scope: TurnScope;
  readonly #input: ModelCallInput;
  #attempts = 0;
  #span: Span | undefined;
  #completedAtMs: number | undefined;
  #used: boolean | undefined;
  #startedAtMs = 0;

  constructor(scope: TurnScope, input: ModelCallInput) {
    this.task = input.task;
    this.ordinal = scope.nextOrdinal(input.task);
    this.#scope = scope;
    this.#input = input;
  }

  /** When the current attempt started, in milliseconds since the epoch. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  startAttempt(): void {
    const { operation, model, task, speculative, variant } = this.#input;
    const key = { name: task, ordinal: this.ordinal, attempt: this.#attempts };
    this.#attempts += 1;
    this.#scope.modelCalls += 1;
    this.#startedAtMs = this.#scope.tracing.now();
    this.#span = this.#scope.startChild(`${operation} ${model}`, SpanKind.CLIENT, key, {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': model,
      'astrolabe.task': task,
      'astrolabe.speculative': speculative,
      ...(variant === undefined ? {} : variantAttributes(variant)),
    });
  }

  /** Ends the current attempt as failed. `errorType` is the status code or a name of low cardinality. No usage is known. */
  failAttempt(errorType: string, message: string): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    span.setAttributes({ 'error.type': errorType, 'astrolabe.used': false });
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    span.end(this.#scope.tracing.now());
  }

  /** The answer is complete. A call that is not speculative was used by that; the others wait for `settle`. */
  complete(completed: CompletedCall): void {
    this.#span?.setAttributes(completedAttributes(completed));
    this.#completedAtMs = this.#scope.tracing.now();
    if (!this.#input.speculative) this.#used ??= true;
    this.#endIfKnown();
  }

  /** Says whether the answer was used. May come before the answer; the first word counts. */
  settle(used: boolean): void {
    this.#used ??= used;
    this.#endIfKnown();
  }

  #endIfKnown(): void {
    if (this.#span === undefined || this.#completedAtMs === undefined || this.#used === undefined) return;
    this.#span.setAttribute('astrolabe.used', this.#used);
    this.#span.end(this.#completedAtMs);
    this.#span = undefined;
  }
}

function completedAttributes({ responseModel, usage, timeToFirstChunkMs }: CompletedCall): Attributes {
  return {
    'gen_ai.response.model': responseModel,
    ...(timeToFirstChunkMs === undefined ? {} : { 'gen_ai.response.time_to_first_chunk': timeToFirstChunkMs / 1000 }),
    ...(usage === undefined ? {} : { 'gen_ai.usage.input_tokens': usage.inputTokens }),
    ...(usage?.generation === undefined
      ? {}
      : {
          'gen_ai.usage.output_tokens': usage.generation.outputTokens,
          'gen_ai.usage.cache_read.input_tokens': usage.generation.cacheReadTokens,
          'gen_ai.usage.reasoning.output_tokens': usage.generation.reasoningTokens,
        }),
  };
}
