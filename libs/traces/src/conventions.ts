/*
 * What is read from a trace: the one declaration that the readers use, and that docs/conventions.md is made of (npm run generate). Data only;
 * `convention-index.ts` makes of it what is looked up span by span.
 */

/** Who gives an attribute its name. `OTel`: the general conventions of OpenTelemetry. `Astrolabe`: ours, where no other has a name. */
export type Convention = 'OTel GenAI' | 'OpenInference' | 'OpenLLMetry' | 'Vercel AI SDK' | 'OTel' | 'Astrolabe';

export interface FieldDeclaration {
  /** Columns of `spans` that it fills, alone or with other fields. */
  columns: readonly [string, ...string[]];
  means: string;
  /** The first that is present wins; next to each, the conventions that have it. */
  names: readonly [FieldName, ...FieldName[]];
  /** What the names do not say by themselves. */
  note?: string;
}

type FieldName = readonly [name: string, ...conventions: [Convention, ...Convention[]]];

export const CONVENTIONS = {
  conversationId: {
    columns: ['conversation_id'],
    means: 'The thread with one end user. On any span of a trace it holds for the whole trace.',
    names: [
      ['gen_ai.conversation.id', 'OTel GenAI'],
      ['session.id', 'OpenInference', 'OTel'],
      ['traceloop.association.properties.session_id', 'OpenLLMetry'],
      ['ai.telemetry.metadata.sessionId', 'Vercel AI SDK'],
      ['ai.settings.context.sessionId', 'Vercel AI SDK'],
    ],
    note: 'The Vercel AI SDK calls what its caller adds telemetry metadata up to version 6, and runtime context from version 7 on.',
  },
  endUserId: {
    columns: ['end_user_id'],
    means: 'The person in the conversation.',
    names: [
      ['user.id', 'OpenInference', 'OTel'],
      ['traceloop.association.properties.user_id', 'OpenLLMetry'],
      ['gen_ai.user', 'OpenLLMetry'],
      ['ai.telemetry.metadata.userId', 'Vercel AI SDK'],
      ['ai.settings.context.userId', 'Vercel AI SDK'],
    ],
  },
  customerId: {
    columns: ['customer_id'],
    means: 'The company that is billed.',
    names: [
      ['astrolabe.customer.id', 'Astrolabe'],
      ['traceloop.association.properties.customer_id', 'OpenLLMetry'],
      ['ai.telemetry.metadata.customerId', 'Vercel AI SDK'],
      ['ai.settings.context.customerId', 'Vercel AI SDK'],
    ],
  },
  turnId: {
    columns: ['turn_id'],
    means: 'One reply of the agent, where that is not one trace.',
    names: [['astrolabe.turn.id', 'Astrolabe']],
  },
  agent: {
    columns: ['agent'],
    means: 'The deployed agent, by name.',
    names: [
      ['gen_ai.agent.name', 'OTel GenAI'],
      ['agent.name', 'OpenInference'],
      ['traceloop.workflow.name', 'OpenLLMetry'],
      ['ai.telemetry.functionId', 'Vercel AI SDK'],
    ],
  },
  task: {
    columns: ['task'],
    means: 'The role of a model call, such as `retrieve` or `reason`.',
    names: [['astrolabe.task', 'Astrolabe']],
  },
  locale: {
    columns: ['locale'],
    means: 'The language and region of the conversation.',
    names: [['astrolabe.locale', 'Astrolabe']],
  },
  channel: {
    columns: ['channel'],
    means: 'Where the conversation takes place, such as `chat` or `phone`.',
    names: [['astrolabe.channel', 'Astrolabe']],
  },
  flagKey: {
    columns: ['flag_key'],
    means: 'The flag that chose the variant.',
    names: [['feature_flag.key', 'OTel']],
  },
  variant: {
    columns: ['variant'],
    means: 'The way in which the task was done: model, prompt version, parameters.',
    names: [
      ['feature_flag.result.variant', 'OTel'],
      ['feature_flag.variant', 'OTel'],
    ],
  },
  service: {
    columns: ['service'],
    means: 'The program that sent the span.',
    names: [['service.name', 'OTel']],
  },
  environment: {
    columns: ['environment'],
    means: 'Where it runs. What names one of tests or simulations is not billed.',
    names: [
      ['deployment.environment.name', 'OTel'],
      ['deployment.environment', 'OTel'],
    ],
  },
  operation: {
    columns: ['operation', 'charge'],
    means: 'What the span did, which decides whether it is charged.',
    names: [
      ['gen_ai.operation.name', 'OTel GenAI'],
      ['openinference.span.kind', 'OpenInference'],
      ['llm.request.type', 'OpenLLMetry'],
      ['traceloop.span.kind', 'OpenLLMetry'],
      ['ai.operationId', 'Vercel AI SDK'],
      ['operation.name', 'Vercel AI SDK'],
    ],
  },
  provider: {
    columns: ['provider'],
    means: 'Who runs the model, and whose prices hold.',
    names: [
      ['gen_ai.provider.name', 'OTel GenAI'],
      ['llm.provider', 'OpenInference'],
      ['gen_ai.system', 'OTel GenAI', 'OpenLLMetry'],
      ['llm.system', 'OpenInference'],
      ['ai.model.provider', 'Vercel AI SDK'],
    ],
  },
  requestModel: {
    columns: ['request_model'],
    means: 'The model that was asked for.',
    names: [
      ['gen_ai.request.model', 'OTel GenAI', 'OpenLLMetry'],
      // `llm.model_name` is the model that answered where that is known, so the name of the one asked for goes before it.
      ['llm.request.model_name', 'OpenInference'],
      ['llm.model_name', 'OpenInference'],
      ['embedding.model_name', 'OpenInference'],
      ['reranker.model_name', 'OpenInference'],
      ['ai.model.id', 'Vercel AI SDK'],
    ],
  },
  responseModel: {
    columns: ['response_model'],
    means: 'The model that answered. It is the one that is priced, where it is known.',
    names: [
      ['gen_ai.response.model', 'OTel GenAI', 'OpenLLMetry'],
      ['llm.response.model_name', 'OpenInference'],
      ['ai.response.model', 'Vercel AI SDK'],
    ],
  },
  tool: {
    columns: ['tool'],
    means: 'The tool that was called, by name.',
    names: [
      ['gen_ai.tool.name', 'OTel GenAI'],
      ['tool.name', 'OpenInference'],
      ['ai.toolCall.name', 'Vercel AI SDK'],
    ],
    note: 'After these, of a span whose operation is `tool`: `traceloop.entity.name` (OpenLLMetry), which names a workflow or a task elsewhere.',
  },
  toolCallId: {
    columns: ['tool_call_id'],
    means: 'The call of the tool, as the model asked for it.',
    names: [
      ['gen_ai.tool.call.id', 'OTel GenAI'],
      ['ai.toolCall.id', 'Vercel AI SDK'],
    ],
  },
  speculative: {
    columns: ['is_speculative'],
    means: 'Whether the call was started before it was known to be needed.',
    names: [['astrolabe.speculative', 'Astrolabe']],
  },
  used: {
    columns: ['is_used'],
    means: 'Whether its result was used. A speculative call that was not is waste; one that does not say is not judged.',
    names: [['astrolabe.used', 'Astrolabe']],
  },
  inputTokens: {
    columns: ['tokens_input'],
    means: 'Tokens that the model read, those in the cache included.',
    names: [
      ['gen_ai.usage.input_tokens', 'OTel GenAI', 'OpenLLMetry'],
      ['gen_ai.usage.prompt_tokens', 'OTel GenAI', 'OpenLLMetry'],
      ['llm.token_count.prompt', 'OpenInference'],
      ['ai.usage.inputTokens', 'Vercel AI SDK'],
      ['ai.usage.promptTokens', 'Vercel AI SDK'],
      ['ai.usage.tokens', 'Vercel AI SDK'],
    ],
  },
  outputTokens: {
    columns: ['tokens_output'],
    means: 'Tokens that the model wrote, those of its reasoning included.',
    names: [
      ['gen_ai.usage.output_tokens', 'OTel GenAI', 'OpenLLMetry'],
      ['gen_ai.usage.completion_tokens', 'OTel GenAI', 'OpenLLMetry'],
      ['llm.token_count.completion', 'OpenInference'],
      ['ai.usage.outputTokens', 'Vercel AI SDK'],
      ['ai.usage.completionTokens', 'Vercel AI SDK'],
    ],
  },
  cacheReadTokens: {
    columns: ['tokens_cache_read'],
    means: 'Of the input, tokens that were in the cache.',
    names: [
      ['gen_ai.usage.cache_read.input_tokens', 'OTel GenAI'],
      ['llm.token_count.prompt_details.cache_read', 'OpenInference'],
      ['gen_ai.usage.cache_read_input_tokens', 'OpenLLMetry'],
      ['ai.usage.cachedInputTokens', 'Vercel AI SDK'],
      ['ai.usage.inputTokenDetails.cacheReadTokens', 'Vercel AI SDK'],
    ],
  },
  cacheWriteTokens: {
    columns: ['tokens_cache_write'],
    means: 'Of the input, tokens that were put into the cache.',
    names: [
      ['gen_ai.usage.cache_write.input_tokens', 'OTel GenAI'],
      ['gen_ai.usage.cache_creation.input_tokens', 'OTel GenAI'],
      ['llm.token_count.prompt_details.cache_write', 'OpenInference'],
      ['gen_ai.usage.cache_creation_input_tokens', 'OpenLLMetry'],
      ['ai.usage.inputTokenDetails.cacheWriteTokens', 'Vercel AI SDK'],
    ],
    note: 'The Vercel AI SDK before version 6 says it in `ai.response.providerMetadata` alone, which is not read.',
  },
  reasoningTokens: {
    columns: ['tokens_reasoning'],
    means: 'Of the output, tokens of reasoning that is not part of the answer.',
    names: [
      ['gen_ai.usage.reasoning.output_tokens', 'OTel GenAI'],
      ['llm.token_count.completion_details.reasoning', 'OpenInference'],
      ['gen_ai.usage.reasoning_tokens', 'OpenLLMetry'],
      ['ai.usage.reasoningTokens', 'Vercel AI SDK'],
      ['ai.usage.outputTokenDetails.reasoningTokens', 'Vercel AI SDK'],
    ],
  },
  audioInputTokens: {
    columns: ['tokens_audio_input'],
    means: 'Of the input, tokens of audio.',
    names: [['llm.token_count.prompt_details.audio', 'OpenInference']],
  },
  audioOutputTokens: {
    columns: ['tokens_audio_output'],
    means: 'Of the output, tokens of audio.',
    names: [['llm.token_count.completion_details.audio', 'OpenInference']],
  },
  estimatedInputTokens: {
    columns: ['cost_estimate_usd'],
    means: 'What the sender takes the input to have been, where the provider did not say, as after a stream that was aborted.',
    names: [['astrolabe.estimated.input_tokens', 'Astrolabe']],
    note: 'Estimates are priced apart and never added to a cost.',
  },
  estimatedOutputTokens: {
    columns: ['cost_estimate_usd'],
    means: 'The same of the output.',
    names: [['astrolabe.estimated.output_tokens', 'Astrolabe']],
  },
  firstTokenSeconds: {
    columns: ['first_token_ns'],
    means: 'Seconds to the first token.',
    names: [
      ['gen_ai.response.time_to_first_chunk', 'OTel GenAI'],
      // OpenTelemetry's name of a metric, which version 7 writes on spans.
      ['gen_ai.client.operation.time_to_first_chunk', 'Vercel AI SDK'],
    ],
    note: 'After these the milliseconds below, and then OpenInference\'s span event `First Token Stream Event`.',
  },
  firstTokenMs: {
    columns: ['first_token_ns'],
    means: 'Milliseconds to the first token.',
    names: [
      ['ai.response.msToFirstChunk', 'Vercel AI SDK'],
      ['ai.stream.msToFirstChunk', 'Vercel AI SDK'],
    ],
  },
  senderCostUsd: {
    columns: ['cost_usd'],
    means: 'What the sender says the call cost, in USD. It is taken where there is no price.',
    names: [
      ['gen_ai.usage.cost', 'OTel GenAI'],
      ['llm.cost.total', 'OpenInference'],
    ],
  },
} as const satisfies Record<string, FieldDeclaration>;

export type ConventionField = keyof typeof CONVENTIONS;

/** OpenLLMetry's name of whatever the span is about: the tool's on a tool's span, and a workflow's or task's elsewhere. */
export const ENTITY_NAME = 'traceloop.entity.name';

/** OpenInference marks the first token by a span event of this name; the other conventions by an attribute. */
export const FIRST_TOKEN_EVENT = 'First Token Stream Event';

export interface EventDeclaration {
  name: string;
  /** Events of spans, or log records of that event name as well. */
  from: 'spans' | 'spans and logs';
  means: string;
  attributes: readonly (readonly [name: string, means: string])[];
}

/**
 * Events that are read. Of `spans and logs` signals are made: of spans by the view `signals_from_spans`, of log records by `logs/`.
 * Attributes without a part in that are kept with the signal.
 */
export const EVENTS: readonly EventDeclaration[] = [
  {
    name: 'astrolabe.signal',
    from: 'spans and logs',
    means: 'Something observed that bears on the outcome. Policies know `customer_confirmed`, `asked_for_person` and `csat` (1 to 5) from `customer`; `spam`, `abuse`, `internal_user` and `duplicate_contact` from anyone ([facts](facts.md)).',
    attributes: [
      ['astrolabe.signal.name', 'what was observed, such as `refund_issued`'],
      ['astrolabe.signal.source', 'who says so: `customer`, `system`, `agent` or `human`'],
      ['astrolabe.signal.value', 'what was found: a number, `true`, a text'],
      ['astrolabe.signal.id', 'of a log record: the sender\'s own id; what has the same one, in the same conversation, is one signal'],
    ],
  },
  {
    name: 'astrolabe.handoff',
    from: 'spans and logs',
    means: 'A person took over.',
    attributes: [['astrolabe.handoff.reason', 'why']],
  },
  {
    name: 'astrolabe.conversation.end',
    from: 'spans and logs',
    means: 'The conversation is over, and may be decided without waiting for silence.',
    attributes: [],
  },
  {
    name: 'gen_ai.evaluation.result',
    from: 'spans and logs',
    means: 'The verdict of a judge.',
    attributes: [
      ['gen_ai.evaluation.name', 'what was judged'],
      ['gen_ai.evaluation.score.label', 'the verdict in a word, such as `pass`'],
      ['gen_ai.evaluation.score.value', 'the verdict as a number; 1 passes where there is no label'],
      ['gen_ai.evaluation.explanation', 'why; kept'],
    ],
  },
  {
    name: 'feature_flag.evaluation',
    from: 'spans and logs',
    means: 'The conversation was given a variant.',
    attributes: [
      ['feature_flag.key', 'the flag'],
      ['feature_flag.result.variant', 'the variant'],
      ['feature_flag.result.reason', 'why; kept'],
      ['feature_flag.context.id', 'for whom; kept'],
    ],
  },
  {
    name: FIRST_TOKEN_EVENT,
    from: 'spans',
    means: 'The first token came, at the time of the event.',
    attributes: [],
  },
];

/**
 * Attributes of spans, span events and resources that carry what people and models said: by these names, or by one of them, a dot, and
 * more. They are no evidence, and are not stored with it; this list decides what a body is.
 */
export const MESSAGE_BODIES: readonly (readonly [Convention, readonly string[]])[] = [
  ['OTel GenAI', [
    'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result',
    'gen_ai.retrieval.documents', 'gen_ai.retrieval.query.text', 'gen_ai.event.content',
  ]],
  ['OpenInference', [
    'input.value', 'output.value', 'input.images', 'output.images', 'llm.input_messages', 'llm.output_messages', 'llm.prompts', 'llm.choices', 'llm.function_call',
    'llm.prompt_template.variables', 'retrieval.documents', 'document.content', 'embedding.embeddings', 'embedding.text', 'embedding.vector', 'reranker.query',
    'reranker.input_documents', 'reranker.output_documents',
  ]],
  ['OpenLLMetry', ['gen_ai.prompt', 'gen_ai.completion', 'gen_ai.guardrail.input', 'gen_ai.guardrail.output', 'llm.completions', 'traceloop.entity.input', 'traceloop.entity.output']],
  ['Vercel AI SDK', [
    'ai.prompt', 'ai.request.text', 'ai.response.text', 'ai.response.reasoning', 'ai.response.object', 'ai.response.toolCalls', 'ai.response.files', 'ai.toolCall.args',
    'ai.toolCall.result', 'ai.values', 'ai.value', 'ai.embeddings', 'ai.embedding', 'ai.documents', 'ai.decision.state', 'ai.decision.questions', 'ai.decision.answers',
  ]],
];

/** Credentials that instrumentations put on spans, by the beginning of their names: never stored, message bodies kept or not. */
export const CREDENTIALS: readonly (readonly [Convention, readonly string[]])[] = [
  ['OTel', ['http.request.header.authorization', 'http.request.header.cookie', 'http.request.header.x-api-key']],
  // Headers that a caller passes to one call.
  ['Vercel AI SDK', ['ai.request.headers.']],
];
