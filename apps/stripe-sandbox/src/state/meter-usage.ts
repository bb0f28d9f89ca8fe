import { parseDecimal } from '#platform';
import type { CountedEvent } from '../meters/aggregate-meter.js';
import { IDENTIFIER_MEMORY_SECONDS, VALUE_SCALE, type MeterEventRecord } from '../meters/meter-event.js';

/** Every meter event received, found by identifier and, when it counts, by meter and customer. */
export class MeterUsage {
  readonly #byIdentifier = new Map<string, MeterEventRecord>();
  readonly #counted = new Map<string, Map<MeterEventRecord, CountedEvent>>();
  readonly #rejected: MeterEventRecord[] = [];
  readonly #unreported = new Set<MeterEventRecord>();

  add(record: MeterEventRecord): void {
    this.#byIdentifier.set(record.event.identifier, record);
    if (record.outcome.kind === 'rejected') {
      this.#rejected.push(record);
      this.#unreported.add(record);
      return;
    }
    const { customer, value } = record.outcome;
    const events = this.#counted.get(usageKey(record.meter, customer)) ?? new Map<MeterEventRecord, CountedEvent>();
    this.#counted.set(usageKey(record.meter, customer), events);
    events.set(record, { timestamp: record.event.timestamp, receivedAt: record.event.created, value: parseDecimal(value, VALUE_SCALE) });
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

  /** What counts for a meter and a customer of what had been received by a time, in the order of receipt. */
  countedFor(meter: string, customer: string, receivedBy = Number.POSITIVE_INFINITY): CountedEvent[] {
    return [...(this.#counted.get(usageKey(meter, customer))?.values() ?? [])].filter(({ receivedAt }) => receivedAt <= receivedBy);
  }

  rejected(): readonly MeterEventRecord[] {
    return this.#rejected;
  }

  /** Rejected events that no report has told of. */
  unreported(): Iterable<MeterEventRecord> {
    return this.#unreported;
  }

  markReported(identifiers: readonly string[]): void {
    const reported = new Set(identifiers);
    for (const record of this.#unreported) if (reported.has(record.event.identifier)) this.#unreported.delete(record);
  }
}

function usageKey(meter: string, customer: string): string {
  return `${meter} ${customer}`;
}
