import type { FastifyRequest } from 'fastify';
import { keyInHeaders } from '#platform';
import { KEY_COOKIE } from './key-cookie.js';

const COOKIE = new RegExp(`(?:^|;\\s*)${KEY_COOKIE}=([^;\\s]+)`);

/**
 * The key of a request for a page, where a person has no headers to set: a header, then `?key=` of a link that was just opened, then the
 * cookie. For pages alone; what changes anything asks for a form's token besides (`form-token.ts`).
 */
export function pageKeyOf(request: FastifyRequest): string | undefined {
  return keyInHeaders(request) ?? keyInAddress(request) ?? COOKIE.exec(request.headers.cookie ?? '')?.[1];
}

/** `?key=` of the address; undefined also where it is there twice. */
export function keyInAddress(request: FastifyRequest): string | undefined {
  const key = (request.query as Record<string, unknown> | undefined)?.['key'];
  return typeof key === 'string' ? key : undefined;
}
