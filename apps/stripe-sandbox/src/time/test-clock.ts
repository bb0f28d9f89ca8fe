import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import { text, unixSeconds } from '../http/read-params.js';
import { invalidRequest } from '../http/stripe-error.js';

const LIFETIME_SECONDS = 30 * 86_400;

export type TestClockObject = Stripe.TestHelpers.TestClock & { status: 'ready' | 'advancing' };

export const testClockParams = z.strictObject({ frozen_time: unixSeconds(), name: text(300).optional() });
export const advanceParams = z.strictObject({ frozen_time: unixSeconds() });

export function createTestClock(params: z.output<typeof testClockParams>, now: number): TestClockObject {
  return {
    id: randomId('clock_sandbox'),
    object: 'test_helpers.test_clock',
    created: now,
    // As Stripe shows it; the sandbox deletes none by itself.
    deletes_after: now + LIFETIME_SECONDS,
    frozen_time: params.frozen_time,
    livemode: false,
    name: params.name ?? null,
    status: 'ready',
    status_details: {},
  };
}

/** @throws StripeError 400 when it is still advancing, or would go back */
export function startAdvancing(clock: TestClockObject, target: number): TestClockObject {
  if (clock.status === 'advancing') throw invalidRequest(`The test clock ${clock.id} is still advancing. Wait until its status is ready.`);
  if (target <= clock.frozen_time) {
    throw invalidRequest(`The new frozen_time (${target}) must be after the current one (${clock.frozen_time}).`, { param: 'frozen_time' });
  }
  return { ...clock, status: 'advancing', status_details: { advancing: { target_frozen_time: target } } };
}

/** Where an advancing clock is to arrive. */
export function targetOf({ frozen_time, status_details }: TestClockObject): number {
  return status_details.advancing?.target_frozen_time ?? frozen_time;
}

export function arrive(clock: TestClockObject): TestClockObject {
  return { ...clock, frozen_time: targetOf(clock), status: 'ready', status_details: {} };
}
