import { CONTENT_TYPE, partialSuccessBody, statusBody, type OtlpEncoding, type OtlpSignal } from '#traces';
import { DomainError, statusOfKind } from '#platform';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isGzip, leavesBytesUnread, mediaTypeOf, readBody } from './http-body.js';
import { rejectionMessage, type Admission, type OtlpReceiver, type SentBody } from './receive.js';

/*
 * OTLP/HTTP, by the specification (docs: "OTLP/HTTP Request", "Failures"): protobuf and JSON on one path by Content-Type, gzip or none, the
 * answer in the request's encoding, 200 only when what was sent is on disk. Registered on Fastify itself rather than as a Nest controller:
 * the body must reach us as bytes, before any JSON parser.
 */

/** Adds `POST /v1/traces` and `/v1/logs`; `/v1/metrics` is refused in so many words. */
export async function registerHttpReceiver(fastify: FastifyInstance, receiver: OtlpReceiver): Promise<void> {
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    // Fastify refuses a malformed Content-Type itself, before any handler; that too is answered as OTLP.
    scope.setErrorHandler<FastifyError>((error, request, reply) => answerFailure(request, reply, error.statusCode === 415 ? unsupportedType(request) : error, receiver));
    scope.post('/v1/traces', (request, reply) => receive('traces', request, reply, receiver));
    scope.post('/v1/logs', (request, reply) => receive('logs', request, reply, receiver));
    scope.post('/v1/metrics', (request, reply) => answerFailure(request, reply, METRICS_NOT_TAKEN, receiver));
  });
}

export const METRICS_NOT_TAKEN = new DomainError({
  kind: 'not_found',
  code: 'metrics_not_taken',
  message: 'Metrics are not taken: what Astrolabe counts it counts from traces. Send traces to /v1/traces and signals to /v1/logs, and set OTEL_METRICS_EXPORTER=none',
});

async function receive(signal: OtlpSignal, request: FastifyRequest, reply: FastifyReply, receiver: OtlpReceiver): Promise<FastifyReply> {
  let admission: Admission | undefined;
  try {
    admission = await receiver.admit(request.headers);
    const accepted = await admission.store(signal, await readSent(request, receiver.bodyBytesMax, admission));
    const encoding = encodingOf(request) ?? 'json';
    const body = partialSuccessBody(signal, encoding, accepted.rejected, rejectionMessage(signal, accepted));
    return await reply.status(200).header('content-type', CONTENT_TYPE[encoding]).send(body);
  } catch (error) {
    return answerFailure(request, reply, error, receiver);
  } finally {
    admission?.leave();
  }
}

function answerFailure(request: FastifyRequest, reply: FastifyReply, error: unknown, receiver: OtlpReceiver): FastifyReply {
  const encoding = encodingOf(request) ?? 'json';
  const { kind, code, message, retryAfterSeconds } = receiver.describe(error);
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  if (leavesBytesUnread(kind, request)) void reply.header('connection', 'close');
  return reply.status(statusOfKind[kind]).header('content-type', CONTENT_TYPE[encoding]).send(statusBody(encoding, code, message));
}

function encodingOf(request: FastifyRequest): OtlpEncoding | undefined {
  const type = mediaTypeOf(request);
  if (type === 'application/x-protobuf') return 'protobuf';
  if (type === 'application/json') return 'json';
  return undefined;
}

async function readSent(request: FastifyRequest, bytesMax: number, admission: Admission): Promise<SentBody<OtlpEncoding>> {
  const encoding = encodingOf(request);
  if (!encoding) throw unsupportedType(request);
  return { encoding, isGzip: isGzip(request), bytes: await readBody(request, bytesMax, admission) };
}

function unsupportedType(request: FastifyRequest): DomainError {
  return new DomainError({
    kind: 'unsupported',
    code: 'unsupported_content_type',
    message: `Content-Type "${request.headers['content-type'] ?? ''}" is not taken: send application/x-protobuf or application/json`,
  });
}
