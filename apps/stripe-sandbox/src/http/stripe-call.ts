import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseForm } from './parse-form.js';

/** One call of the API, as the endpoints need it: the body of a POST or the query of a GET or DELETE is `params`. */
export interface StripeCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly params: unknown;
  readonly idempotencyKey: string | undefined;
  /** As it goes out with the answer, and as events of the call name it. */
  readonly requestId: string;
  setHeader(name: string, value: string): void;
}

export const Call = createParamDecorator((_data: unknown, context: ExecutionContext): StripeCall => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const reply = context.switchToHttp().getResponse<FastifyReply>();
  const [path = '/', query = ''] = request.url.split('?', 2);
  const key = request.headers['idempotency-key'];
  return {
    method: request.method,
    path,
    params: request.method === 'POST' ? (request.body ?? {}) : parseForm(query),
    idempotencyKey: typeof key === 'string' && key !== '' ? key : undefined,
    requestId: String(reply.getHeader('request-id')),
    setHeader: (name, value) => void reply.header(name, value),
  };
});
