import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, LOGGER, statusOfKind, type Logger, type Principal } from '#platform';
import { LoginPage } from '../session/login-page.js';
import { localPath } from '../session/local-path.js';
import { Layout } from './layout.js';
import { sendPage } from './send-page.js';

interface Failure {
  status: number;
  code: string;
  message: string;
}

/** What goes wrong on the way to a page is a page too. What was not thrown on purpose is logged and shown without detail. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest & { principal?: Principal }>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const failure = this.#failureOf(error, request);
    if (failure.status === 401) return askForKey(request, reply, failure);
    sendPage(reply, failure.status, <ErrorPage {...failure} organization={request.principal?.organizationId} />);
  }

  #failureOf(error: unknown, request: FastifyRequest): Failure {
    if (error instanceof DomainError) return { status: statusOfKind[error.kind], code: error.code, message: error.message };
    if (error instanceof HttpException && error.getStatus() < 500) return { status: error.getStatus(), code: 'request_refused', message: error.message };
    this.logger.error({ err: error, method: request.method, url: request.url.split('?')[0] }, 'page failed');
    return { status: 500, code: 'internal', message: 'Something went wrong here. The log of the server says what.' };
  }
}

// A key in the address that is wrong is said at once; without one, or when the cookie's was revoked, the form is what was wanted.
function askForKey(request: FastifyRequest, reply: FastifyReply, { code, message }: Failure): void {
  const next = localPath(request.url);
  const isKeyInAddress = (request.query as Record<string, unknown>)['key'] !== undefined;
  if (isKeyInAddress && code !== 'missing_api_key') return sendPage(reply, 401, <LoginPage next={next} problem={message} />);
  void reply.status(303).header('referrer-policy', 'no-referrer').header('cache-control', 'no-store').header('location', `/login?${new URLSearchParams({ next })}`).send();
}

function ErrorPage({ status, code, message, organization }: Failure & { organization: string | undefined }) {
  return (
    <Layout title={titleOf(status)} {...(organization !== undefined && { organization })}>
      <p class="lead">{message}</p>
      <p class="note">
        Code <code>{code}</code>, status {status}.
      </p>
      <p>
        <a href="/">Go to the overview</a>
        {status === 403 && (
          <>
            {' or '}
            <a href="/login">use another key</a>
          </>
        )}
        .
      </p>
    </Layout>
  );
}

function titleOf(status: number): string {
  if (status === 404) return 'Not found';
  if (status === 403) return 'Not allowed with this key';
  return status >= 500 ? 'This did not work' : 'This cannot be shown';
}
