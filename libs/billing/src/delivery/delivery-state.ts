/**
 * The states of a meter event and the moves between them, as pure functions.
 *
 *   pending ──claim──> ambiguous ──accepted, already known──> sent ──reconciled──> confirmed
 *                      │   ├──not taken (429, refused connection), or not sent after all──> what it was before the claim
 *                      │   ├──no answer, 5xx──> ambiguous, later
 *                      │   └──rejected──> failed ──somebody mends the cause──> pending, under a new identifier
 *                      └──reconciled: arrived ──> confirmed; did not ──> pending
 *
 * The claim is written before the call: from then until the answer nobody knows whether Stripe has the event, and a process that is killed
 * in between leaves just that. There is no state that says "about to send" and could be mistaken for "not sent". Several events of a queue
 * are claimed together and sent one after the other; those that were not reached go back to what they were.
 *
 * An ambiguous event may be sent again while Stripe remembers its identifier and its idempotency key, "at least 24 hours" from the first
 * attempt: Stripe then recognises it and does not count it twice. Afterwards the same call could be a second charge, so the event waits
 * until reconciliation has seen in the meter's total whether it arrived.
 */
import type { SendAnswer } from '../stripe/send-answer.js';
import { backOffMs } from './back-off.js';

export type MeterEventStatus = 'pending' | 'sent' | 'confirmed' | 'ambiguous' | 'failed';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One hour below Stripe's promise of 24: the call takes time, and the clocks differ. */
const RESEND_WITHIN_MS = 23 * HOUR_MS;

/** From here Stripe may have forgotten the identifier, and every call that could still have carried it is over. */
export const FORGOTTEN_AFTER_MS = 24 * HOUR_MS;

/** For how long a claim keeps others away. Whoever claims sends nothing after `SEND_WITHIN_MS`, so that two calls of a queue never overlap. */
export const CLAIM_MS = 120_000;
export const SEND_WITHIN_MS = 60_000;

/** Stripe takes usage for 35 days back. */
const TAKEN_WITHIN_MS = 35 * DAY_MS - HOUR_MS;

export interface EventState {
  status: MeterEventStatus;
  attempts: number;
  firstSentAt: Date | null;
  nextAttemptAt: Date;
}

/** A claim, and what to go back to when Stripe is known not to have taken the event. */
export interface Claim {
  before: EventState;
  write: EventState;
}

/** The columns that an answer changes. */
export interface Settlement {
  status: MeterEventStatus;
  firstSentAt: Date | null;
  nextAttemptAt: Date;
  lastError: string | null;
}

/**
 * Which of the first events of a queue may be sent now, one after the other. None where the first is not due, claimed, or no longer safe to
 * send again: what is behind waits for it.
 */
export function claimable<Event extends EventState>(events: readonly Event[], now: Date): { event: Event; claim: Claim }[] {
  const claims = events.map((event) => ({ event, claim: claimOf(event, now) }));
  const first = claims.findIndex(({ claim }) => claim === undefined);
  return claims.slice(0, first < 0 ? undefined : first).flatMap(({ event, claim }) => (claim ? [{ event, claim }] : []));
}

/** Undefined where the event may not be sent now. */
export function claimOf(event: EventState, now: Date): Claim | undefined {
  if (event.status !== 'pending' && event.status !== 'ambiguous') return undefined;
  if (event.nextAttemptAt > now) return undefined;
  const { status, attempts, firstSentAt, nextAttemptAt } = event;
  if (status === 'ambiguous' && !isRemembered(firstSentAt, now)) return undefined;
  return {
    before: { status, attempts, firstSentAt, nextAttemptAt },
    write: { status: 'ambiguous', attempts: attempts + 1, firstSentAt: firstSentAt ?? now, nextAttemptAt: new Date(now.getTime() + CLAIM_MS) },
  };
}

/** Whether Stripe still recognises the identifier of an event that was first sent then. */
export function isRemembered(firstSentAt: Date | null, now: Date): boolean {
  return firstSentAt === null || firstSentAt > rememberedSince(now);
}

/** What was first sent after this Stripe still recognises. */
export function rememberedSince(now: Date): Date {
  return new Date(now.getTime() - RESEND_WITHIN_MS);
}

/**
 * The timestamp that Stripe is told: when it happened; or now, where Stripe would not count that any more, because it is too long ago or the
 * invoice it belongs to is final. When it happened is kept beside it: a time that is moved so that it fits would be no evidence.
 */
export function countsAt(occurredAt: Date, isInvoiceFinal: boolean, now: Date): Date {
  return isInvoiceFinal || now.getTime() - occurredAt.getTime() >= TAKEN_WITHIN_MS ? now : occurredAt;
}

/** What an answer makes of a claimed event. `random` is from [0, 1). */
export function settlementOf({ before, write }: Claim, answer: SendAnswer, now: Date, random: number): Settlement {
  const after = (leastMs: number) => new Date(now.getTime() + Math.max(leastMs, backOffMs(write.attempts, random)));
  const { firstSentAt } = write;
  switch (answer.kind) {
    case 'accepted':
    case 'already_known':
      return { status: 'sent', firstSentAt, nextAttemptAt: now, lastError: null };
    case 'retry':
      return { status: before.status, firstSentAt: before.firstSentAt, nextAttemptAt: after(answer.afterMs), lastError: answer.reason };
    case 'ambiguous':
      return { status: 'ambiguous', firstSentAt, nextAttemptAt: after(0), lastError: answer.reason };
    case 'rejected':
      return { status: 'failed', firstSentAt, nextAttemptAt: now, lastError: `${answer.code}: ${answer.message}` };
  }
}

/** What a claimed event is again that was not sent. */
export function unclaimed({ before }: Claim): Settlement {
  return { status: before.status, firstSentAt: before.firstSentAt, nextAttemptAt: before.nextAttemptAt, lastError: null };
}
