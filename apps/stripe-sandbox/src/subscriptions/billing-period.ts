import type { Interval } from '../catalogue/price.js';

/** Half-open, unix seconds. */
export interface BillingPeriod {
  start: number;
  end: number;
}

export interface BillingCycle {
  /** When the subscription began: the first period is cut there. */
  startedAt: number;
  /** A boundary of the cycle; the others lie whole intervals before and after it. */
  anchoredAt: number;
  interval: Interval;
  intervalCount: number;
}

const SHORTEST_SECONDS: Record<Interval, number> = { day: 86_400, week: 604_800, month: 28 * 86_400, year: 365 * 86_400 };

/** The period of the cycle that contains `now` (unix seconds, not before the start). In UTC, as Stripe's anchors are. */
export function currentPeriod(cycle: BillingCycle, now: number): BillingPeriod {
  // The shortest length overestimates the number of intervals, so the search only has to go back.
  const shortest = SHORTEST_SECONDS[cycle.interval] * cycle.intervalCount;
  let index = Math.ceil((now - cycle.anchoredAt) / shortest);
  if (now < cycle.anchoredAt) index = 0;
  while (boundary(cycle, index) > now) index -= 1;
  return { start: Math.max(boundary(cycle, index), cycle.startedAt), end: boundary(cycle, index + 1) };
}

function boundary({ anchoredAt, interval, intervalCount }: BillingCycle, index: number): number {
  const steps = index * intervalCount;
  switch (interval) {
    case 'day':
    case 'week':
      return anchoredAt + steps * SHORTEST_SECONDS[interval];
    case 'month':
      return addMonths(anchoredAt, steps);
    case 'year':
      return addMonths(anchoredAt, steps * 12);
  }
}

/** Counted from the anchor each time, so that the 31st comes back after a month that has none (Stripe: billing cycle anchor). */
function addMonths(seconds: number, months: number): number {
  const date = new Date(seconds * 1_000);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, daysInMonth));
  return Math.floor(date.getTime() / 1_000);
}
