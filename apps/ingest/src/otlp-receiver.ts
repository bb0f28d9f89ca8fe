import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CONTENT_TYPE, RPC_CODE, statusBody, successBody, type OtlpEncoding, type SpanIntake } from '#traces';
import { DomainError, keyInHeaders, messageOf, statusOfKind, type ApiKeys, type Config, type ErrorKind, type Logger } from '#platform';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/*
 * OTLP/HTTP, by the specification (docs: "OTLP/HTTP Request", "Failures"): protobuf and JSON on one path by Content-Type, gzip or none, the
 * answer in the request's encoding, 200 only when the spans are on disk. Registered on Fastify itself rather than as a Nest controller: the
 * body must reach us as bytes, before any JSON parser.
 */

const inflate = promisify(gunzip);
const RETRY_AFTER_SECONDS = 5;

export interface OtlpReceiverInput {
  intake: SpanIntake;
  keys: ApiKeys;
  config: Pick<Config, 'INGEST_BODY_BYTES_MAX' | 'INGEST_DECOMPRESSED_BYTES_MAX'>;
  logger: Logger;
}

/** Adds `POST /v1/traces`; `/v1/logs` and `/v1/metrics` are refused in so many words. */
export async function registerOtlpReceiver(fastify: FastifyInstance, input: OtlpReceiverInput): Promise<void> {
  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    // Fastify refuses a malformed Content-Type itself, before any handler; that too is answered as OTLP.
    scope.setErrorHandler<FastifyError>((error, request, reply) => answerError(request, reply, error.statusCode === 415 ? unsupportedType(request) : error, input.logger));
    scope.post('/v1/traces', (request, reply) => receive(request, reply, input));
    for (const path of ['/v1/logs', '/v1/metrics']) {
      scope.post(path, (request, reply) => {
        const message = `${path} is not taken: send traces to /v1/traces, and signals as span events`;
        return answerFailure(reply, encodingOf(request) ?? 'json', 404, RPC_CODE.invalid, message);
      });
    }
  });
}

async function receive(request: FastifyRequest, reply: FastifyReply, { intake, keys, config, logger }: OtlpReceiverInput): Promise<FastifyReply> {
  const encoding = encodingOf(request);
  try {
    const { organizationId } = await keys.authenticate(keyInHeaders(request), 'ingest');
    if (!encoding) throw unsupportedType(request);
    const body = await decompress(request, await readBody(request, config.INGEST_BODY_BYTES_MAX), config.INGEST_DECOMPRESSED_BYTES_MAX);
    const { accepted, rejected, rejection } = await intake.accept(organizationId, body, encoding);
    const message = rejected === 0 ? '' : `${rejected} of ${accepted + rejected} spans were not taken; the first: ${rejection}`;
    return await reply.status(200).header('content-type', CONTENT_TYPE[encoding]).send(successBody(encoding, rejected, message));
  } catch (error) {
    return answerError(request, reply, error, logger);
  }
}

function answerError(request: FastifyRequest, reply: FastifyReply, error: unknown, logger: Logger): FastifyReply {
  const encoding = encodingOf(request) ?? 'json';
  if (error instanceof DomainError) return answerFailure(reply, encoding, statusOfKind[error.kind], rpcCode(error.kind), error.message);
  // What we cannot name may be over by the next attempt; a 500 would make clients drop the spans.
  logger.error({ err: error }, 'OTLP request failed');
  return answerFailure(reply, encoding, 503, RPC_CODE.unavailable, `The spans could not be stored (${messageOf(error)}): send again`);
}

function answerFailure(reply: FastifyReply, encoding: OtlpEncoding, status: number, code: number, message: string): FastifyReply {
  if (status === 503) void reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  // Bytes of the request that were not read would be taken for the next request on this connection.
  if (status === 413) void reply.header('connection', 'close');
  return reply.status(status).header('content-type', CONTENT_TYPE[encoding]).send(statusBody(encoding, code, message));
}

function encodingOf(request: FastifyRequest): OtlpEncoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf') return 'protobuf';
  if (type === 'application/json') return 'json';
  return undefined;
}

async function readBody(request: FastifyRequest, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax, 'as sent', 'INGEST_BODY_BYTES_MAX');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.raw as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax, 'as sent', 'INGEST_BODY_BYTES_MAX');
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes);
}

async function decompress(request: FastifyRequest, body: Buffer, bytesMax: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return body;
  if (encoding !== 'gzip') {
    throw new DomainError({ kind: 'unsupported', code: 'unsupported_content_encoding', message: `Content-Encoding "${encoding}" is not taken: send gzip or none` });
  }
  try {
    // Stops at the limit: a bomb costs no more than a request of that size.
    return await inflate(body, { maxOutputLength: bytesMax });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax, 'after decompression', 'INGEST_DECOMPRESSED_BYTES_MAX');
    throw new DomainError({ kind: 'invalid', code: 'malformed_gzip', message: `The body is not valid gzip (${messageOf(cause)})`, cause });
  }
}

function unsupportedType(request: FastifyRequest): DomainError {
  return new DomainError({
    kind: 'unsupported',
    code: 'unsupported_content_type',
    message: `Content-Type "${request.headers['content-type'] ?? ''}" is not taken: send application/x-protobuf or application/json`,
  });
}

function tooLarge(bytesMax: number, when: string, setting: string): DomainError {
  return new DomainError({ kind: 'too_large', code: 'body_too_large', message: `The body is larger than ${bytesMax} bytes ${when}: send smaller batches (limit: ${setting})` });
}

function rpcCode(kind: ErrorKind): number {
  return kind === 'not_found' || kind === 'conflict' ? RPC_CODE.invalid : RPC_CODE[kind];
}
