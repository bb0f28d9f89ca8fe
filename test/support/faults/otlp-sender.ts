import { Client, Metadata, credentials, status as GRPC, type ServiceError } from '@grpc/grpc-js';
import { PbfReader } from 'pbf';
import { gzipSync } from 'node:zlib';
import type { OtlpSignal } from '#traces';
import { logsJsonOf, logsProtobufOf, type OtlpLogsRequest } from '../../../libs/traces/src/testing/encode-logs.js';
import { jsonOf, protobufOf, type OtlpRequest } from '../../../libs/traces/src/testing/encode-request.js';

/** The ways in which clients send. */
export const TRANSPORTS = ['json', 'protobuf', 'grpc'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export type OtlpMessage = { signal: 'traces'; request: OtlpRequest } | { signal: 'logs'; request: OtlpLogsRequest };

/** What the receiver said. `lost` is no answer: the connection broke, or was never made. */
export type Answer =
  | { kind: 'acknowledged' }
  | { kind: 'refused'; code: number; message: string; retryAfterSeconds: number | undefined }
  | { kind: 'lost'; message: string };

const PATH: Record<OtlpSignal, string> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
};

/** Sends to one receiver over every transport: JSON as it is, protobuf with gzip, and gRPC. */
export class OtlpSender {
  readonly #grpc: Client;

  constructor(private readonly service: { url: string; grpcAddress: string; key: string }) {
    this.#grpc = new Client(service.grpcAddress, credentials.createInsecure());
  }

  send(message: OtlpMessage, transport: Transport): Promise<Answer> {
    if (transport === 'json') return this.sendBody(message.signal, { 'content-type': 'application/json' }, message.signal === 'traces' ? jsonOf(message.request) : logsJsonOf(message.request));
    const body = message.signal === 'traces' ? protobufOf(message.request) : logsProtobufOf(message.request);
    if (transport === 'grpc') return this.sendGrpc(message.signal, body);
    return this.sendBody(message.signal, { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }, gzipSync(body, { level: 1 }));
  }

  async sendBody(signal: OtlpSignal, headers: Record<string, string>, body: Uint8Array): Promise<Answer> {
    try {
      const response = await fetch(`${this.service.url}/v1/${signal}`, { method: 'POST', headers: { authorization: `Bearer ${this.service.key}`, ...headers }, body: body as BodyInit });
      const said = await response.text();
      if (response.status === 200) return { kind: 'acknowledged' };
      const retryAfter = response.headers.get('retry-after');
      return { kind: 'refused', code: response.status, message: said, retryAfterSeconds: retryAfter === null ? undefined : Number(retryAfter) };
    } catch (error) {
      return { kind: 'lost', message: String(error) };
    }
  }

  close(): void {
    this.#grpc.close();
  }

  sendGrpc(signal: OtlpSignal, body: Buffer): Promise<Answer> {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${this.service.key}`);
    const same = (bytes: Buffer) => bytes;
    return new Promise((resolve) => {
      this.#grpc.makeUnaryRequest(PATH[signal], same, same, body, metadata, (error) => resolve(error ? grpcFailure(error) : { kind: 'acknowledged' }));
    });
  }
}

/** A status that comes with details is the receiver's; without them it is what grpc-js makes of a broken connection. */
function grpcFailure(error: ServiceError): Answer {
  const [details] = error.metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(details)) return { kind: 'lost', message: `${GRPC[error.code]}: ${error.details}` };
  return { kind: 'refused', code: error.code, message: error.details, retryAfterSeconds: retryDelayIn(details) };
}

/** google.rpc.Status.details[] -> google.rpc.RetryInfo.retry_delay.seconds, read without the code that wrote it. */
function retryDelayIn(details: Buffer): number | undefined {
  const found: { type: string; seconds: number | undefined } = { type: '', seconds: undefined };
  new PbfReader(details).readFields((field, _status, status) => {
    if (field !== 3) return;
    status.readMessage((inner, _any, any) => {
      if (inner === 1) found.type = any.readString();
      if (inner !== 2) return;
      any.readMessage((_delay, _info, info) => {
        info.readMessage((seconds, into, duration) => {
          if (seconds === 1) into.seconds = duration.readVarint();
        }, found);
      }, found);
    }, found);
  }, found);
  return found.type === 'type.googleapis.com/google.rpc.RetryInfo' ? found.seconds : undefined;
}
