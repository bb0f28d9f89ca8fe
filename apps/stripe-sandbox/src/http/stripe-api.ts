import { applyDecorators, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiKeyGuard } from './api-key.guard.js';
import { CatchUpGuard } from '../time/catch-up.guard.js';
import { RateLimitGuard } from './rate-limit.guard.js';

/** A controller below `/v1`: authenticated, counted by the overall rate limit, and answering when everything due has been carried out. */
export const StripeApi = (path: string): ClassDecorator => applyDecorators(Controller(`v1/${path}`), UseGuards(ApiKeyGuard, RateLimitGuard, CatchUpGuard));

/** The same below `/v2`, where bodies are JSON. */
export const StripeApiV2 = (path: string): ClassDecorator => applyDecorators(Controller(`v2/${path}`), UseGuards(ApiKeyGuard, RateLimitGuard, CatchUpGuard));

/** Stripe answers a successful POST with 200, where Nest would say 201. */
export const StripePost = (path = ''): MethodDecorator => applyDecorators(Post(path), HttpCode(200));
