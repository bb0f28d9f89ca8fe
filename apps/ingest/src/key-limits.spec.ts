import { describe, expect, it } from '@jest/globals';
import { DomainError, ManualClock } from '#platform';
import { KeyLimits } from './key-limits.js';

const open = (options: { bytesPerSecondMax?: number; requestsMax?: number; heldBytesMax?: number } = {}) => {
  const clock = new ManualClock('2026-11-01T00:00:00Z');
  return { clock, limits: new KeyLimits({ bytesPerSecondMax: 1000, requestsMax: 2, heldBytesMax: 900, clock, ...options }) };
};
const refusal = (attempt: () => unknown) => {
  try {
    attempt();
  } catch (error) {
    const { kind, code, details } = error as DomainError;
    return { kind, code, ...details };
  }
  return undefined;
};

describe('KeyLimits', () => {
  it('lets so many requests of a key be under way, and another when one has ended', () => {
    const { limits } = open();
    const { leave } = limits.enter('a');
    limits.enter('a');
    expect(refusal(() => limits.enter('a'))).toEqual({ kind: 'rate_limited', code: 'key_busy', retryAfterSeconds: 1 });
    expect(refusal(() => limits.enter('b'))).toBeUndefined();
    leave();
    leave();
    expect(refusal(() => limits.enter('a'))).toBeUndefined();
  });

  it('refuses a key that has sent four seconds of its rate, until the rate has caught up', () => {
    const { clock, limits } = open({ requestsMax: 1000 });
    limits.enter('a').pay(9000);
    // 4000 were there at first: 5000 are owed, at 1000 a second.
    expect(refusal(() => limits.enter('a'))).toEqual({ kind: 'rate_limited', code: 'key_rate_exceeded', retryAfterSeconds: 5 });
    expect(refusal(() => limits.enter('b'))).toBeUndefined();
    clock.advance(4999);
    expect(refusal(() => limits.enter('a'))).toMatchObject({ retryAfterSeconds: 1 });
    clock.advance(2);
    expect(refusal(() => limits.enter('a'))).toBeUndefined();
  });

  it('gives a key that was silent for a day no more than the same four seconds', () => {
    const { clock, limits } = open({ requestsMax: 1000 });
    const request = limits.enter('a');
    clock.advance(24 * 3_600_000);
    limits.enter('a').leave();
    request.pay(4000);
    expect(refusal(() => limits.enter('a'))).toMatchObject({ code: 'key_rate_exceeded' });
  });

  it('lets a key hold as much as it leaves free, and gives it back', () => {
    const { limits } = open({ requestsMax: 1000 });
    const [a, b, c] = [limits.enter('a'), limits.enter('b'), limits.enter('c')];
    a.hold(400);
    // 450 of 900 are half: no more for one that is alone.
    expect(refusal(() => a.hold(51))).toEqual({ kind: 'rate_limited', code: 'key_busy', retryAfterSeconds: 1 });
    a.hold(50);
    const second = limits.enter('a');
    expect(refusal(() => second.hold(1))).toMatchObject({ code: 'key_busy' });
    b.hold(225);
    expect(refusal(() => b.hold(1))).toMatchObject({ code: 'key_busy' });
    // The third finds what the others left, and nothing beyond.
    expect(refusal(() => c.hold(226))).toEqual({ kind: 'unavailable', code: 'receiver_busy', retryAfterSeconds: 1 });
    c.hold(225);
    a.leave();
    a.leave();
    expect(refusal(() => second.hold(450))).toBeUndefined();
    expect(refusal(() => second.hold(1))).toMatchObject({ code: 'key_busy' });
  });
});
