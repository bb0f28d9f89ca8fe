import { randomBytes } from 'node:crypto';
import { attributesOf, type OtlpSpan } from '../../../libs/traces/src/testing/encode-request.js';
import { OtlpSender, TRANSPORTS, type Answer, type OtlpMessage, type Transport } from './otlp-sender.js';
import { Random } from './random.js';

/** A request, what is in it, and what became of it as far as its client knows. */
export interface SentRequest {
  transport: Transport;
  message: OtlpMessage;
  /** The trace, and the conversation too. */
  traceId: string;
  /** A span for each, or a log record. */
  spanIds: string[];
  /** Whether every span has a message body. */
  hasContent: boolean;
  answer: Answer | undefined;
}

const SPANS_PER_REQUEST = 10;
const RECORDS_PER_REQUEST = 3;

/** Clients that send fresh requests one after the other, and remember each. */
export class OtlpLoad {
  readonly sent: SentRequest[] = [];
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  get acknowledged(): SentRequest[] {
    return this.sent.filter(({ answer }) => answer?.kind === 'acknowledged');
  }

  /** So many clients of each transport, until `isOver`. They do not wait between requests unless told to. */
  async run(service: { url: string; grpcAddress: string; key: string }, options: { clients: number; isOver: () => boolean; pauseMs?: number }): Promise<void> {
    const sender = new OtlpSender(service);
    const client = async (transport: Transport) => {
      while (!options.isOver()) {
        await this.sendOne(sender, transport);
        if (options.pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
      }
    };
    await Promise.all(TRANSPORTS.flatMap((transport) => Array.from({ length: options.clients }, () => client(transport))));
    sender.close();
  }

  async sendOne(sender: OtlpSender, transport: Transport): Promise<SentRequest> {
    const request = this.#random.chance(0.2) ? logRequest(transport) : traceRequest(transport, this.#random.chance(0.5));
    this.sent.push(request);
    request.answer = await sender.send(request.message, transport);
    return request;
  }
}

/** Spans of one trace; the first says that something was saved. */
export function traceRequest(transport: Transport, hasContent: boolean, spans = SPANS_PER_REQUEST): SentRequest {
  const traceId = randomBytes(16).toString('hex');
  const spanIds = Array.from({ length: spans }, () => randomBytes(8).toString('hex'));
  const startedAtNs = BigInt(Date.now()) * 1_000_000n;
  const spanOf = (spanId: string, index: number): OtlpSpan => ({
    traceId,
    spanId,
    name: 'chat gpt-4.1',
    startTimeUnixNano: String(startedAtNs),
    endTimeUnixNano: String(startedAtNs + 5_000_000n),
    attributes: attributesOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4.1',
      'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.output_tokens': 100,
      'gen_ai.conversation.id': traceId,
      ...(hasContent && { 'gen_ai.input.messages': `[{"role":"user","content":"${spanId}"}]` }),
    }),
    events: index === 0 ? [{ name: 'astrolabe.signal', timeUnixNano: String(startedAtNs), attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }] : [],
  });
  const request = { resourceSpans: [{ resource: { attributes: attributesOf({ 'service.name': 'agents' }) }, scopeSpans: [{ scope: { name: 'test' }, spans: spanIds.map(spanOf) }] }] };
  return { transport, message: { signal: 'traces', request }, traceId, spanIds, hasContent, answer: undefined };
}

/** Log records, each about a span that no request has. */
export function logRequest(transport: Transport): SentRequest {
  const traceId = randomBytes(16).toString('hex');
  const spanIds = Array.from({ length: RECORDS_PER_REQUEST }, () => randomBytes(8).toString('hex'));
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n);
  const logRecords = spanIds.map((spanId) => ({ traceId, spanId, timeUnixNano, eventName: 'astrolabe.signal', attributes: attributesOf({ 'astrolabe.signal.name': 'thumb', 'gen_ai.conversation.id': traceId }) }));
  return { transport, message: { signal: 'logs', request: { resourceLogs: [{ scopeLogs: [{ scope: { name: 'test' }, logRecords }] }] } }, traceId, spanIds, hasContent: false, answer: undefined };
}
