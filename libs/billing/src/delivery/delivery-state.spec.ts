import { describe, expect, it } from '@jest/globals';
import { backOffMs } from './back-off.js';
import { claimable, claimOf, countsAt, settlementOf, unclaimed } from './delivery-state.js';

const now = new Date('2026-11-10T12:00:00Z');
const at = (offsetMs: number) => new Date(now.getTime() + offsetMs);
const HOUR = 3_600_000;
const pending = { status: 'pending' as const, attempts: 0, firstSentAt: null, nextAttemptAt: now };

function claimed(event: Parameters<typeof claimOf>[0]) {
  const claim = claimOf(event, now);
  if (!claim) throw new Error('not claimed');
  return claim;
}

describe('claimOf', () => {
  it('writes down that the event may be on its way, for two minutes', () => {
    expect(claimed(pending).write).toEqual({ status: 'ambiguous', attempts: 1, firstSentAt: now, nextAttemptAt: at(120_000) });
  });

  it('keeps the time of the first attempt: Stripe remembers from there', () => {
    expect(claimed({ status: 'ambiguous', attempts: 3, firstSentAt: at(-HOUR), nextAttemptAt: now }).write).toMatchObject({ attempts: 4, firstSentAt: at(-HOUR) });
  });

  it.each([
    ['sent', { ...pending, status: 'sent' as const }],
    ['confirmed', { ...pending, status: 'confirmed' as const }],
    ['failed', { ...pending, status: 'failed' as const }],
    ['not due yet', { ...pending, nextAttemptAt: at(1) }],
    ['ambiguous for 23 hours', { status: 'ambiguous' as const, attempts: 1, firstSentAt: at(-23 * HOUR), nextAttemptAt: now }],
  ])('leaves an event alone that is %s', (_name, event) => {
    expect(claimOf(event, now)).toBeUndefined();
  });

  it('sends an ambiguous event again until then', () => {
    expect(claimOf({ status: 'ambiguous', attempts: 1, firstSentAt: at(-23 * HOUR + 1), nextAttemptAt: now }, now)).toBeDefined();
  });
});

describe('settlementOf', () => {
  const resent = { status: 'ambiguous' as const, attempts: 1, firstSentAt: at(-HOUR), nextAttemptAt: now };

  it.each(['accepted', 'already_known'] as const)('%s is sent', (kind) => {
    expect(settlementOf(claimed(pending), { kind }, now, 0)).toEqual({ status: 'sent', firstSentAt: now, nextAttemptAt: now, lastError: null });
  });

  it('goes back to what it was when Stripe has not taken it', () => {
    const answer = { kind: 'retry' as const, afterMs: 0, reason: 'busy' };
    // First attempt: half a second at least (random 0), a second at most.
    expect(settlementOf(claimed(pending), answer, now, 0)).toEqual({ status: 'pending', firstSentAt: null, nextAttemptAt: at(500), lastError: 'busy' });
    expect(settlementOf(claimed(resent), answer, now, 0)).toMatchObject({ status: 'ambiguous', firstSentAt: at(-HOUR) });
  });

  it('waits at least as long as Stripe asks', () => {
    expect(settlementOf(claimed(pending), { kind: 'retry', afterMs: 7_000, reason: 'busy' }, now, 0).nextAttemptAt).toEqual(at(7_000));
  });

  it('stays ambiguous without an answer, and never becomes pending', () => {
    expect(settlementOf(claimed(pending), { kind: 'ambiguous', reason: 'cut off' }, now, 0.5)).toEqual({ status: 'ambiguous', firstSentAt: now, nextAttemptAt: at(750), lastError: 'cut off' });
  });

  it('has failed with the reason when it was refused', () => {
    const answer = { kind: 'rejected' as const, code: 'timestamp_too_far_in_past', message: 'too old' };
    expect(settlementOf(claimed(pending), answer, now, 0)).toMatchObject({ status: 'failed', lastError: 'timestamp_too_far_in_past: too old' });
  });
});

describe('claimable', () => {
  const of = (...events: Parameters<typeof claimOf>[0][]) => claimable(events, now).length;

  it('takes the first events of a queue that may be sent, and none behind one that may not', () => {
    expect([of(pending, pending), of(pending, { ...pending, nextAttemptAt: at(1) }, pending), of({ ...pending, nextAttemptAt: at(1) }, pending)]).toEqual([2, 1, 0]);
    expect(of({ status: 'ambiguous', attempts: 1, firstSentAt: at(-24 * HOUR), nextAttemptAt: now }, pending)).toBe(0);
  });

  it('gives back what was not sent as it was', () => {
    expect(unclaimed(claimed(pending))).toEqual({ status: 'pending', firstSentAt: null, nextAttemptAt: now, lastError: null });
  });
});

describe('countsAt', () => {
  const DAY = 24 * HOUR;
  it('is when it happened, as long as Stripe counts that', () => {
    expect(countsAt(at(-34 * DAY), false, now)).toEqual(at(-34 * DAY));
    expect(countsAt(at(-35 * DAY + HOUR), false, now)).toEqual(now);
    expect(countsAt(at(-HOUR), true, now)).toEqual(now);
  });
});

describe('backOffMs', () => {
  it.each([
    [1, 0, 500],
    [2, 0, 1_000],
    [4, 0, 4_000],
    [4, 0.5, 6_000],
    [11, 0, 450_000], // 1,024 s are cut to 900 s
    [1_000, 0, 450_000],
  ])('after %d attempts, random %d: %d ms', (attempts, random, expected) => {
    expect(backOffMs(attempts, random)).toBe(expected);
  });
});
