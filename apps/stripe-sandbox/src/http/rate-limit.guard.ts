import { Injectable, type CanActivate } from '@nestjs/common';
import { Clock } from '#platform';
import { SandboxLimits } from '../sandbox-limits.js';
import { rateLimited } from './stripe-error.js';

/** The overall limit: so many calls in one second of the sandbox's clock (Stripe: 1,000 live for meter events, about 25 in test mode). */
@Injectable()
export class RateLimitGuard implements CanActivate {
  #second = 0;
  #calls = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: SandboxLimits,
  ) {}

  canActivate(): boolean {
    const second = Math.floor(this.clock.now().getTime() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#calls = 0;
    }
    this.#calls += 1;
    if (this.#calls > this.limits.callsPerSecondMax) throw rateLimited('global-rate', 'Request rate limit exceeded.');
    return true;
  }
}
