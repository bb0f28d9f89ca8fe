import { timingSafeEqual } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DomainError, sha256Hex } from '#platform';
import { pageKeyOf } from './page-key.js';

/**
 * What a form that changes something carries: known to who holds the key and to nobody else, and no key. A browser sends the cookie along with
 * what other ports of this host start, which SameSite lets through; they cannot read a page to learn this. Nothing of it is stored.
 */
export function formTokenOf(secret: string): string {
  return sha256Hex(`astrolabe form ${secret}`);
}

/** The token for the forms of a page, in a handler behind `PageGuard`. */
export const FormToken = createParamDecorator((_: unknown, context: ExecutionContext) => formTokenOf(pageKeyOf(context.switchToHttp().getRequest<FastifyRequest>()) ?? ''));

/** @throws DomainError `wrong_form_token` */
export function refuseForeignForm(body: unknown, secret: string): void {
  const sent = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['token'] : undefined;
  const [expected, given] = [Buffer.from(formTokenOf(secret)), Buffer.from(typeof sent === 'string' ? sent : '')];
  if (expected.length === given.length && timingSafeEqual(expected, given)) return;
  throw new DomainError({ kind: 'forbidden', code: 'wrong_form_token', message: 'This form was not made for this session: open the page again and send it from there' });
}
