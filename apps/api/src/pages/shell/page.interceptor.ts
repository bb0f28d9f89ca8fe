import { Injectable, SetMetadata, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import type { VNode } from 'preact';
import { map, type Observable } from 'rxjs';
import { PAGE_HEADERS, SCRIPT_PAGE_HEADERS, renderPage } from './send-page.js';

const SCRIPT = 'astrolabe:page-script';

/** For the handler of a page that names a script: without it the browser is told to run none. */
export const MayRunScript = () => SetMetadata(SCRIPT, true);

/** Handlers of pages return the page; here it becomes a document. */
@Injectable()
export class PageInterceptor implements NestInterceptor<VNode, string> {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<VNode>): Observable<string> {
    return next.handle().pipe(
      map((page) => {
        const document = renderPage(page);
        const headers = this.reflector.get<boolean | undefined>(SCRIPT, context.getHandler()) ? SCRIPT_PAGE_HEADERS : PAGE_HEADERS;
        // Only now: what failed to render is answered by the filter, with headers of its own.
        void context.switchToHttp().getResponse<FastifyReply>().headers(headers);
        return document;
      }),
    );
  }
}
