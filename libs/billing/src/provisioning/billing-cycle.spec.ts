import { describe, expect, it } from '@jest/globals';
import { cycleAnchor } from './billing-cycle.js';

const anchored = (now: string, timeZone: string) => {
  const { start, anchor } = cycleAnchor(new Date(now), timeZone);
  return [start.toISOString(), anchor.toISOString()];
};

describe('cycleAnchor', () => {
  it.each([
    ['UTC', '2026-11-10T12:00:00Z', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['Europe/Berlin', '2026-11-10T12:00:00Z', '2026-10-31T23:00:00.000Z', '2026-11-30T23:00:00.000Z'],
    // Summer time: July ends at 22:00 by the clock on the wall, and the cycle an hour later.
    ['Europe/Berlin', '2026-07-10T12:00:00Z', '2026-06-30T22:00:00.000Z', '2026-07-31T23:00:00.000Z'],
    ['America/New_York', '2026-07-10T12:00:00Z', '2026-07-01T04:00:00.000Z', '2026-08-01T05:00:00.000Z'],
    ['Asia/Kolkata', '2026-07-10T12:00:00Z', '2026-06-30T18:30:00.000Z', '2026-07-31T18:30:00.000Z'],
    // Summer in the south, and more than half a day ahead.
    ['Pacific/Auckland', '2026-12-10T12:00:00Z', '2026-11-30T11:00:00.000Z', '2026-12-31T12:00:00.000Z'],
    ['Australia/Adelaide', '2026-12-10T12:00:00Z', '2026-11-30T13:30:00.000Z', '2026-12-31T14:30:00.000Z'],
  ])('of %s at %s', (timeZone, now, start, anchor) => {
    expect(anchored(now, timeZone)).toEqual([start, anchor]);
  });
});
