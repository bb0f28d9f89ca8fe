import { gzipSync } from 'node:zlib';
import { PbfWriter } from 'pbf';
import { Draws } from './draws.js';

/*
 * Turns like the sample agent's: a root, model calls, tools and a retrieval, 18 to 25 attributes a span, all ids random. Made once and
 * sent again under another organization's key, so that every span that is sent is a span of its own and none is compressed while it counts.
 */

export interface PayloadOptions {
  requests: number;
  spansPerRequest: number;
  seed: number;
  /** Epoch milliseconds around which the turns happen. */
  nowMs: number;
}

export interface Payloads {
  /** gzip over ExportTraceServiceRequest. */
  bodies: Buffer[];
  spansPerRequest: number;
  /** Bytes before compression, of all bodies. */
  rawBytes: number;
  attributesPerSpan: number;
}

type Value = string | number | boolean;

const MODELS = [
  ['classify-intent', 'gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'],
  ['moderate', 'gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'],
  ['detect-language', 'gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'],
  ['reason', 'gpt-4.1', 'gpt-4.1-2025-04-14'],
  ['draft-refund', 'gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
  ['phrase', 'gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
] as const;
const TOOLS = ['lookup_booking', 'issue_refund', 'change_booking', 'lookup_policy'];
const LOCALES = ['en-GB', 'de-DE', 'fr-FR', 'es-ES'];
const SPANS_PER_TURN = 16;

export function makePayloads({ requests, spansPerRequest, seed, nowMs }: PayloadOptions): Payloads {
  const draws = new Draws(seed);
  let rawBytes = 0;
  let attributes = 0;
  let turn: Turn | undefined;
  const bodies = Array.from({ length: requests }, () => {
    const writer = new PbfWriter();
    writer.writeMessage(1, (_: null, group) => {
      group.writeMessage(1, (_none: null, resource) => writeAttributes(resource, 1, RESOURCE), null);
      group.writeMessage(2, (_none: null, scope) => {
        scope.writeMessage(1, (_nil: null, pbf) => pbf.writeStringField(1, 'northwind-concierge'), null);
        for (let n = 0; n < spansPerRequest; n++) {
          if (turn === undefined || turn.next === SPANS_PER_TURN) turn = newTurn(draws, nowMs);
          const list = turn.next === 0 ? rootAttributes(turn, draws) : turn.next % 5 === 4 ? toolAttributes(turn, draws) : callAttributes(turn, draws);
          attributes += list.length;
          scope.writeMessage(2, (span: Turn, pbf) => writeSpan(pbf, span, list, draws), turn);
          turn.next++;
        }
      }, null);
    }, null);
    const raw = Buffer.from(writer.finish());
    rawBytes += raw.length;
    return gzipSync(raw, { level: 6 });
  });
  return { bodies, spansPerRequest, rawBytes, attributesPerSpan: attributes / (requests * spansPerRequest) };
}

interface Turn {
  traceId: Buffer;
  rootId: Buffer;
  conversation: string;
  customer: string;
  locale: string;
  startedAtMs: number;
  next: number;
}

const RESOURCE: [string, Value][] = [
  ['service.name', 'northwind-concierge'],
  ['service.version', '2.14.0'],
  ['service.instance.id', '6f1b0c9e-64d1-4a53-8f0e-b6a2e8d5a111'],
  ['deployment.environment.name', 'production'],
  ['telemetry.sdk.name', 'opentelemetry'],
  ['telemetry.sdk.language', 'nodejs'],
  ['telemetry.sdk.version', '2.12.1'],
];

function newTurn(draws: Draws, nowMs: number): Turn {
  return {
    traceId: draws.bytes(16),
    rootId: draws.bytes(8),
    conversation: `conv-${draws.integer(1e9).toString(36)}`,
    customer: `customer-${draws.integer(120)}`,
    locale: draws.pick(LOCALES),
    startedAtMs: nowMs - draws.integer(60_000),
    next: 0,
  };
}

function common(turn: Turn, draws: Draws): [string, Value][] {
  return [
    ['astrolabe.turn.id', `${turn.conversation}-${turn.startedAtMs}`],
    ['thread.id', draws.integer(64)],
    ['thread.name', 'main'],
    ['code.function.name', 'replyTurn'],
    ['server.address', 'api.openai.com'],
    ['server.port', 443],
    ['network.protocol.version', '1.1'],
    ['app.release', '2026-11-18.3'],
    ['app.region', 'eu-west-1'],
    ['app.request.id', draws.bytes(12).toString('hex')],
  ];
}

function rootAttributes(turn: Turn, draws: Draws): [string, Value][] {
  return [
    ['gen_ai.operation.name', 'invoke_agent'],
    ['gen_ai.agent.name', 'concierge'],
    ['gen_ai.conversation.id', turn.conversation],
    ['user.id', `user-${draws.integer(1e6)}`],
    ['astrolabe.customer.id', turn.customer],
    ['astrolabe.channel', 'chat'],
    ['astrolabe.locale', turn.locale],
    ['feature_flag.key', 'concierge.reason'],
    ['feature_flag.result.variant', draws.integer(10) === 0 ? 'candidate' : 'base'],
    ...common(turn, draws),
  ];
}

function callAttributes(turn: Turn, draws: Draws): [string, Value][] {
  const [task, model, answered] = draws.pick(MODELS);
  const input = 300 + draws.integer(4000);
  return [
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.provider.name', 'openai'],
    ['gen_ai.request.model', model],
    ['gen_ai.response.model', answered],
    ['gen_ai.request.temperature', 0.2],
    ['gen_ai.response.id', `chatcmpl-${draws.bytes(12).toString('hex')}`],
    ['gen_ai.usage.input_tokens', input],
    ['gen_ai.usage.output_tokens', 20 + draws.integer(400)],
    ['gen_ai.usage.cache_read.input_tokens', draws.integer(input)],
    ['gen_ai.usage.reasoning.output_tokens', draws.integer(20)],
    ['gen_ai.response.time_to_first_chunk', draws.integer(800) / 1000],
    ['astrolabe.task', task],
    ['astrolabe.speculative', draws.integer(4) === 0],
    ['astrolabe.used', draws.integer(8) !== 0],
    ...common(turn, draws),
  ];
}

function toolAttributes(turn: Turn, draws: Draws): [string, Value][] {
  const tool = draws.pick(TOOLS);
  return [
    ['gen_ai.operation.name', 'execute_tool'],
    ['gen_ai.tool.name', tool],
    ['gen_ai.tool.call.id', `call_${draws.bytes(9).toString('hex')}`],
    ['gen_ai.tool.type', 'function'],
    ['astrolabe.task', 'act'],
    ['db.system.name', 'postgresql'],
    ['db.operation.name', 'SELECT'],
    ['http.response.status_code', 200],
    ...common(turn, draws),
  ];
}

function writeSpan(pbf: PbfWriter, turn: Turn, attributes: [string, Value][], draws: Draws): void {
  const isRoot = turn.next === 0;
  const startedAtMs = turn.startedAtMs + turn.next * 40;
  pbf.writeBytesField(1, turn.traceId);
  pbf.writeBytesField(2, isRoot ? turn.rootId : draws.bytes(8));
  if (!isRoot) pbf.writeBytesField(4, turn.rootId);
  pbf.writeStringField(5, isRoot ? 'invoke_agent concierge' : `${String(attributes[0]?.[1])} ${String(attributes[1]?.[1])}`);
  pbf.writeVarintField(6, isRoot ? 2 : 3);
  writeNanoseconds(pbf, 7, startedAtMs, draws.integer(1e6));
  writeNanoseconds(pbf, 8, startedAtMs + 20 + draws.integer(1200), draws.integer(1e6));
  writeAttributes(pbf, 9, attributes);
  if (isRoot && draws.integer(3) === 0) {
    pbf.writeMessage(11, (_: null, event) => {
      writeNanoseconds(event, 1, startedAtMs + 10, 0);
      event.writeStringField(2, 'astrolabe.signal');
      writeAttributes(event, 3, [['astrolabe.signal.name', 'refund_completed'], ['astrolabe.signal.source', 'system']]);
    }, null);
  }
}

function writeNanoseconds(pbf: PbfWriter, field: number, milliseconds: number, extraNs: number): void {
  const ns = BigInt(milliseconds) * 1_000_000n + BigInt(extraNs);
  pbf.writeTag(field, 1);
  pbf.writeFixed32(Number(ns & 0xffff_ffffn));
  pbf.writeFixed32(Number(ns >> 32n));
}

function writeAttributes(pbf: PbfWriter, field: number, list: [string, Value][]): void {
  for (const attribute of list) {
    pbf.writeMessage(field, ([name, value]: [string, Value], pair) => {
      pair.writeStringField(1, name);
      pair.writeMessage(2, (plain: Value, any) => {
        if (typeof plain === 'string') any.writeStringField(1, plain);
        else if (typeof plain === 'boolean') any.writeBooleanField(2, plain);
        else if (Number.isInteger(plain)) any.writeVarintField(3, plain);
        else any.writeDoubleField(4, plain);
      }, value);
    }, attribute);
  }
}
