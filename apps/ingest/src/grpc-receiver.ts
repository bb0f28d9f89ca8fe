import { Metadata, Server, ServerCredentials, ServerInterceptingCall, ServerListenerBuilder, type ServerInterceptor, type ServiceDefinition, type UntypedHandleCall, type handleUnaryCall, type sendUnaryData, type ServerUnaryCall, type StatusObject } from '@grpc/grpc-js';
import { partialSuccessBody, statusMessage, type OtlpSignal } from '#traces';
import { DomainError, messageOf } from '#platform';
import { METRICS_NOT_TAKEN } from './http-receiver.js';
import { rejectionMessage, type Admission, type OtlpReceiver } from './receive.js';

/*
 * OTLP/gRPC, by the specification ("OTLP/gRPC"): the same messages as over HTTP, as raw bytes to the same reader. gzip is undone by grpc-js,
 * which stops at the limit. Overload carries RetryInfo, without which a client may not send again.
 *
 * grpc-js calls a handler when it has the whole message. An interceptor comes before: it is asked when the headers are there, and a stream is
 * not read until it has answered.
 */

export interface GrpcReceiver {
  port: number;
  close(): Promise<void>;
}

/** @throws DomainError `grpc_cannot_listen` */
export async function startGrpcReceiver(receiver: OtlpReceiver, host: string, port: number): Promise<GrpcReceiver> {
  const admissions: Admissions = new WeakMap();
  const server = new Server({ 'grpc.max_receive_message_length': receiver.messageBytesMax, interceptors: [admitFirst(receiver, admissions)] });
  const add = (service: string, signal: OtlpSignal) => addExport(server, service, (call, callback) => void exportOver(receiver, signal, admissions, call, callback));
  add('trace.v1.TraceService', 'traces');
  add('logs.v1.LogsService', 'logs');
  addExport(server, 'metrics.v1.MetricsService', (_call, callback) => callback(statusOf(receiver, METRICS_NOT_TAKEN)));
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

/** Of calls whose message is not there yet, by their headers: what the interceptor hands on is what the handler is given. */
type Admissions = WeakMap<Metadata, Admission>;

function admitFirst(receiver: OtlpReceiver, admissions: Admissions): ServerInterceptor {
  return (_method, nextCall) => {
    let headers: Metadata | undefined;
    let isOver = false;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        receiver.admit(metadata.getMap()).then(
          (admission) => {
            if (isOver) return admission.leave();
            admissions.set((headers = metadata), admission);
            next(metadata);
          },
          (error: unknown) => call.sendStatus(statusOf(receiver, error)),
        );
      })
      // At the end of every call, answered or not. What a handler has taken, it ends itself: a client that hangs up does not stop it.
      .withOnCancel(() => {
        isOver = true;
        if (headers) admissions.get(headers)?.leave();
      })
      .build();
    const call: ServerInterceptingCall = new ServerInterceptingCall(nextCall, { start: (next) => next(listener) });
    return call;
  };
}

async function exportOver(receiver: OtlpReceiver, signal: OtlpSignal, admissions: Admissions, { metadata, request }: ServerUnaryCall<Bytes, Bytes>, callback: sendUnaryData<Bytes>): Promise<void> {
  const admission = admissions.get(metadata);
  admissions.delete(metadata);
  try {
    if (!admission) throw new Error('a call came past its interceptor');
    admission.hold(request.length);
    const accepted = await admission.store(signal, { encoding: 'protobuf', isGzip: false, bytes: request });
    callback(null, partialSuccessBody(signal, 'protobuf', accepted.rejected, rejectionMessage(signal, accepted)));
  } catch (error) {
    callback(statusOf(receiver, error));
  } finally {
    admission?.leave();
  }
}

function statusOf(receiver: OtlpReceiver, error: unknown): StatusObject {
  const { code, message, retryAfterSeconds } = receiver.describe(error);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', statusMessage(code, message, retryAfterSeconds));
  return { code, details: message, metadata };
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
