import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { StripeError } from './stripe-error.js';

/**
 * Any test key opens the sandbox: there is one account and nothing to protect. A live key is refused, because it should never have been
 * sent here, and it is not repeated in the answer.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    if (authorization === undefined) throw unauthorized('You did not provide an API key. Send "Authorization: Bearer sk_test_...".');
    const key = /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '';
    if (!key.startsWith('sk_test_')) throw unauthorized('Invalid API Key provided. This sandbox takes keys that start with sk_test_, and no others.');
    return true;
  }
}

function unauthorized(message: string): StripeError {
  return new StripeError(401, { type: 'invalid_request_error', message });
}
