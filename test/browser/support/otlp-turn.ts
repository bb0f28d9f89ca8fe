import { sha256Hex } from '#platform';

type Attributes = Record<string, string | number | boolean>;

export interface SpanInput {
  name: string;
  /** Milliseconds from the start of the turn. */
  from: number;
  to: number;
  attributes?: Attributes;
  events?: { name: string; attributes?: Attributes }[];
  error?: string;
}

export interface TurnInput {
  conversationId: string;
  customerId: string;
  agent: string;
  startedAt: Date;
  root: SpanInput;
  /** All children of the root. */
  spans?: readonly SpanInput[];
}

/** One turn as an OTLP/JSON export request. Ids follow from the conversation and the time: the same turn is the same spans. */
export function otlpTurn({ conversationId, customerId, agent, startedAt, root, spans = [] }: TurnInput): Buffer {
  const seed = `${conversationId} ${startedAt.toISOString()}`;
  const traceId = sha256Hex(seed).slice(0, 32);
  const spanId = (index: number) => sha256Hex(`${seed} ${index}`).slice(0, 16);
  const nanos = (ms: number) => String(BigInt(startedAt.getTime() + ms) * 1_000_000n);
  const span = (input: SpanInput, index: number, own: Attributes) => ({
    traceId,
    spanId: spanId(index),
    ...(index > 0 && { parentSpanId: spanId(0) }),
    name: input.name,
    kind: 1,
    startTimeUnixNano: nanos(input.from),
    endTimeUnixNano: nanos(input.to),
    attributes: attributesOf({ ...own, ...input.attributes }),
    events: (input.events ?? []).map((event) => ({ name: event.name, timeUnixNano: nanos(input.to), attributes: attributesOf(event.attributes ?? {}) })),
    status: input.error === undefined ? { code: 1 } : { code: 2, message: input.error },
  });
  const rootAttributes = { 'gen_ai.conversation.id': conversationId, 'astrolabe.customer.id': customerId, 'gen_ai.agent.name': agent };
  const all = [span(root, 0, rootAttributes), ...spans.map((each, index) => span(each, index + 1, {}))];
  return Buffer.from(JSON.stringify({ resourceSpans: [{ resource: { attributes: attributesOf({ 'service.name': agent }) }, scopeSpans: [{ spans: all }] }] }));
}

/** A model call, with what it is for. */
export function modelCall(task: string, model: string, from: number, to: number, tokens: { input: number; output: number }, more: Attributes = {}): SpanInput {
  return {
    name: `chat ${model}`,
    from,
    to,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': model,
      'gen_ai.usage.input_tokens': tokens.input,
      'gen_ai.usage.output_tokens': tokens.output,
      'astrolabe.task': task,
      ...more,
    },
  };
}

function attributesOf(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: string | number | boolean) {
  if (typeof value === 'string') return { stringValue: value };
  return typeof value === 'number' ? { intValue: String(value) } : { boolValue: value };
}
