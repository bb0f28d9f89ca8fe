import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Config } from '#platform';
import { cookieAttributes } from './key-cookie.js';

/** Where a browser keeps the name under which its person labels, until it is closed or logged out. */
const REVIEWER_COOKIE = 'astrolabe_reviewer';
const COOKIE = new RegExp(`(?:^|;\\s*)${REVIEWER_COOKIE}=([^;\\s]+)`);

export const REVIEWER_CHARACTERS_MAX = 100;

export function reviewerCookie(name: string, config: Pick<Config, 'PUBLIC_URL'>): string {
  return `${REVIEWER_COOKIE}=${encodeURIComponent(name)}; ${cookieAttributes(config)}`;
}

export function expiredReviewerCookie(config: Pick<Config, 'PUBLIC_URL'>): string {
  return `${REVIEWER_COOKIE}=; ${cookieAttributes(config)}; Max-Age=0`;
}

/** The name that the browser brings; undefined where none was given, or where it is not one that was set here. */
export function reviewerIn(cookies: string | undefined): string | undefined {
  try {
    const name = decodeURIComponent(COOKIE.exec(cookies ?? '')?.[1] ?? '').trim();
    return name === '' || name.length > REVIEWER_CHARACTERS_MAX ? undefined : name;
  } catch {
    return undefined;
  }
}

export const ReviewerName = createParamDecorator((_: unknown, context: ExecutionContext) => reviewerIn(context.switchToHttp().getRequest<FastifyRequest>().headers.cookie));
