import fc from 'fast-check';
import type { OtlpEncoding, OtlpSignal } from '#traces';
import { logsJsonOf, logsProtobufOf, logsRequestOf } from '../../../libs/traces/src/testing/encode-logs.js';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpValue } from '../../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN } from '../../../libs/traces/src/testing/transcode-request.js';
import { damaged } from './broken-bytes.js';
import { changedDocument } from './broken-json.js';
import { changedMessage } from './broken-protobuf.js';
import { Random } from './random.js';

export interface OtlpBody {
  signal: OtlpSignal;
  encoding: OtlpEncoding;
  body: Buffer;
}

const LIST: OtlpValue = { arrayValue: { values: [{ stringValue: 'a' }, { kvlistValue: { values: [{ key: 'n', value: { intValue: '5' } }] } }, {}] } };

const SPANS = [
  {
    ...BASE_SPAN,
    parentSpanId: '00f067aa0ba902b7',
    attributes: [
      ...attributesOf({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4.1',
        'gen_ai.response.model': 'gpt-4.1-2025-04-14',
        'gen_ai.usage.input_tokens': 1200,
        'gen_ai.usage.output_tokens': 80,
        'gen_ai.usage.cost': 0.25,
        'gen_ai.conversation.id': 'conversation-1',
        'gen_ai.input.messages': '[{"role":"user","content":"mein Passwort ist 1234"}]',
        'astrolabe.estimated.input_tokens': 7,
        'gen_ai.response.time_to_first_chunk': 0.4,
        streaming: true,
        note: 'ümläut '.repeat(40),
      }),
      { key: 'list', value: LIST },
      { key: 'raw', value: { bytesValue: 'AP8Q' } },
    ],
    events: [
      { name: 'astrolabe.signal', timeUnixNano: '1764000000400000000', attributes: attributesOf({ 'astrolabe.signal.name': 'saved', 'astrolabe.signal.value': 'yes' }) },
      { name: 'gen_ai.content', attributes: attributesOf({ 'gen_ai.event.content': 'secret', index: 3 }) },
    ],
    status: { code: 2, message: 'late' },
    droppedAttributesCount: 3,
  },
  { ...BASE_SPAN, spanId: '0000000000000002', attributes: attributesOf({ 'traceloop.span.kind': 'tool', 'traceloop.entity.name': 'search', 'llm.token_count.prompt': 12 }) },
];

const RECORDS = [
  {
    timeUnixNano: '1764000000400000000',
    observedTimeUnixNano: '1764000000500000000',
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: 'thumbs up' },
    flags: 1,
    traceId: BASE_SPAN.traceId,
    spanId: BASE_SPAN.spanId,
    eventName: 'astrolabe.signal',
    attributes: [...attributesOf({ 'astrolabe.signal.name': 'thumb', 'astrolabe.signal.value': 'up', 'gen_ai.conversation.id': 'conversation-1' }), { key: 'list', value: LIST }],
  },
  { traceId: BASE_SPAN.traceId, attributes: attributesOf({ 'event.name': 'gen_ai.evaluation.result', 'gen_ai.evaluation.name': 'helpful', 'gen_ai.evaluation.score.value': 0.75 }) },
];

const RESOURCE = { 'service.name': 'agents', 'deployment.environment.name': 'prod', 'astrolabe.customer.id': 'northwind' };

/** Good requests of every kind. What is fuzzed began as one of them. */
export const GOOD_BODIES: readonly OtlpBody[] = [
  { signal: 'traces', encoding: 'protobuf', body: protobufOf(requestOf(SPANS, RESOURCE)) },
  { signal: 'traces', encoding: 'json', body: jsonOf(requestOf(SPANS, RESOURCE)) },
  { signal: 'logs', encoding: 'protobuf', body: logsProtobufOf(logsRequestOf(RECORDS, RESOURCE)) },
  { signal: 'logs', encoding: 'json', body: logsJsonOf(logsRequestOf(RECORDS, RESOURCE)) },
];

const GENERATED_BATCH = 200;

/** Bodies without an end, the same ones for the same seed: most are good ones that were changed, some were never anything. */
export class FuzzedBodies {
  readonly #random: Random;
  #generated: OtlpBody[] = [];

  constructor(readonly seed: number) {
    this.#random = new Random(seed);
  }

  next(): OtlpBody {
    const random = this.#random;
    if (random.chance(0.05)) return this.#nextGenerated();
    const good = random.pick(GOOD_BODIES);
    const { signal, encoding } = good;
    let { body } = good;
    const isJson = encoding === 'json';
    if (random.chance(0.85)) body = isJson ? changedDocument(body, random) : changedMessage(body, random);
    if (body === good.body || random.chance(0.1)) body = damaged(body, random, random.pick(GOOD_BODIES).body);
    // Now and then it is said to be what it is not.
    if (random.chance(0.02)) return { signal: random.pick(['traces', 'logs']), encoding: random.pick(['protobuf', 'json']), body };
    return { signal, encoding, body };
  }

  #nextGenerated(): OtlpBody {
    if (this.#generated.length === 0) this.#generated = fc.sample(ARBITRARY_BODY, { numRuns: GENERATED_BATCH, seed: this.#random.below(2 ** 31) });
    return this.#generated.pop() as OtlpBody;
  }
}

const json = (text: string, signal: OtlpSignal): OtlpBody => ({ signal, encoding: 'json', body: Buffer.from(text) });

const ARBITRARY_BODY: fc.Arbitrary<OtlpBody> = fc.oneof(
  fc.record({ signal: fc.constantFrom('traces' as const, 'logs' as const), encoding: fc.constantFrom('protobuf' as const, 'json' as const), body: fc.uint8Array({ maxLength: 300 }).map((list) => Buffer.from(list)) }),
  fc.json({ maxDepth: 6 }).map((span) => json(`{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`, 'traces')),
  fc.json({ maxDepth: 6 }).map((attributes) => json(`{"resourceSpans":[{"resource":{"attributes":${attributes}},"scopeSpans":[{"spans":[${JSON.stringify(BASE_SPAN)}]}]}]}`, 'traces')),
  fc.array(fc.record({ key: fc.string({ unit: 'binary' }), value: fc.record({ stringValue: fc.string({ unit: 'binary', maxLength: 300 }) }) })).map((attributes) => json(JSON.stringify(requestOf([{ ...BASE_SPAN, attributes }])), 'traces')),
  fc.json({ maxDepth: 6 }).map((record) => json(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`, 'logs')),
);
