import { applyDecorators, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiKeyGuard } from './api-key.guard.js';
import { RateLimitGuard } from './rate-limit.guard.js';

/** A controller below `/v1`: authenticated, and counted by the overall rate limit. */
export const StripeApi = (path: string): ClassDecorator => applyDecorators(Controller(`v1/${path}`), UseGuards(ApiKeyGuard, RateLimitGuard));

/** Stripe answers a successful POST with 200, where Nest would say 201. */
export const StripePost = (path = ''): MethodDecorator => applyDecorators(Post(path), HttpCode(200));
