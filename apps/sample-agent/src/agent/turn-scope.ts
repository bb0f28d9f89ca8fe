import { ROOT_CONTEXT, SpanKind, trace, type Attributes, type Context, type Span } from '@opentelemetry/api';
import type { VariantChoice } from './reason-variant.js';
import type { AgentTracing } from './tracing.js';

/** One reply in the making: its root span, and what every span below it needs to know. */
export class TurnScope {
  readonly conversationId: string;
  readonly turn: number;
  readonly tracing: AgentTracing;
  readonly root: Span;
  /** The calls of this turn so far, retries included. */
  modelCalls = 0;
  /** Work that outlives the reply: speculative calls that were not waited for. */
  readonly stragglers: Promise<unknown>[] = [];
  readonly #context: Context;
  readonly #ordinals = new Map<string, number>();

  constructor(input: {
    tracing: AgentTracing;
    conversationId: string;
    turn: number;
    name: string;
    attributes: Attributes;
    parent?: Context;
  }) {
    this.conversationId = input.conversationId;
    this.turn = input.turn;
    this.tracing = input.tracing;
    const options = { kind: SpanKind.INTERNAL, startTime: input.tracing.now(), attributes: input.attributes };
    const key = { conversationId: input.conversationId, turn: input.turn, name: 'turn', ordinal: 0, attempt: 0 };
    const parent = input.parent ?? ROOT_CONTEXT;
    this.root = input.tracing.ids.within(key, () => input.tracing.tracer.startSpan(input.name, options, parent));
    this.#context = trace.setSpan(parent, this.root);
  }

  /** Counts the calls of one task (or tool) within the turn, from 0, in program order. */
  nextOrdinal(name: string): number {
    const ordinal = this.#ordinals.get(name) ?? 0;
    this.#ordinals.set(name, ordinal + 1);
    return ordinal;
  }

  /** Starts a child of the root. Calls that wait for others are siblings that start later, which is what they are. */
  startChild(name: string, kind: SpanKind, key: { name: string; ordinal: number; attempt: number }, attributes: Attributes): Span {
    const { ids, tracer, now } = this.tracing;
    return ids.within({ conversationId: this.conversationId, turn: this.turn, ...key }, () =>
      tracer.startSpan(name, { kind, startTime: now(), attributes }, this.#context),
    );
  }

  /** Records on the root which variant was served; nothing when the code's own default was used unasked. */
  recordVariant(choice: VariantChoice): void {
    this.root.setAttributes(variantAttributes(choice));
  }

  signal(name: string, source: 'customer' | 'system' | 'agent' | 'human', value?: number): void {
    this.root.addEvent(
      'astrolabe.signal',
      {
        'astrolabe.signal.name': name,
        'astrolabe.signal.source': source,
        ...(value === undefined ? {} : { 'astrolabe.signal.value': value }),
      },
      this.tracing.now(),
    );
  }

  handoff(reason: string): void {
    this.root.addEvent('astrolabe.handoff', { 'astrolabe.handoff.reason': reason }, this.tracing.now());
  }

  conversationEnd(): void {
    this.root.addEvent('astrolabe.conversation.end', {}, this.tracing.now());
  }

  end(): void {
    this.root.end(this.tracing.now());
  }
}

export function variantAttributes(choice: VariantChoice): Attributes {
  if (choice.name === undefined) return {};
  return { 'feature_flag.key': choice.flagKey, 'feature_flag.result.variant': choice.name };
}
