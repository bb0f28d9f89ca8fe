/**
 * Which attribute fills which field: the one declaration that the readers use. Names are listed in order; the first present wins.
 * Sources: OpenTelemetry GenAI semantic conventions, OpenInference, OpenLLMetry, Vercel AI SDK, and our own `astrolabe.*`.
 */
export const CONVENTIONS = {
  // The Vercel AI SDK calls what its caller adds telemetry metadata up to version 6, and runtime context from version 7 on.
  conversationId: [
    'gen_ai.conversation.id',
    'session.id',
    'traceloop.association.properties.session_id',
    'ai.telemetry.metadata.sessionId',
    'ai.settings.context.sessionId',
  ],
  endUserId: ['user.id', 'traceloop.association.properties.user_id', 'gen_ai.user', 'ai.telemetry.metadata.userId', 'ai.settings.context.userId'],
  customerId: [
    'astrolabe.customer.id',
    'traceloop.association.properties.customer_id',
    'ai.telemetry.metadata.customerId',
    'ai.settings.context.customerId',
  ],
  turnId: ['astrolabe.turn.id'],
  agent: ['gen_ai.agent.name', 'agent.name', 'traceloop.workflow.name', 'ai.telemetry.functionId'],
  task: ['astrolabe.task'],
  locale: ['astrolabe.locale'],
  channel: ['astrolabe.channel'],
  flagKey: ['feature_flag.key'],
  variant: ['feature_flag.result.variant', 'feature_flag.variant'],
  service: ['service.name'],
  environment: ['deployment.environment.name', 'deployment.environment'],
  operation: ['gen_ai.operation.name', 'openinference.span.kind', 'llm.request.type', 'traceloop.span.kind', 'ai.operationId', 'operation.name'],
  provider: ['gen_ai.provider.name', 'llm.provider', 'gen_ai.system', 'llm.system', 'ai.model.provider'],
  // OpenInference's `llm.model_name` is the model that answered where that is known, so the name of the one asked for goes before it.
  requestModel: ['gen_ai.request.model', 'llm.request.model_name', 'llm.model_name', 'embedding.model_name', 'reranker.model_name', 'ai.model.id'],
  responseModel: ['gen_ai.response.model', 'llm.response.model_name', 'ai.response.model'],
  tool: ['gen_ai.tool.name', 'tool.name', 'ai.toolCall.name'],
  toolCallId: ['gen_ai.tool.call.id', 'ai.toolCall.id'],
  speculative: ['astrolabe.speculative'],
  used: ['astrolabe.used'],
  inputTokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt', 'ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens'],
  outputTokens: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion', 'ai.usage.outputTokens', 'ai.usage.completionTokens'],
  cacheReadTokens: [
    'gen_ai.usage.cache_read.input_tokens',
    'llm.token_count.prompt_details.cache_read',
    'gen_ai.usage.cache_read_input_tokens',
    'ai.usage.cachedInputTokens',
    'ai.usage.inputTokenDetails.cacheReadTokens',
  ],
  cacheWriteTokens: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'llm.token_count.prompt_details.cache_write',
    'gen_ai.usage.cache_creation_input_tokens',
    'ai.usage.inputTokenDetails.cacheWriteTokens',
  ],
  reasoningTokens: [
    'gen_ai.usage.reasoning.output_tokens',
    'llm.token_count.completion_details.reasoning',
    'gen_ai.usage.reasoning_tokens',
    'ai.usage.reasoningTokens',
    'ai.usage.outputTokenDetails.reasoningTokens',
  ],
  audioInputTokens: ['llm.token_count.prompt_details.audio'],
  audioOutputTokens: ['llm.token_count.completion_details.audio'],
  estimatedInputTokens: ['astrolabe.estimated.input_tokens'],
  estimatedOutputTokens: ['astrolabe.estimated.output_tokens'],
  // The second is OpenTelemetry's name of a metric, which the Vercel AI SDK 7 writes on spans.
  firstTokenSeconds: ['gen_ai.response.time_to_first_chunk', 'gen_ai.client.operation.time_to_first_chunk'],
  firstTokenMs: ['ai.response.msToFirstChunk', 'ai.stream.msToFirstChunk'],
  senderCostUsd: ['gen_ai.usage.cost', 'llm.cost.total'],
} as const satisfies Record<string, readonly string[]>;

export type ConventionField = keyof typeof CONVENTIONS;

/** The fields in a fixed order, so that a span being read can hold them in an array. */
export const FIELDS = Object.keys(CONVENTIONS) as readonly ConventionField[];

/** Slot of a field in that array. */
export const SLOT = Object.fromEntries(FIELDS.map((field, slot) => [field, slot])) as Readonly<Record<ConventionField, number>>;

export interface MappedName {
  slot: number;
  /** Position in its list: lower wins. */
  rank: number;
}

/** From an attribute's name to the field it fills. */
export const FIELD_OF: ReadonlyMap<string, MappedName> = new Map(
  FIELDS.flatMap((field, slot) => CONVENTIONS[field].map((name, rank) => [name, { slot, rank }] as const)),
);

/** OpenInference marks the first token by a span event of this name; the other conventions by an attribute. */
export const FIRST_TOKEN_EVENT = 'First Token Stream Event';

/** OpenLLMetry's name of whatever the span is about: the tool's on a tool's span, and a workflow's or task's elsewhere. */
export const ENTITY_NAME = 'traceloop.entity.name';

/**
 * Attributes of spans and of span events that carry what people and models said. They are not stored: bodies are off by default, and this
 * list decides what a body is.
 */
const CONTENT_PREFIXES = [
  'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.prompt', 'gen_ai.completion', 'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result', 'gen_ai.retrieval.documents', 'gen_ai.retrieval.query.text', 'gen_ai.event.content',
  'gen_ai.guardrail.input', 'gen_ai.guardrail.output',
  'llm.input_messages', 'llm.output_messages', 'llm.prompts', 'llm.choices', 'llm.completions', 'llm.function_call', 'llm.prompt_template.variables', 'input.value', 'output.value',
  'input.images', 'output.images',
  'retrieval.documents', 'document.content', 'embedding.embeddings', 'embedding.text', 'embedding.vector', 'reranker.query', 'reranker.input_documents', 'reranker.output_documents',
  'traceloop.entity.input', 'traceloop.entity.output', 'ai.prompt', 'ai.response.text', 'ai.response.reasoning', 'ai.response.object', 'ai.response.toolCalls',
  'ai.request.text', 'ai.response.files', 'ai.documents', 'ai.decision.state', 'ai.decision.questions', 'ai.decision.answers',
  'ai.toolCall.args', 'ai.toolCall.result', 'ai.values', 'ai.value', 'ai.embeddings', 'ai.embedding',
];

// One look at the first character rules out nearly every attribute before any prefix is compared.
const CONTENT_INITIALS = new Set(CONTENT_PREFIXES.map((prefix) => prefix.charCodeAt(0)));

/** Whether an attribute's value is a message body. */
export function isContent(name: string): boolean {
  if (!CONTENT_INITIALS.has(name.charCodeAt(0))) return false;
  return CONTENT_PREFIXES.some((prefix) => name.startsWith(prefix) && (name.length === prefix.length || name.charCodeAt(prefix.length) === 46));
}
