import type { FastifyReply } from 'fastify';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * No script at all, styles and pictures from here alone, and no address of a page (which may hold a key) given to anybody else.
 * Pages show what belongs to whoever holds the key, so that nothing of them is kept on the way.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** The same, with scripts from here alone: none that stands in a page runs. */
export const SCRIPT_PAGE_HEADERS: Readonly<Record<string, string>> = { ...PAGE_HEADERS, 'content-security-policy': `${POLICY}; script-src 'self'` };

/** The document of a page. preact escapes every text and attribute. */
export function renderPage(page: VNode): string {
  return `<!doctype html>${renderToString(page)}`;
}

export function sendPage(reply: FastifyReply, status: number, page: VNode): void {
  void reply.status(status).headers(PAGE_HEADERS).send(renderPage(page));
}
