import { DomainError, type ErrorKind } from '#platform';
import type { FastifyRequest } from 'fastify';
import { tooLarge, type Admission } from './receive.js';

/** What a body says it is, without parameters. */
export function mediaTypeOf(request: FastifyRequest): string | undefined {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
}

/** @throws DomainError `unsupported_content_encoding` */
export function isGzip(request: FastifyRequest): boolean {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return false;
  if (encoding === 'gzip') return true;
  throw new DomainError({ kind: 'unsupported', code: 'unsupported_content_encoding', message: `Content-Encoding "${encoding}" is not taken: send gzip or none` });
}

/** The body as it was sent. @throws DomainError `body_too_large`, `key_busy`, `receiver_busy` */
export async function readBody(request: FastifyRequest, bytesMax: number, admission: Admission): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax, 'as sent', 'INGEST_BODY_BYTES_MAX');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.raw as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax, 'as sent', 'INGEST_BODY_BYTES_MAX');
    admission.hold(chunk.length);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes);
}

/** Whether a failure may leave bytes of the request unread: they would be taken for the next request on its connection. */
export function leavesBytesUnread(kind: ErrorKind, request: FastifyRequest): boolean {
  return kind === 'too_large' || kind === 'rate_limited' || (kind === 'unavailable' && !request.raw.complete);
}
