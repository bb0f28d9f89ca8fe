import { Injectable, SetMetadata, createParamDecorator, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ApiKeys, type Principal, type Scope } from './api-keys.js';

const SCOPE = 'astrolabe:scope';

/** The scope a handler needs. A handler behind the guard without one is refused: forgetting it must not open it. */
export const NeedsScope = (scope: Scope) => SetMetadata(SCOPE, scope);

/** The caller, in a handler behind `ApiKeyGuard`. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<AuthenticatedRequest>().principal);

interface AuthenticatedRequest extends FastifyRequest {
  principal: Principal;
}

@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeys,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(SCOPE, [context.getHandler(), context.getClass()]);
    if (!scope) return false;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    request.principal = await this.keys.authenticate(keyInHeaders(request), scope);
    return true;
  }
}

/**
 * The key of a program's request: `Authorization: Bearer`, or `X-API-Key` as OFREP sends it. Nowhere else: an address ends up in logs and
 * histories, and a cookie is sent by a browser whatever made it send.
 */
export function keyInHeaders({ headers }: { headers: Readonly<Record<string, unknown>> }): string | undefined {
  const { authorization, 'x-api-key': header } = headers;
  const bearer = typeof authorization === 'string' ? /^Bearer\s+(\S+)$/i.exec(authorization)?.[1] : undefined;
  return bearer ?? (typeof header === 'string' ? header : undefined);
}
