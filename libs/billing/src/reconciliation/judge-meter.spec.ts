import { describe, expect, it } from '@jest/globals';
import { judgeMeter, type ToldEvent } from './judge-meter.js';

const now = new Date('2026-11-10T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const event = (id: string, status: ToldEvent['status'], valueMicros: bigint, ageMs: number): ToldEvent => ({ id, status, valueMicros, firstSentAt: new Date(now.getTime() - ageMs) });
const judge = (stripeMicros: bigint, events: ToldEvent[], confirmedMicros = 0n) => judgeMeter({ confirmedMicros, events, stripeMicros, now });

describe('judgeMeter', () => {
  const old = event('old', 'sent', 100n, 2 * HOUR);
  const recent = event('recent', 'sent', 10n, MINUTE);
  const newest = event('newest', 'sent', 1n, MINUTE);

  it('confirms everything when the total agrees', () => {
    expect(judge(1_111n, [old, recent, newest], 1_000n)).toEqual({
      verdict: { kind: 'agrees', inFlightMicros: 0n },
      toldMicros: 1_111n,
      confirmedIds: ['old', 'recent', 'newest'],
      requeuedIds: [],
    });
  });

  it('takes the newest events as not counted yet', () => {
    expect(judge(110n, [old, recent, newest])).toMatchObject({ verdict: { kind: 'agrees', inFlightMicros: 1n }, toldMicros: 111n, confirmedIds: ['old', 'recent'] });
  });

  it.each([
    ['an older event is absent', 0n, 'missing_in_stripe', -111n],
    ['a total that no state of delivery explains', 101n, 'missing_in_stripe', -10n],
    ['one micro too many', 112n, 'extra_in_stripe', 1n],
  ] as const)('finds a break: %s', (_name, total, kind, differenceMicros) => {
    expect(judge(total, [old, recent, newest])).toEqual({ verdict: { kind, differenceMicros }, toldMicros: 111n, confirmedIds: [], requeuedIds: [] });
  });

  it('finds a break in what was confirmed before', () => {
    expect(judge(999n, [], 1_000n).verdict).toEqual({ kind: 'missing_in_stripe', differenceMicros: -1n });
  });

  describe('of an ambiguous event', () => {
    it('leaves it to delivery while Stripe still knows it', () => {
      const young = event('young', 'ambiguous', 10n, 30 * MINUTE);
      expect(judge(100n, [old, young])).toMatchObject({ verdict: { kind: 'agrees' }, confirmedIds: ['old'], requeuedIds: [] });
      expect(judge(110n, [old, young])).toMatchObject({ verdict: { kind: 'agrees' }, confirmedIds: ['old'], requeuedIds: [] });
    });

    it('says after a day whether it arrived', () => {
      const forgotten = event('forgotten', 'ambiguous', 10n, 24 * HOUR);
      expect(judge(110n, [old, forgotten])).toMatchObject({ verdict: { kind: 'agrees' }, confirmedIds: ['old', 'forgotten'], requeuedIds: [] });
      expect(judge(100n, [old, forgotten])).toMatchObject({ verdict: { kind: 'agrees' }, confirmedIds: ['old'], requeuedIds: ['forgotten'] });
    });

    it('says nothing while an event that cancels it out may be missing', () => {
      // 100 is "neither counted" as well as "both": +10 recent, -10 ambiguous.
      const reversal = event('reversal', 'ambiguous', -10n, 24 * HOUR);
      const judged = judge(100n, [old, recent, reversal]);
      expect(judged.confirmedIds).not.toContain('reversal');
      expect(judged.requeuedIds).toEqual([]);
    });

    it('is not decided by a total that does not fit', () => {
      expect(judge(105n, [old, event('forgotten', 'ambiguous', 10n, 25 * HOUR)])).toMatchObject({ verdict: { kind: 'extra_in_stripe', differenceMicros: 5n }, requeuedIds: [] });
    });
  });
});
