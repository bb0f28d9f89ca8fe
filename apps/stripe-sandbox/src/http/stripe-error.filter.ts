import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, type ErrorKind } from '#platform';
import { AnswerDropped, StripeError, invalidRequest } from './stripe-error.js';

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  rate_limited: 429,
  unavailable: 503,
};

/** The one place where whatever was thrown becomes an answer in Stripe's error shape. */
@Catch()
export class StripeErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('StripeSandbox');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (thrown instanceof AnswerDropped) {
      reply.hijack();
      request.raw.socket.destroy();
      return;
    }
    const error = this.#translate(thrown, request);
    void reply.status(error.status).headers(error.headers).send({ error: error.body });
  }

  #translate(thrown: unknown, request: FastifyRequest): StripeError {
    if (thrown instanceof StripeError) return thrown;
    if (thrown instanceof DomainError) {
      return new StripeError(STATUS[thrown.kind], invalidRequest(thrown.message, { code: thrown.code }).body);
    }
    if (thrown instanceof HttpException && thrown.getStatus() === 404) {
      const path = request.url.split('?')[0];
      return new StripeError(404, invalidRequest(`Unrecognized request URL (${request.method}: ${path}). The sandbox may not have it.`).body);
    }
    // Fastify's own refusals (body too large, unknown content type) carry their status.
    const status = statusOf(thrown);
    if (status < 500) return new StripeError(status, invalidRequest(thrown instanceof Error ? thrown.message : 'Bad request').body);
    this.#logger.error(thrown);
    return new StripeError(500, { type: 'api_error', message: 'The sandbox failed; its log has the reason.' });
  }
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number') return thrown.statusCode;
  return 500;
}
