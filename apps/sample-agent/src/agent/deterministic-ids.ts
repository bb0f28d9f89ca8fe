import { AsyncLocalStorage } from 'node:async_hooks';
import { RandomIdGenerator, type IdGenerator } from '@opentelemetry/sdk-trace-base';
import { sha256Hex } from '#platform';

/** What a span is, in words: the same span of the same conversation has the same id each time it is sent. */
export interface SpanKey {
  conversationId: string;
  turn: number;
  /** `turn` for the root, a task, or a tool. */
  name: string;
  ordinal: number;
  attempt: number;
}

/**
 * Trace and span ids that are functions of (seed, conversation, turn, task, ordinal, attempt), so that a receiver recognises what it was
 * sent before. The SDK asks for ids without saying for what: the key travels in the asynchronous context of whoever starts the span.
 * Outside of `within`, ids are random.
 */
export class DeterministicIds implements IdGenerator {
  readonly #seed: number;
  readonly #key = new AsyncLocalStorage<SpanKey>();
  readonly #random = new RandomIdGenerator();

  constructor(seed: number) {
    this.#seed = seed;
  }

  within<T>(key: SpanKey, work: () => T): T {
    return this.#key.run(key, work);
  }

  // The SDK calls these detached from the object in places, hence arrow functions.
  readonly generateTraceId = (): string => {
    const key = this.#key.getStore();
    if (key === undefined) return this.#random.generateTraceId();
    return sha256Hex(JSON.stringify(['trace', this.#seed, key.conversationId, key.turn])).slice(0, 32);
  };

  readonly generateSpanId = (): string => {
    const key = this.#key.getStore();
    if (key === undefined) return this.#random.generateSpanId();
    return sha256Hex(JSON.stringify(['span', this.#seed, key.conversationId, key.turn, key.name, key.ordinal, key.attempt])).slice(0, 16);
  };
}
