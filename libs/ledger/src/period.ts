/**
 * Months as a contract's time zone counts them.
 *
 * A period is half-open, [start, end): the next one begins where it ends, so that every instant belongs to exactly one. It begins at the
 * first instant at which a clock on the wall of that zone shows the first of the month. That is not always a midnight: where the clock
 * jumps over midnight it is the jump. Where the clock goes back over the start of a month, the first passage counts.
 */
import { DomainError } from '#platform';

export interface Period {
  /** Inclusive. */
  readonly start: Date;
  /** Exclusive. */
  readonly end: Date;
}

const DAY_MS = 86_400_000;

/** A period ends before its end. */
export function lastInstant({ end }: Period): Date {
  return new Date(end.getTime() - 1);
}

/**
 * The calendar month of `timeZone` that contains `at`.
 * @throws DomainError `unknown_time_zone`
 */
export function periodOf(at: Date, timeZone: string): Period {
  const latest = latestPeriods.get(timeZone);
  if (latest && latest.start <= at && at < latest.end) return latest;
  const period = searchPeriod(at, timeZone);
  latestPeriods.set(timeZone, period);
  return period;
}

// What is decided together lies in the same month nearly always, and asking a calendar ten times for each decision is a tenth of deciding it.
const latestPeriods = new Map<string, Period>();

function searchPeriod(at: Date, timeZone: string): Period {
  const wall = new Date(at.getTime() + offsetMs(at.getTime(), timeZone));
  const month = wall.getUTCFullYear() * 12 + wall.getUTCMonth();
  // Off by one only in the hour that a clock shows twice around the start of a month.
  for (const candidate of [month, month + 1, month - 1]) {
    const period = monthPeriod(candidate, timeZone);
    if (period.start <= at && at < period.end) return period;
  }
  throw new Error(`Invariant broken: no month of ${timeZone} contains ${at.toISOString()}`);
}

/**
 * The period that a label such as `2026-11` names.
 * @throws DomainError `invalid_period`, `unknown_time_zone`
 */
export function parsePeriod(label: string, timeZone: string): Period {
  return monthPeriod(monthOfLabel(label), timeZone);
}

/** `2026-11`. The middle of a month lies in the same month everywhere on earth, so that the zone is not needed. */
export function periodLabel({ start, end }: Period): string {
  return new Date((start.getTime() + end.getTime()) / 2).toISOString().slice(0, 7);
}

/**
 * Where the month of a label may begin, whatever the zone: from 14 hours before to 12 hours after its midnight in UTC, and some more.
 * @throws DomainError `invalid_period`
 */
export function periodStartRange(label: string): { from: Date; to: Date } {
  const midnight = utcMidnight(monthOfLabel(label));
  return { from: new Date(midnight - 2 * DAY_MS), to: new Date(midnight + 2 * DAY_MS) };
}

function monthOfLabel(label: string): number {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(label) ?? [];
  if (!year || !month || year < '1970') {
    throw new DomainError({ kind: 'invalid', code: 'invalid_period', message: `"${label}" is not a period: write a year and a month, such as 2026-11` });
  }
  return Number(year) * 12 + Number(month) - 1;
}

/** `month` counts from year 0. */
function monthPeriod(month: number, timeZone: string): Period {
  return { start: monthStart(month, timeZone), end: monthStart(month + 1, timeZone) };
}

const utcMidnight = (month: number): number => Date.UTC(Math.floor(month / 12), month % 12, 1);

function monthStart(month: number, timeZone: string): Date {
  const midnight = utcMidnight(month);
  const before = offsetMs(midnight - DAY_MS, timeZone);
  const after = offsetMs(midnight + DAY_MS, timeZone);
  const candidates = [midnight - Math.max(before, after), midnight - Math.min(before, after)];
  const shown = candidates.find((instant) => instant + offsetMs(instant, timeZone) === midnight);
  return new Date(shown ?? jumpBetween(candidates[0] ?? midnight, candidates[1] ?? midnight, timeZone));
}

/** The instant in (low, high] from which the offset is that of `high`: the clock jumped over midnight. */
function jumpBetween(low: number, high: number, timeZone: string): number {
  const target = offsetMs(high, timeZone);
  let [from, to] = [low, high];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (offsetMs(middle, timeZone) === target) to = middle;
    else from = middle;
  }
  return to;
}

// Making a formatter costs a thousand times what using one does; there are some 600 zones.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  try {
    const formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
    return formatter;
  } catch (cause) {
    throw new DomainError({ kind: 'invalid', code: 'unknown_time_zone', message: `"${timeZone}" is not a time zone: give an IANA name such as Europe/Berlin`, cause });
  }
}

/** What a wall clock of the zone shows, less UTC. Whole seconds: zones before 1900 have them. */
function offsetMs(instant: number, timeZone: string): number {
  const parts = Object.fromEntries(formatterOf(timeZone).formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}
