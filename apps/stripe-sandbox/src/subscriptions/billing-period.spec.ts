import { describe, expect, it } from '@jest/globals';
import { currentPeriod, type BillingCycle } from './billing-period.js';

const at = (text: string): number => Date.parse(`${text}Z`) / 1_000;
const cycle = (startedAt: string, interval: BillingCycle['interval'], intervalCount = 1, anchoredAt = startedAt): BillingCycle => ({
  startedAt: at(startedAt),
  anchoredAt: at(anchoredAt),
  interval,
  intervalCount,
});
const period = (start: string, end: string) => ({ start: at(start), end: at(end) });
const anchoredLater = cycle('2026-11-10T00:00:00', 'month', 1, '2026-12-01T00:00:00');

describe('currentPeriod', () => {
  it.each([
    ['first instant', cycle('2026-01-31T10:00:00', 'month'), '2026-01-31T10:00:00', period('2026-01-31T10:00:00', '2026-02-28T10:00:00')],
    ['last instant', cycle('2026-01-31T10:00:00', 'month'), '2026-02-28T09:59:59', period('2026-01-31T10:00:00', '2026-02-28T10:00:00')],
    ['short month', cycle('2026-01-31T10:00:00', 'month'), '2026-02-28T10:00:00', period('2026-02-28T10:00:00', '2026-03-31T10:00:00')],
    ['the 31st comes back', cycle('2026-01-31T10:00:00', 'month'), '2027-08-31T10:00:00', period('2027-08-31T10:00:00', '2027-09-30T10:00:00')],
    ['leap day', cycle('2024-02-29T00:00:00', 'year'), '2026-03-01T00:00:00', period('2026-02-28T00:00:00', '2027-02-28T00:00:00')],
    ['quarter', cycle('2026-01-01T00:00:00', 'month', 3), '2026-11-15T12:00:00', period('2026-10-01T00:00:00', '2027-01-01T00:00:00')],
    ['week', cycle('2026-11-02T00:00:00', 'week'), '2026-11-16T00:00:00', period('2026-11-16T00:00:00', '2026-11-23T00:00:00')],
    ['day', cycle('2026-11-02T06:00:00', 'day'), '2026-11-05T05:59:59', period('2026-11-04T06:00:00', '2026-11-05T06:00:00')],
    ['before a later anchor', anchoredLater, '2026-11-15T00:00:00', period('2026-11-10T00:00:00', '2026-12-01T00:00:00')],
    ['from the later anchor on', anchoredLater, '2026-12-01T00:00:00', period('2026-12-01T00:00:00', '2027-01-01T00:00:00')],
  ])('%s', (_name, given, now, expected) => {
    expect(currentPeriod(given, at(now))).toEqual(expected);
  });
});
