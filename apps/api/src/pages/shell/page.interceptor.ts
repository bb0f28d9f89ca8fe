import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { VNode } from 'preact';
import { map, type Observable } from 'rxjs';
import { PAGE_HEADERS, renderPage } from './send-page.js';

/** Handlers of pages return the page; here it becomes a document. */
@Injectable()
export class PageInterceptor implements NestInterceptor<VNode, string> {
  intercept(context: ExecutionContext, next: CallHandler<VNode>): Observable<string> {
    return next.handle().pipe(
      map((page) => {
        const document = renderPage(page);
        // Only now: what failed to render is answered by the filter, with headers of its own.
        void context.switchToHttp().getResponse<FastifyReply>().headers(PAGE_HEADERS);
        return document;
      }),
    );
  }
}
