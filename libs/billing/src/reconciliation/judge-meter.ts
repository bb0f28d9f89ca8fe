/**
 * Compares what one meter counted for one customer in one period with what it was told, as a pure function.
 *
 * Zero tolerance, but Stripe adds up with a lag: an event of the last hour may be missing without being lost. As a queue goes out in order,
 * the total must then be everything older plus the first so many of the recent events. Any other total is a break, at once.
 * (If Stripe should ever count two recent events out of order, that is a break for the moment, and gone in the next run.)
 */
import type { Micros } from '#platform';
import { FORGOTTEN_AFTER_MS } from '../delivery/delivery-state.js';

/** For how long after it was sent an event may be missing from the total without a break. */
const SETTLES_WITHIN_MS = 3_600_000;

/** An event that Stripe was told of, or may have been. */
export interface ToldEvent {
  id: string;
  status: 'sent' | 'ambiguous';
  valueMicros: Micros;
  firstSentAt: Date;
}

export interface MeterPicture {
  /** Sum of what earlier runs confirmed. */
  confirmedMicros: Micros;
  /** In the order of delivery. */
  events: readonly ToldEvent[];
  stripeMicros: Micros;
  now: Date;
}

export interface MeterJudgement {
  /** `inFlightMicros`: told and not counted yet, within the lag. */
  verdict: { kind: 'agrees'; inFlightMicros: Micros } | { kind: 'missing_in_stripe' | 'extra_in_stripe'; differenceMicros: Micros };
  /** Everything that Stripe must have when nothing is missing. */
  toldMicros: Micros;
  /** Events that the total is now known to contain. */
  confirmedIds: string[];
  /** Ambiguous events that are known not to have arrived, and that Stripe would no longer recognise: to be sent as new. */
  requeuedIds: string[];
}

export function judgeMeter({ confirmedMicros, events, stripeMicros, now }: MeterPicture): MeterJudgement {
  const ageMs = (event: ToldEvent) => now.getTime() - event.firstSentAt.getTime();
  const isSettled = (event: ToldEvent) => event.status === 'sent' && ageMs(event) >= SETTLES_WITHIN_MS;
  const settled = events.filter(isSettled);
  const open = events.filter((event) => !isSettled(event));
  const settledMicros = confirmedMicros + sumOf(settled);
  const toldMicros = settledMicros + sumOf(open.filter(({ status }) => status === 'sent'));

  const counted = longestPrefix(open, stripeMicros - settledMicros);
  if (counted === undefined) {
    const differenceMicros = stripeMicros - toldMicros;
    return { verdict: { kind: differenceMicros > 0n ? 'extra_in_stripe' : 'missing_in_stripe', differenceMicros }, toldMicros, confirmedIds: [], requeuedIds: [] };
  }
  const arrived = open.slice(0, counted);
  const absent = open.slice(counted);
  // What happened to an ambiguous event is read from the total only when nothing else can be the reason for it.
  const isClear = open.every(({ status }) => status === 'ambiguous');
  return {
    verdict: { kind: 'agrees', inFlightMicros: sumOf(absent.filter(({ status }) => status === 'sent')) },
    toldMicros,
    confirmedIds: [...settled, ...arrived].filter((event) => event.status === 'sent' || (isClear && ageMs(event) >= SETTLES_WITHIN_MS)).map(({ id }) => id),
    requeuedIds: absent.filter((event) => event.status === 'ambiguous' && isClear && ageMs(event) >= FORGOTTEN_AFTER_MS).map(({ id }) => id),
  };
}

const sumOf = (events: readonly ToldEvent[]): Micros => events.reduce((sum, { valueMicros }) => sum + valueMicros, 0n);

/** How many of the first events sum to `target`: the most, where a reversal makes several fit. Undefined where none does. */
function longestPrefix(events: readonly ToldEvent[], target: Micros): number | undefined {
  let sum = 0n;
  let found = target === 0n ? 0 : undefined;
  events.forEach(({ valueMicros }, index) => {
    sum += valueMicros;
    if (sum === target) found = index + 1;
  });
  return found;
}
