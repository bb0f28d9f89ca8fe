import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../errors.js';
import type { Logger } from '../log.js';
import { invalidCharacter } from '../postgres/invalid-character.js';
import { statusOfKind, type Problem } from './problem.js';

const RETRY_AFTER_SECONDS = 1;

/** The one place where a thrown error becomes an HTTP answer. What we did not throw on purpose is logged and told as 500 without detail. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const problem = this.#problemOf(error, http.getRequest<FastifyRequest>());
    const reply = http.getResponse<FastifyReply>();
    if (problem.status === 503) void reply.header('retry-after', String(RETRY_AFTER_SECONDS));
    void reply.status(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
  }

  #problemOf(error: unknown, request: FastifyRequest): Problem {
    const known = error instanceof DomainError ? error : invalidCharacter(error);
    if (known) {
      const { kind, code, message, details } = known;
      return { type: 'about:blank', title: code.replaceAll('_', ' '), status: statusOfKind[kind], code, detail: message, ...(details && { details }) };
    }
    const status = statusOf(error);
    if (status < 500) {
      const detail = error instanceof Error ? error.message : 'The request cannot be answered';
      return { type: 'about:blank', title: 'request refused', status, code: codeOfStatus(status), detail };
    }
    this.logger.error({ err: error, method: request.method, url: request.url.split('?')[0] }, 'request failed');
    return { type: 'about:blank', title: 'internal error', status: 500, code: 'internal', detail: 'Something went wrong here; the log of the server says what' };
  }
}

// Nest's own exceptions and Fastify's (a body too large, a broken JSON) carry the status that they mean.
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

function codeOfStatus(status: number): string {
  return { 400: 'bad_request', 403: 'forbidden', 404: 'not_found', 405: 'method_not_allowed', 413: 'body_too_large', 415: 'unsupported_media_type' }[status] ?? 'request_refused';
}
