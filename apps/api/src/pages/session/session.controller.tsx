import { Body, Controller, Get, HttpCode, Inject, Post, Query, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiKeys, CONFIG, DomainError, statusOfKind, type Config } from '#platform';
import { PageErrorFilter } from '../shell/page-error.filter.js';
import { PageInterceptor } from '../shell/page.interceptor.js';
import { sendPage } from '../shell/send-page.js';
import { expiredKeyCookie, keyCookie } from './key-cookie.js';
import { expiredReviewerCookie } from './reviewer-cookie.js';
import { localPath } from './local-path.js';
import { LoginPage } from './login-page.js';

/** Log-in is giving a key to the browser to keep: there are no sessions and no users. */
@Controller()
@UseFilters(PageErrorFilter)
export class SessionController {
  constructor(
    private readonly keys: ApiKeys,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get('login')
  @UseInterceptors(PageInterceptor)
  form(@Query('next') next: unknown) {
    return <LoginPage next={localPath(next)} />;
  }

  @Post('login')
  async logIn(@Body() body: Record<string, unknown> | undefined, @Res() reply: FastifyReply): Promise<void> {
    const next = localPath(body?.['next']);
    const key = typeof body?.['key'] === 'string' ? body['key'].trim() : '';
    try {
      await this.keys.authenticate(key, 'read');
    } catch (error) {
      if (!(error instanceof DomainError) || (error.kind !== 'unauthenticated' && error.kind !== 'forbidden')) throw error;
      const problem = key === '' ? 'Paste an API key first.' : error.message;
      return sendPage(reply, statusOfKind[error.kind], <LoginPage next={next} problem={problem} />);
    }
    redirect(reply, next, keyCookie(key, this.config));
  }

  @Post('logout')
  @HttpCode(303)
  logOut(@Res() reply: FastifyReply): void {
    redirect(reply, '/login', [expiredKeyCookie(this.config), expiredReviewerCookie(this.config)]);
  }
}

function redirect(reply: FastifyReply, path: string, cookie: string | string[]): void {
  void reply.status(303).headers({ 'set-cookie': cookie, location: path, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).send();
}
