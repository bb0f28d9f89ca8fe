import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseForm } from './parse-form.js';

/** One call of the API, as the endpoints need it: the form of a POST or the query of a GET is `params`. */
export interface StripeCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly params: unknown;
  readonly idempotencyKey: string | undefined;
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
    params: request.method === 'GET' ? parseForm(query) : (request.body ?? {}),
    idempotencyKey: typeof key === 'string' && key !== '' ? key : undefined,
    setHeader: (name, value) => void reply.header(name, value),
  };
});
