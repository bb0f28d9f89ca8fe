import { DomainError, statusOfKind, type Problem } from '#platform';
import type { SignalBody } from '#traces';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isGzip, leavesBytesUnread, mediaTypeOf, readBody } from './http-body.js';
import type { Admission, OtlpReceiver, SentBody } from './receive.js';

/*
 * Signals of a system of record over REST: the admission, the spool and the promise of OTLP (200 only when it is on disk), with the errors of
 * the REST API. On Fastify itself for the same reason as OTLP: the body must reach us as bytes.
 */

/** Adds `POST /api/v1/signals`. */
export async function registerSignalsReceiver(fastify: FastifyInstance, receiver: OtlpReceiver): Promise<void> {
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.setErrorHandler<FastifyError>((error, request, reply) => answerProblem(request, reply, error.statusCode === 415 ? unsupportedType(request) : error, receiver));
    scope.post('/api/v1/signals', (request, reply) => receive(request, reply, receiver));
  });
}

async function receive(request: FastifyRequest, reply: FastifyReply, receiver: OtlpReceiver): Promise<FastifyReply> {
  let admission: Admission | undefined;
  try {
    admission = await receiver.admit(request.headers);
    return await reply.status(200).send(await admission.storeSignals(await readSent(request, receiver.bodyBytesMax, admission)));
  } catch (error) {
    return answerProblem(request, reply, error, receiver);
  } finally {
    admission?.leave();
  }
}

async function readSent(request: FastifyRequest, bytesMax: number, admission: Admission): Promise<SentBody<SignalBody>> {
  const encoding = FORMS.get(mediaTypeOf(request));
  if (!encoding) throw unsupportedType(request);
  return { encoding, isGzip: isGzip(request), bytes: await readBody(request, bytesMax, admission) };
}

const FORMS = new Map<string | undefined, SignalBody>([['application/json', 'json'], ['application/x-ndjson', 'lines']]);

function answerProblem(request: FastifyRequest, reply: FastifyReply, error: unknown, receiver: OtlpReceiver): FastifyReply {
  const { kind, message, retryAfterSeconds } = receiver.describe(error);
  // What has no code of its own is a fault of ours that may be over by the next attempt.
  const { code, details } = error instanceof DomainError ? error : { code: 'not_stored', details: undefined };
  const problem: Problem = { type: 'about:blank', title: code.replaceAll('_', ' '), status: statusOfKind[kind], code, detail: message, ...(details && { details }) };
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  if (leavesBytesUnread(kind, request)) void reply.header('connection', 'close');
  return reply.status(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

function unsupportedType(request: FastifyRequest): DomainError {
  return new DomainError({
    kind: 'unsupported',
    code: 'unsupported_content_type',
    message: `Content-Type "${request.headers['content-type'] ?? ''}" is not taken: send application/json, or application/x-ndjson with a signal a line`,
  });
}
