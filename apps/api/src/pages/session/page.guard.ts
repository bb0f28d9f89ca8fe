import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiKeys, CONFIG, type Config, type Principal } from '#platform';
import { refuseForeignForm } from './form-token.js';
import { keyCookie } from './key-cookie.js';
import { keyInAddress, pageKeyOf } from './page-key.js';

/**
 * Lets in who may read; a form that changes something needs the scope `operate`, and the token of a page. A key in the address answers the page at
 * once and is kept in the cookie, so that a link with a key works with one click, and the links on the page after it.
 */
@Injectable()
export class PageGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeys,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { principal: Principal }>();
    const secret = pageKeyOf(request);
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    request.principal = await this.keys.authenticate(secret, changes ? 'operate' : 'read');
    if (changes) refuseForeignForm(request.body, secret ?? '');
    if (secret !== undefined && secret === keyInAddress(request)) void context.switchToHttp().getResponse<FastifyReply>().header('set-cookie', keyCookie(secret, this.config));
    return true;
  }
}
