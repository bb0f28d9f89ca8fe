import { Client, Metadata, credentials, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { gzipSync } from 'node:zlib';
import type { OtlpSignal } from '#traces';
import type { OtlpReceivers } from './otlp-receivers.js';
import { bytesIn, fieldsOf, numberIn, textIn } from './protobuf-fields.js';

/** What a sender got back, whatever it sent over. */
export interface OtlpAnswer {
  /** HTTP status; of gRPC the name of its code. */
  status: number | string;
  contentType: string | null;
  body: Buffer;
  /** Unset when everything was taken. */
  partialSuccess: { rejected: number; errorMessage: string } | undefined;
  /** google.rpc.Status of a failure. */
  failure: { code: number; message: string } | undefined;
  /** Retry-After; of gRPC RetryInfo. */
  retryAfterSeconds: number | undefined;
}

export interface SendOptions {
  key?: string;
  isGzip?: boolean;
  headers?: Record<string, string>;
}

export interface OtlpSender {
  name: 'HTTP protobuf' | 'HTTP JSON' | 'gRPC';
  encoding: 'protobuf' | 'json';
  /** Sends a body as it is, over a connection of its own. */
  send: (to: Pick<OtlpReceivers, 'url' | 'grpcAddress'>, signal: OtlpSignal | 'metrics', body: Buffer, options?: SendOptions) => Promise<OtlpAnswer>;
}

const REJECTED = { traces: 'rejectedSpans', logs: 'rejectedLogRecords', metrics: 'rejectedDataPoints' } as const;
const SERVICES = { traces: 'trace.v1.TraceService', logs: 'logs.v1.LogsService', metrics: 'metrics.v1.MetricsService' } as const;

export const SENDERS: readonly OtlpSender[] = [
  { name: 'HTTP protobuf', encoding: 'protobuf', send: (to, signal, body, options) => sendOverHttp('application/x-protobuf', to.url, signal, body, options) },
  { name: 'HTTP JSON', encoding: 'json', send: (to, signal, body, options) => sendOverHttp('application/json', to.url, signal, body, options) },
  { name: 'gRPC', encoding: 'protobuf', send: (to, signal, body, options) => sendOverGrpc(to.grpcAddress, signal, body, options) },
];

async function sendOverHttp(type: string, url: string, signal: keyof typeof REJECTED, sent: Buffer, { key, isGzip = false, headers = {} }: SendOptions = {}): Promise<OtlpAnswer> {
  const response = await fetch(`${url}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': type, ...(key && { authorization: `Bearer ${key}` }), ...(isGzip && { 'content-encoding': 'gzip' }), ...headers },
    body: (isGzip ? gzipSync(sent) : sent) as BodyInit,
  });
  const body = Buffer.from(await response.arrayBuffer());
  const contentType = response.headers.get('content-type');
  const retryAfter = response.headers.get('retry-after');
  const isJson = contentType === 'application/json';
  return {
    status: response.status, contentType, body,
    partialSuccess: response.ok ? (isJson ? partialSuccessInJson(signal, body) : partialSuccessIn(body)) : undefined,
    failure: response.ok ? undefined : isJson ? (JSON.parse(body.toString()) as { code: number; message: string }) : statusIn(body),
    retryAfterSeconds: retryAfter === null ? undefined : Number(retryAfter),
  };
}

const asIs = (bytes: Buffer) => bytes;

async function sendOverGrpc(address: string, signal: keyof typeof SERVICES, sent: Buffer, { key, isGzip = false, headers = {} }: SendOptions = {}): Promise<OtlpAnswer> {
  // 2 is gzip (grpc-js, CompressionAlgorithms).
  const client = new Client(address, credentials.createInsecure(), { ...(isGzip && { 'grpc.default_compression_algorithm': 2 }), 'grpc.use_local_subchannel_pool': 1, 'grpc.max_send_message_length': -1 });
  const metadata = new Metadata();
  for (const [name, value] of Object.entries({ ...(key && { authorization: `Bearer ${key}` }), ...headers })) metadata.set(name, value);
  try {
    const body = await new Promise<Buffer>((done, fail) => {
      client.makeUnaryRequest(`/opentelemetry.proto.collector.${SERVICES[signal]}/Export`, asIs, asIs, sent, metadata, (error, answer) => (error ? fail(error) : done(answer ?? Buffer.alloc(0))));
    });
    return { status: 'OK', contentType: null, body, partialSuccess: partialSuccessIn(body), failure: undefined, retryAfterSeconds: undefined };
  } catch (error) {
    return grpcFailure(error as ServiceError);
  } finally {
    client.close();
  }
}

function grpcFailure({ code, details, metadata }: ServiceError): OtlpAnswer {
  const [detail] = metadata.get('grpc-status-details-bin');
  const described = Buffer.isBuffer(detail) ? statusIn(detail) : undefined;
  // What grpc-js refuses by itself has no details; ours must agree with the status that they stand beside.
  if (described && (described.code !== Number(code) || described.message !== details)) throw new Error(`grpc-status-details-bin says ${JSON.stringify(described)}, the status ${code} ${details}`);
  return {
    status: grpcStatus[code], contentType: null, body: Buffer.alloc(0), partialSuccess: undefined, failure: { code, message: details },
    retryAfterSeconds: Buffer.isBuffer(detail) ? retryDelayIn(detail) : undefined,
  };
}

/** google.rpc.Status { 1 code, 2 message, 3 details }. */
function statusIn(body: Buffer): { code: number; message: string } {
  const fields = fieldsOf(body);
  return { code: numberIn(fields, 1), message: textIn(fields, 2) };
}

/** Export…ServiceResponse { 1 partial_success { 1 rejected…, 2 error_message } }. */
function partialSuccessIn(body: Buffer): OtlpAnswer['partialSuccess'] {
  const partial = bytesIn(fieldsOf(body), 1);
  return partial && { rejected: numberIn(fieldsOf(partial), 1), errorMessage: textIn(fieldsOf(partial), 2) };
}

function partialSuccessInJson(signal: keyof typeof REJECTED, body: Buffer): OtlpAnswer['partialSuccess'] {
  const { partialSuccess } = JSON.parse(body.toString()) as { partialSuccess?: Record<string, unknown> };
  if (!partialSuccess) return undefined;
  const rejected = partialSuccess[REJECTED[signal]];
  if (typeof rejected !== 'string') throw new Error(`${REJECTED[signal]} must be a decimal string, and is ${JSON.stringify(rejected)}`);
  return { rejected: Number(rejected), errorMessage: String(partialSuccess['errorMessage']) };
}

/** Seconds in Any { 1 type_url, 2 value: google.rpc.RetryInfo { 1 retry_delay: Duration { 1 seconds } } }, the first detail. */
function retryDelayIn(status: Buffer): number | undefined {
  const any = bytesIn(fieldsOf(status), 3);
  if (!any || textIn(fieldsOf(any), 1) !== 'type.googleapis.com/google.rpc.RetryInfo') return undefined;
  const info = fieldsOf(bytesIn(fieldsOf(any), 2) ?? Buffer.alloc(0));
  return numberIn(fieldsOf(bytesIn(info, 1) ?? Buffer.alloc(0)), 1);
}
