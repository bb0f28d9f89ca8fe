import { periodLabel, periodOf, type Period } from '#ledger';

/**
 * When Stripe is to end the first cycle of a subscription whose customer's months are those of `timeZone`.
 *
 * Stripe anchors cycles in UTC and repeats them at the same time of the day: it knows no summer time. The anchor is the end of the month by
 * the zone's standard time, which is never before the end by the clock on the wall: in summer an invoice ends an hour later than the
 * statement, never earlier, so that what is booked with the last instant of a period (minimum, cap, rounding) is on its invoice. Outcomes
 * of that hour are on the invoice before; comparing them goes by the cycle of the invoice (docs/adr/0006-invoices-by-the-meter.md).
 */
export function cycleAnchor(now: Date, timeZone: string): { start: Date; anchor: Date } {
  const period = periodOf(now, timeZone);
  return { start: period.start, anchor: standardEnd(period, timeZone) };
}

/** The end of the period by the least offset that the zone has in the year around it. */
function standardEnd(period: Period, timeZone: string): Date {
  const year = Number(periodLabel(period).slice(0, 4));
  const offsets = Array.from({ length: 12 }, (_, month) => offsetAtStart(periodOf(new Date(Date.UTC(year, month, 15)), timeZone)));
  const ownEnd = offsetAtStart(periodOf(period.end, timeZone));
  return new Date(period.end.getTime() + (ownEnd - Math.min(...offsets)));
}

/** What the wall clock of the zone is ahead of UTC when a month begins, in milliseconds. */
function offsetAtStart(period: Period): number {
  return Date.parse(`${periodLabel(period)}-01T00:00:00Z`) - period.start.getTime();
}
