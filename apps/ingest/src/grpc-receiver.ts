import { Metadata, Server, ServerCredentials, type ServiceDefinition, type UntypedHandleCall, type handleUnaryCall, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { partialSuccessBody, statusMessage, type OtlpSignal } from '#traces';
import { DomainError, messageOf } from '#platform';
import { METRICS_NOT_TAKEN } from './http-receiver.js';
import { rejectionMessage, type OtlpReceiver } from './receive.js';

/*
 * OTLP/gRPC, by the specification ("OTLP/gRPC"): the same messages as over HTTP, as raw bytes to the same reader. gzip is undone by grpc-js,
 * which stops at the limit. Overload carries RetryInfo, without which a client may not send again.
 */

export interface GrpcReceiver {
  port: number;
  close(): Promise<void>;
}

/** @throws DomainError `grpc_cannot_listen` */
export async function startGrpcReceiver(receiver: OtlpReceiver, host: string, port: number): Promise<GrpcReceiver> {
  const server = new Server({ 'grpc.max_receive_message_length': receiver.messageBytesMax });
  addExport(server, 'trace.v1.TraceService', (call, callback) => void exportOver(receiver, 'traces', call, callback));
  addExport(server, 'logs.v1.LogsService', (call, callback) => void exportOver(receiver, 'logs', call, callback));
  addExport(server, 'metrics.v1.MetricsService', (_call, callback) => fail(receiver, METRICS_NOT_TAKEN, callback));
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, found) => (error ? reject(cannotListen(address, error)) : resolve(found)));
  });
  return { port: bound, close: () => closeServer(server) };
}

type Bytes = Buffer;
const sameBytes = (bytes: Buffer) => bytes;

function addExport(server: Server, service: string, handle: handleUnaryCall<Bytes, Bytes>): void {
  const definition: ServiceDefinition = {
    Export: {
      path: `/opentelemetry.proto.collector.${service}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: sameBytes,
      requestDeserialize: sameBytes,
      responseSerialize: sameBytes,
      responseDeserialize: sameBytes,
    },
  };
  server.addService(definition, { Export: handle as UntypedHandleCall });
}

async function exportOver(receiver: OtlpReceiver, signal: OtlpSignal, call: ServerUnaryCall<Bytes, Bytes>, callback: sendUnaryData<Bytes>): Promise<void> {
  try {
    const accepted = await receiver.receive({
      signal,
      headers: call.metadata.getMap(),
      readBody: async () => ({ encoding: 'protobuf', isGzip: false, bytes: call.request }),
    });
    callback(null, partialSuccessBody(signal, 'protobuf', accepted.rejected, rejectionMessage(signal, accepted)));
  } catch (error) {
    fail(receiver, error, callback);
  }
}

function fail(receiver: OtlpReceiver, error: unknown, callback: sendUnaryData<Bytes>): void {
  const { code, message, retryAfterSeconds } = receiver.describe(error);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', statusMessage(code, message, retryAfterSeconds));
  callback({ code, details: message, metadata });
}

// Calls under way are answered; a client that keeps its connection open must not keep us.
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const timer = setTimeout(() => server.forceShutdown(), 2000);
  await closed;
  clearTimeout(timer);
}

function cannotListen(address: string, cause: Error): DomainError {
  return new DomainError({
    kind: 'conflict',
    code: 'grpc_cannot_listen',
    message: `OTLP/gRPC cannot listen on ${address} (${messageOf(cause)}): stop what listens there, set GRPC_PORT to another (0 takes a free one), or GRPC=false`,
    cause,
  });
}
