import { VALUE_SCALE } from './meter-event.js';
import type { Formula } from './meter.js';

/** One counted event. `value` is scaled by 10^VALUE_SCALE. */
export interface CountedEvent {
  /** When the usage happened. */
  timestamp: number;
  /** When the sandbox accepted it. */
  receivedAt: number;
  value: bigint;
}

const ONE = 10n ** BigInt(VALUE_SCALE);

/** The meter's value over [startTime, endTime), scaled by 10^VALUE_SCALE; exact. `events` are in the order of their receipt. */
export function aggregateMeter(formula: Formula, events: Iterable<Pick<CountedEvent, 'timestamp' | 'value'>>, range: { startTime: number; endTime: number }): bigint {
  let total = 0n;
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const { timestamp, value } of events) {
    if (timestamp < range.startTime || timestamp >= range.endTime) continue;
    switch (formula) {
      case 'sum':
        total += value;
        break;
      case 'count':
        total += ONE;
        break;
      case 'last':
        // Of two events of one second the one received later stands.
        if (timestamp >= lastAt) total = value;
        lastAt = Math.max(lastAt, timestamp);
        break;
    }
  }
  return total;
}
