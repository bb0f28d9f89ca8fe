import { FIELD_OF, FIELDS, SLOT, isContent, type ConventionField } from '../conventions.js';

/** What an attribute's value is read as. Arrays and maps arrive as their JSON text. */
export type AttributeValue = string | number | boolean;

/** The same with arrays and maps as they were sent; undefined is a value that is not set. */
export type PlainValue = AttributeValue | PlainValue[] | { [name: string]: PlainValue } | undefined;

const UNRANKED = 127;

/** The attributes of a resource or of a span: known ones in their slots, others as name and text. Reused from span to span. */
export class AttributeDraft {
  readonly #values = new Array<AttributeValue | undefined>(FIELDS.length).fill(undefined);
  readonly #ranks = new Int8Array(FIELDS.length).fill(UNRANKED);
  readonly otherNames: string[] = [];
  readonly otherValues: string[] = [];

  reset(): void {
    this.#values.fill(undefined);
    this.#ranks.fill(UNRANKED);
    this.otherNames.length = 0;
    this.otherValues.length = 0;
  }

  add(name: string, value: AttributeValue): void {
    const mapped = FIELD_OF.get(name);
    if (mapped === undefined) {
      if (isContent(name)) return;
      this.otherNames.push(name);
      this.otherValues.push(typeof value === 'string' ? value : String(value));
      return;
    }
    if (mapped.rank >= (this.#ranks[mapped.slot] ?? UNRANKED) || value === '') return;
    this.#ranks[mapped.slot] = mapped.rank;
    this.#values[mapped.slot] = value;
  }

  get(field: ConventionField): AttributeValue | undefined {
    return this.#values[SLOT[field]];
  }
}

/** One span on its way from the wire to a row: filled by a reader, written by `writeSpanRow`, then filled again. */
export class SpanDraft {
  readonly traceId = Buffer.alloc(16);
  readonly spanId = Buffer.alloc(8);
  readonly parentSpanId = Buffer.alloc(8);
  /** Bytes that the sender gave for each id; anything but 16 and 8 is refused. */
  traceIdBytes = 0;
  spanIdBytes = 0;
  /** Nanoseconds since 1970 as two 32-bit halves. */
  startLow = 0;
  startHigh = 0;
  endLow = 0;
  endHigh = 0;
  name = '';
  kind = 0;
  statusCode = 0;
  statusMessage = '';
  readonly attributes = new AttributeDraft();
  readonly events: EventDraft[] = [];

  reset(): void {
    this.traceIdBytes = 0;
    this.spanIdBytes = 0;
    this.parentSpanId.fill(0);
    this.startLow = this.startHigh = this.endLow = this.endHigh = 0;
    this.name = '';
    this.kind = 0;
    this.statusCode = 0;
    this.statusMessage = '';
    this.attributes.reset();
    this.events.length = 0;
  }

  setTraceId(bytes: Uint8Array): void {
    this.traceIdBytes = bytes.length;
    if (bytes.length === 16) this.traceId.set(bytes);
  }

  setSpanId(bytes: Uint8Array): void {
    this.spanIdBytes = bytes.length;
    if (bytes.length === 8) this.spanId.set(bytes);
  }

  setParentSpanId(bytes: Uint8Array): void {
    if (bytes.length === 8) this.parentSpanId.set(bytes);
  }
}

/** Events are rare next to attributes, so that an object for each is cheap. */
export class EventDraft {
  timeLow = 0;
  timeHigh = 0;
  name = '';
  readonly attributes: [name: string, value: string][] = [];

  add(name: string, value: AttributeValue): void {
    if (!isContent(name)) this.attributes.push([name, String(value)]);
  }
}

// 2^32 seconds are 10^9 * 2^32 nanoseconds: from 2106-02-07 on, the hour that spans are ordered by wraps around to 1970.
const HIGH_HALF_MAX = 1_000_000_000;

/** Whether a time, given by the high half of its nanoseconds, is one that the store keeps in order. */
export function isStorableTime(high: number): boolean {
  return high < HIGH_HALF_MAX;
}

/** Why a span cannot be kept, or undefined when it can (OTLP: a span needs a 16-byte and an 8-byte id that are not all zero). */
export function rejectionOf(span: SpanDraft): string | undefined {
  if (span.traceIdBytes !== 16 || isZero(span.traceId)) return 'trace_id must be 16 bytes that are not all zero';
  if (span.spanIdBytes !== 8 || isZero(span.spanId)) return 'span_id must be 8 bytes that are not all zero';
  if (span.startHigh === 0 && span.startLow === 0) return 'start_time_unix_nano is missing';
  if (!isStorableTime(span.startHigh) || !isStorableTime(span.endHigh)) return 'start and end must be before the year 2106';
  return undefined;
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}
