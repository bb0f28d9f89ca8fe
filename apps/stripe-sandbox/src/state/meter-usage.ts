import { parseDecimal } from '#platform';
import type { CountedEvent } from '../meters/aggregate-meter.js';
import { IDENTIFIER_MEMORY_SECONDS, VALUE_SCALE, type MeterEventRecord } from '../meters/meter-event.js';

/** Every meter event received, found by identifier and, when it counts, by meter and customer. */
export class MeterUsage {
  readonly #byIdentifier = new Map<string, MeterEventRecord>();
  readonly #counted = new Map<string, Map<MeterEventRecord, CountedEvent>>();
  readonly #rejected: MeterEventRecord[] = [];

  add(record: MeterEventRecord): void {
    this.#byIdentifier.set(record.event.identifier, record);
    if (record.outcome.kind === 'rejected') {
      this.#rejected.push(record);
      return;
    }
    const { customer, value } = record.outcome;
    const events = this.#counted.get(usageKey(record.meter, customer)) ?? new Map<MeterEventRecord, CountedEvent>();
    this.#counted.set(usageKey(record.meter, customer), events);
    events.set(record, { timestamp: record.event.timestamp, value: parseDecimal(value, VALUE_SCALE) });
  }

  /** Takes the event out of every total; its identifier stays taken. */
  cancel(identifier: string): void {
    const record = this.#byIdentifier.get(identifier);
    if (record?.outcome.kind === 'counted') this.#counted.get(usageKey(record.meter, record.outcome.customer))?.delete(record);
  }

  /** The latest event received under the identifier. */
  find(identifier: string): MeterEventRecord | undefined {
    return this.#byIdentifier.get(identifier);
  }

  isIdentifierTaken(identifier: string, now: number): boolean {
    const record = this.#byIdentifier.get(identifier);
    return record !== undefined && now - record.event.created < IDENTIFIER_MEMORY_SECONDS;
  }

  /** What counts for a meter and a customer, in the order of receipt. */
  countedFor(meter: string, customer: string): CountedEvent[] {
    return [...(this.#counted.get(usageKey(meter, customer))?.values() ?? [])];
  }

  rejected(): readonly MeterEventRecord[] {
    return this.#rejected;
  }
}

function usageKey(meter: string, customer: string): string {
  return `${meter} ${customer}`;
}
