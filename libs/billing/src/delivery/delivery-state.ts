/**
 * The states of a meter event and the moves between them, as pure functions.
 *
 *   pending ──claim──> ambiguous ──accepted, already known──> sent ──reconciled──> confirmed
 *                      │   ├──not taken (429, refused connection)──> what it was before the claim, later
 *                      │   ├──no answer, 5xx──> ambiguous, later
 *                      │   └──rejected──> failed
 *                      └──reconciled: arrived ──> confirmed; did not ──> pending
 *
 * The claim is written before the call: from then until the answer nobody knows whether Stripe has the event, and a process that is killed
 * in between leaves just that. There is no state that says "about to send" and could be mistaken for "not sent".
 *
 * An ambiguous event may be sent again while Stripe remembers its identifier and its idempotency key, "at least 24 hours" from the first
 * attempt: Stripe then recognises it and does not count it twice. Afterwards the same call could be a second charge, so the event waits
 * until reconciliation has seen in the meter's total whether it arrived.
 */
import type { SendAnswer } from '../stripe/send-answer.js';
import { backOffMs } from './back-off.js';

export type MeterEventStatus = 'pending' | 'sent' | 'confirmed' | 'ambiguous' | 'failed';

const HOUR_MS = 3_600_000;

/** One hour below Stripe's promise of 24: the call takes time, and the clocks differ. */
const RESEND_WITHIN_MS = 23 * HOUR_MS;

/** From here Stripe may have forgotten the identifier, and every call that could still have carried it is over. */
export const FORGOTTEN_AFTER_MS = 24 * HOUR_MS;

/** For how long a claim keeps others away: longer than the calls it covers may take together. A second call beside it would do no harm, and no good. */
const CLAIM_MS = 120_000;

interface EventState {
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
  firstSentAt?: Date | null;
  nextAttemptAt?: Date;
  lastError: string | null;
}

/** Undefined where the event may not be sent now: not due, claimed, delivered, or no longer safe to send again. */
export function claimOf(event: EventState, now: Date): Claim | undefined {
  if (event.status !== 'pending' && event.status !== 'ambiguous') return undefined;
  if (event.nextAttemptAt > now) return undefined;
  const { status, attempts, firstSentAt, nextAttemptAt } = event;
  if (status === 'ambiguous' && firstSentAt !== null && now.getTime() - firstSentAt.getTime() >= RESEND_WITHIN_MS) return undefined;
  return {
    before: { status, attempts, firstSentAt, nextAttemptAt },
    write: { status: 'ambiguous', attempts: attempts + 1, firstSentAt: firstSentAt ?? now, nextAttemptAt: new Date(now.getTime() + CLAIM_MS) },
  };
}

/** What an answer makes of a claimed event. `random` is from [0, 1). */
export function settlementOf({ before, write }: Claim, answer: SendAnswer, now: Date, random: number): Settlement {
  const after = (leastMs: number) => new Date(now.getTime() + Math.max(leastMs, backOffMs(write.attempts, random)));
  switch (answer.kind) {
    case 'accepted':
    case 'already_known':
      return { status: 'sent', lastError: null };
    case 'retry':
      return { status: before.status, firstSentAt: before.firstSentAt, nextAttemptAt: after(answer.afterMs), lastError: answer.reason };
    case 'ambiguous':
      return { status: 'ambiguous', nextAttemptAt: after(0), lastError: answer.reason };
    case 'rejected':
      return { status: 'failed', lastError: `${answer.code}: ${answer.message}` };
  }
}
