/*
 * Which times of senders are believed. A conversation is decided when it has been quiet for a while, so that one record dated 2060 would
 * keep it from ever being decided, and one of 1970 (milliseconds sent for nanoseconds) would have everything since then read for it.
 */

/** The moments that may be said, both included; epoch milliseconds. */
export interface TimeWindow {
  fromMs: number;
  untilMs: number;
}

// 2^32 seconds are 10^9 * 2^32 nanoseconds: from 2106-02-07 on, the hour that spans are ordered by wraps around to 1970.
const HIGH_HALF_MAX = 1_000_000_000;

/** Whether a time, given by the high half of its nanoseconds, is one that the store keeps in order. */
export function isStorableTime(high: number): boolean {
  return high < HIGH_HALF_MAX;
}

/** Whether nanoseconds in two halves are a time that may have been: given at all, and within the window. */
export function isCredibleTime(low: number, high: number, { fromMs, untilMs }: TimeWindow): boolean {
  if ((high === 0 && low === 0) || !isStorableTime(high)) return false;
  const ms = epochMs(low, high);
  return ms >= fromMs && ms <= untilMs;
}

/** Epoch milliseconds of nanoseconds in two halves, to within a microsecond. */
export function epochMs(low: number, high: number): number {
  return (high * 4_294_967_296 + low) / 1e6;
}
