import { Catch, HttpException, Inject, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, LOGGER, statusOfKind, type Logger } from '#platform';

interface OfrepAnswer {
  status: number;
  errorCode?: string;
  errorDetails: string;
}

// OpenFeature's error codes for what we throw (https://openfeature.dev/specification/types#error-code).
const errorCodes = new Map([
  ['flag_not_found', 'FLAG_NOT_FOUND'],
  ['targeting_key_missing', 'TARGETING_KEY_MISSING'],
  ['invalid_context', 'INVALID_CONTEXT'],
  ['unreadable_evaluation_request', 'PARSE_ERROR'],
]);

/**
 * Errors in OFREP's own shape (OFREP 0.3.0, service/openapi.yaml): `{ key, errorCode, errorDetails }` with 400 and 404, `{ errorDetails }`
 * with 401, 403 and 500; always application/json. OFREP knows no other status for a failure, so an unreadable body of any kind is a 400
 * and a store that is down a 500.
 */
@Catch()
@Injectable()
export class OfrepErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { status, errorCode, errorDetails } = answerTo(error);
    if (status === 500) this.logger.error({ err: error, method: request.method, url: request.url.split('?')[0] }, 'flag evaluation failed');
    const key = (request.params as { key?: string }).key;
    const body = errorCode === undefined ? { errorDetails } : { ...(key !== undefined && { key }), errorCode, errorDetails };
    void reply.status(status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
  }
}

function answerTo(error: unknown): OfrepAnswer {
  const status = error instanceof DomainError ? statusOfKind[error.kind] : statusOf(error);
  const errorDetails = error instanceof Error ? error.message : 'The request cannot be answered';
  if (status === 401 || status === 403) return { status, errorDetails };
  if (status >= 500) return { status: 500, errorDetails: 'The flags cannot be evaluated now; the log of the server says why' };
  if (error instanceof DomainError) return { status: status === 404 ? 404 : 400, errorCode: errorCodes.get(error.code) ?? 'GENERAL', errorDetails };
  // What the framework refuses with a status of its own is a body that it could not read: broken, too large, or not JSON.
  return { status: 400, errorCode: 'PARSE_ERROR', errorDetails };
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}
