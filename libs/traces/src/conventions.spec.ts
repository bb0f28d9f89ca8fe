import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform';
import { FIELD_OF, isContent } from './convention-index.js';
import { CONVENTIONS, EVENTS } from './conventions.js';
import { EVENT_NAMES, signalOf } from './logs/signal-of.js';
import { BASE_SPAN, openTranscoder, rowOf, rowsFor, rowsOf, senderOf } from './testing/transcode-request.js';
import { attributesOf, protobufOf, requestOf } from './testing/encode-request.js';

// The names of each column as the conventions publish them, first present wins: a table of its own, not the one the reader uses.
const NAMES: [string, string[]][] = [
  ['conversation_id', ['gen_ai.conversation.id', 'session.id', 'traceloop.association.properties.session_id', 'ai.telemetry.metadata.sessionId', 'ai.settings.context.sessionId']],
  ['end_user_id', ['user.id', 'traceloop.association.properties.user_id', 'gen_ai.user', 'ai.telemetry.metadata.userId', 'ai.settings.context.userId']],
  ['customer_id', ['astrolabe.customer.id', 'traceloop.association.properties.customer_id', 'ai.telemetry.metadata.customerId', 'ai.settings.context.customerId']],
  ['turn_id', ['astrolabe.turn.id']],
  ['task', ['astrolabe.task']],
  ['locale', ['astrolabe.locale']],
  ['channel', ['astrolabe.channel']],
  ['flag_key', ['feature_flag.key']],
  ['variant', ['feature_flag.result.variant', 'feature_flag.variant']],
  ['provider', ['gen_ai.provider.name', 'llm.provider', 'gen_ai.system', 'llm.system', 'ai.model.provider']],
  ['request_model', ['gen_ai.request.model', 'llm.request.model_name', 'llm.model_name', 'embedding.model_name', 'reranker.model_name', 'ai.model.id']],
  ['response_model', ['gen_ai.response.model', 'llm.response.model_name', 'ai.response.model']],
  ['operation', ['gen_ai.operation.name', 'openinference.span.kind', 'llm.request.type', 'traceloop.span.kind', 'ai.operationId', 'operation.name']],
  ['tool', ['gen_ai.tool.name', 'tool.name', 'ai.toolCall.name']],
  ['tool_call_id', ['gen_ai.tool.call.id', 'ai.toolCall.id']],
  ['agent', ['gen_ai.agent.name', 'agent.name', 'traceloop.workflow.name', 'ai.telemetry.functionId']],
  ['service', ['service.name']],
  ['environment', ['deployment.environment.name', 'deployment.environment']],
];

// Counts that no rule takes apart when they stand alone.
const COUNTS: [string, string[]][] = [
  ['tokens_input', ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt', 'ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens']],
  ['tokens_output', ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion', 'ai.usage.outputTokens', 'ai.usage.completionTokens']],
  [
    'tokens_cache_read',
    [
      'gen_ai.usage.cache_read.input_tokens', 'llm.token_count.prompt_details.cache_read', 'gen_ai.usage.cache_read_input_tokens', 'ai.usage.cachedInputTokens',
      'ai.usage.inputTokenDetails.cacheReadTokens',
    ],
  ],
  [
    'tokens_cache_write',
    [
      'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens', 'llm.token_count.prompt_details.cache_write', 'gen_ai.usage.cache_creation_input_tokens',
      'ai.usage.inputTokenDetails.cacheWriteTokens',
    ],
  ],
  [
    'tokens_reasoning',
    [
      'gen_ai.usage.reasoning.output_tokens', 'llm.token_count.completion_details.reasoning', 'gen_ai.usage.reasoning_tokens', 'ai.usage.reasoningTokens',
      'ai.usage.outputTokenDetails.reasoningTokens',
    ],
  ],
  ['tokens_audio_input', ['llm.token_count.prompt_details.audio']],
  ['tokens_audio_output', ['llm.token_count.completion_details.audio']],
];

describe('the names of the conventions', () => {
  it.each(NAMES.flatMap(([column, names]) => names.map((name) => [name, column] as const)))('%s fills %s', (name, column) => {
    expect(rowOf({ [name]: 'value-1' })[column]).toBe('value-1');
  });

  it.each(NAMES)('%s: the first name present wins, in whatever order they arrive', (column, names) => {
    const values = Object.fromEntries(names.map((name, rank) => [name, `rank-${rank}`]));
    expect(rowOf(values)[column]).toBe('rank-0');
    expect(rowOf(Object.fromEntries(Object.entries(values).reverse()))[column]).toBe('rank-0');
  });

  it.each(COUNTS.flatMap(([column, names]) => names.map((name) => [name, column] as const)))('%s fills %s', (name, column) => {
    expect(rowOf({ [name]: 41 })[column]).toBe(41n);
    expect(rowOf({ [name]: '41' })[column]).toBe(41n);
  });

  it.each(COUNTS)('%s: the first name present wins', (column, names) => {
    expect(rowOf(Object.fromEntries(names.map((name, rank) => [name, 10 + rank]).reverse()))[column]).toBe(10n);
  });

  it.each(['gen_ai.usage.cost', 'llm.cost.total'])('%s is the cost where there is no price', (name) => {
    const row = rowOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'house-model', 'gen_ai.provider.name': 'house', [name]: 0.25 });
    expect([row.cost_usd, row.cost_source, row.price_version]).toEqual([250_000_000_000n, 'sender', 'sender']);
  });

  it('reads the time to the first token in seconds, in milliseconds, or from the event', () => {
    expect(rowOf({ 'gen_ai.response.time_to_first_chunk': 0.25 }).first_token_ns).toBe(250_000_000n);
    expect(rowOf({ 'gen_ai.client.operation.time_to_first_chunk': 0.5, 'gen_ai.response.time_to_first_chunk': 0.25 }).first_token_ns).toBe(250_000_000n);
    expect(rowOf({ 'gen_ai.client.operation.time_to_first_chunk': 0.5 }).first_token_ns).toBe(500_000_000n);
    expect(rowOf({ 'ai.response.msToFirstChunk': 1.5 }).first_token_ns).toBe(1_500_000n);
    expect(rowOf({ 'ai.stream.msToFirstChunk': 2.5 }).first_token_ns).toBe(2_500_000n);
    const event = { name: 'First Token Stream Event', timeUnixNano: '1764000000400000001' };
    expect(rowOf({}, { events: [event] }).first_token_ns).toBe(400_000_000n);
    expect(rowOf({ 'gen_ai.response.time_to_first_chunk': 0.25 }, { events: [event] }).first_token_ns).toBe(250_000_000n);
    expect(rowOf({}).first_token_ns).toBeNull();
    expect(rowOf({ 'gen_ai.response.time_to_first_chunk': -1 }).first_token_ns).toBeNull();
  });

  it('takes the entity name as the tool on a tool span only', () => {
    expect(rowOf({ 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'lookup_order' }).tool).toBe('lookup_order');
    const workflow = rowOf({ 'traceloop.span.kind': 'workflow', 'traceloop.entity.name': 'support' });
    expect([workflow.tool, workflow.attributes]).toEqual(['', { 'traceloop.entity.name': 'support' }]);
    expect(rowOf({ 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'a', 'gen_ai.tool.name': 'b' }).tool).toBe('b');
  });

  it('reads speculation as three states: yes, no, not said', () => {
    expect([rowOf({}).is_speculative, rowOf({}).is_used]).toEqual([0, null]);
    expect([rowOf({ 'astrolabe.speculative': true }).is_speculative, rowOf({ 'astrolabe.used': false }).is_used]).toEqual([1, 0]);
    expect([rowOf({ 'astrolabe.speculative': 'true' }).is_speculative, rowOf({ 'astrolabe.used': 'true' }).is_used]).toEqual([1, 1]);
    expect(rowOf({ 'astrolabe.used': 'perhaps' }).is_used).toBeNull();
  });

  it('counts an empty value as not present', () => {
    expect(rowOf({ 'gen_ai.conversation.id': '', 'session.id': 's-1' }).conversation_id).toBe('s-1');
  });

  it('lets a span say otherwise than its resource, and fills in from the resource what the span does not say', () => {
    const resource = { 'service.name': 'agents', 'deployment.environment.name': 'production', 'gen_ai.agent.name': 'of the resource' };
    const row = rowOf({ 'gen_ai.agent.name': 'concierge' }, {}, resource);
    expect([row.agent, row.service, row.environment]).toEqual(['concierge', 'agents', 'production']);
  });

  it('keeps nothing of one span, or of one resource, for the next', () => {
    const [first, second] = rowsOf({
      resourceSpans: [
        { resource: { attributes: attributesOf({ 'service.name': 'a', 'host.name': 'h' }) }, scopeSpans: [{ spans: [{ ...BASE_SPAN, attributes: attributesOf({ 'user.id': 'u', x: 'y' }), events: [{ name: 'e' }] }] }] },
        { scopeSpans: [{ spans: [{ traceId: BASE_SPAN.traceId, spanId: '0000000000000001', startTimeUnixNano: '1764000000000000000' }] }] },
      ],
    });
    expect(first).toMatchObject({ service: 'a', end_user_id: 'u', attributes: { x: 'y' }, 'events.name': ['e'], resource_attributes: { 'host.name': 'h' } });
    expect(second).toMatchObject({ service: '', end_user_id: '', attributes: {}, 'events.name': [], resource_attributes: {}, name: '', kind: 'unspecified', parent_span_id: '0000000000000000' });
  });

  it('knows one meaning for each name', () => {
    const names = [...NAMES, ...COUNTS].flatMap(([, list]) => list);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !FIELD_OF.has(name))).toEqual([]);
    // Those that another test above covers.
    const others = [
      'astrolabe.speculative', 'astrolabe.used', 'gen_ai.response.time_to_first_chunk', 'gen_ai.client.operation.time_to_first_chunk', 'ai.response.msToFirstChunk',
      'ai.stream.msToFirstChunk', 'gen_ai.usage.cost', 'llm.cost.total', 'astrolabe.estimated.input_tokens', 'astrolabe.estimated.output_tokens',
    ];
    expect([...FIELD_OF.keys()].filter((name) => !names.includes(name)).sort()).toEqual(others.sort());
  });
});

describe('the declaration', () => {
  it.each([...NAMES, ...COUNTS])('says what fills %s, in the order of precedence', (column, names) => {
    const declared = Object.values(CONVENTIONS).filter(({ columns }) => columns[0] === column);
    expect(declared.map((field) => field.names.map(([name]) => name))).toEqual([names]);
  });

  it('names columns that there are', () => {
    const columns = Object.keys(rowOf({}));
    expect(Object.values(CONVENTIONS).flatMap((field) => field.columns).filter((column) => !columns.includes(column))).toEqual([]);
  });

  it('has the events of which signals are made, of spans and of log records', () => {
    const declared = EVENTS.filter(({ from }) => from === 'spans and logs').map(({ name }) => name);
    expect(declared).toEqual(EVENT_NAMES);
    const view = /WHERE event_name IN \(([^)]*)\)/.exec(readFileSync(join(projectRoot(), 'migrations', 'clickhouse', '0001_traces.sql'), 'utf8'));
    expect(view?.[1]?.split(', ')).toEqual(declared.map((name) => `'${name}'`));
  });

  it.each(EVENTS.filter(({ attributes }) => attributes.length > 0))('has every attribute that is read of $name', ({ name, attributes }) => {
    const read = new Set<string>();
    signalOf(name, new Proxy({}, { get: (_target, attribute) => void read.add(String(attribute)) }));
    // The record's identity, which is worked out where its row is written (signal-block.ts).
    if (name === 'astrolabe.signal') read.add('astrolabe.signal.id');
    const declared = attributes.map(([attribute]) => attribute);
    expect([...read].filter((attribute) => !declared.includes(attribute))).toEqual([]);
    expect(attributes.filter(([, means]) => !means.endsWith('kept')).map(([attribute]) => attribute).sort()).toEqual([...read].sort());
  });
});

describe('what people and models said', () => {
  const bodies = [
    'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.prompt.0.content', 'gen_ai.completion.0.content', 'gen_ai.tool.call.arguments',
    'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'llm.input_messages.0.message.content', 'llm.output_messages.0.message.content', 'input.value', 'output.value',
    'retrieval.documents.0.document.content', 'embedding.embeddings.0.embedding.text', 'embedding.text', 'reranker.query', 'traceloop.entity.input', 'traceloop.entity.output',
    'ai.prompt', 'ai.prompt.messages', 'ai.response.text', 'ai.response.reasoning', 'ai.response.object', 'ai.response.toolCalls', 'ai.toolCall.args', 'ai.toolCall.result', 'gen_ai.event.content',
    'ai.request.text', 'ai.response.files', 'ai.documents', 'ai.decision.state', 'ai.decision.questions', 'ai.decision.answers', 'gen_ai.guardrail.input', 'gen_ai.guardrail.output',
    'input.images.0.image.url', 'output.images.0.image.url',
  ];

  it.each(bodies)('%s is not stored, on a span, on its resource or on its events', (name) => {
    const secret = 'my card number is 4111';
    const span = { ...BASE_SPAN, attributes: attributesOf({ [name]: secret }), events: [{ name: 'e', attributes: attributesOf({ [name]: secret, kept: 'yes' }) }] };
    const [row] = rowsOf(requestOf([span], { [name]: secret }));
    expect(JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('4111');
    expect(row?.['events.attributes']).toEqual([{ kept: 'yes' }]);
  });

  it.each(['gen_ai.prompt_name', 'input.mime_type', 'ai.prompted', 'ai.request.headers.user-agent', 'ai.decision', 'gen_ai.guardrail.status', 'gen_ai.request.temperature', 'ai.valuesX', ''])('"%s" is no body', (name) => {
    expect(isContent(name)).toBe(false);
  });
});
describe('credentials', () => {
  it.each(['ai.request.headers.authorization', 'http.request.header.authorization', 'http.request.header.cookie', 'http.request.header.x-api-key'])('"%s" is stored nowhere', (name) => {
    const secret = 'Bearer sk-live-1';
    const span = { ...BASE_SPAN, attributes: attributesOf({ [name]: secret, kept: 'yes' }), events: [{ name: 'an event', attributes: attributesOf({ [name]: secret }) }] };
    for (const encoding of ['protobuf', 'json'] as const) {
      const [row] = rowsOf(requestOf([span], { [name]: secret }), encoding);
      expect(JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('sk-live');
      expect(row?.['attributes']).toEqual({ kept: 'yes' });
    }
    const kept = openTranscoder().traces({ body: protobufOf(requestOf([span])), encoding: 'protobuf', sender: senderOf({ keepsContent: true }), ingestedAtMs: 1_764_000_002_000 });
    expect(rowsFor(kept, 'span_contents')).toEqual([]);
  });
});
