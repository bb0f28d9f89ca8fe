import { epochMs, isStorableTime, type TimeWindow } from '../limits/time-window.js';
import { isNameTooLong, type AttributeName } from './attribute-name.js';
import { AttributeDraft, type AttributeLimits, type AttributeValue } from './attribute-draft.js';
import { isZero } from './ids.js';

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
  readonly attributes: AttributeDraft;
  readonly events: EventDraft[] = [];

  constructor(private readonly limits: AttributeLimits, keepsContent: boolean) {
    this.attributes = new AttributeDraft(limits, keepsContent);
  }

  reset(source: Uint8Array): void {
    this.traceIdBytes = 0;
    this.spanIdBytes = 0;
    this.parentSpanId.fill(0);
    this.startLow = this.startHigh = this.endLow = this.endHigh = 0;
    this.name = '';
    this.kind = 0;
    this.statusCode = 0;
    this.statusMessage = '';
    this.attributes.reset(source);
    this.events.length = 0;
  }

  /** A new event of this span; undefined, and counted as left out, where it has as many as are kept. */
  startEvent(): EventDraft | undefined {
    if (this.events.length >= this.limits.attributesMax) {
      this.attributes.dropped++;
      return undefined;
    }
    const event = new EventDraft(this.attributes, this.limits.attributesMax);
    this.events.push(event);
    return event;
  }
}

/** Events are rare next to attributes, so that an object for each is cheap. */
export class EventDraft {
  timeLow = 0;
  timeHigh = 0;
  name = '';
  readonly attributes: [name: string, value: string][] = [];

  /** Message bodies are kept with the span's. */
  constructor(
    private readonly span: AttributeDraft,
    private readonly attributesMax: number,
  ) {}

  add(name: AttributeName, value: AttributeValue): void {
    if (name.isSecret) return;
    if (name.isContent) this.span.add(name, value);
    else if (this.attributes.length >= this.attributesMax || isNameTooLong(name)) this.span.dropped++;
    else this.attributes.push([name.text, String(value)]);
  }
}

/** Why a span cannot be kept, or undefined when it can (OTLP: a span needs a 16-byte and an 8-byte id that are not all zero). */
export function rejectionOf(span: SpanDraft, { fromMs, untilMs }: TimeWindow): string | undefined {
  if (span.traceIdBytes !== 16 || isZero(span.traceId)) return 'trace_id must be 16 bytes that are not all zero';
  if (span.spanIdBytes !== 8 || isZero(span.spanId)) return 'span_id must be 8 bytes that are not all zero';
  if (span.startHigh === 0 && span.startLow === 0) return 'start_time_unix_nano is missing';
  if (!isStorableTime(span.startHigh) || !isStorableTime(span.endHigh)) return 'start and end must be before the year 2106';
  const startedAtMs = epochMs(span.startLow, span.startHigh);
  if (startedAtMs < fromMs) return `it started before ${new Date(fromMs).toISOString()}, the oldest that is taken (INGEST_SPAN_AGE_DAYS_MAX, or the organization's span retention)`;
  if (startedAtMs > untilMs) return `it started after ${new Date(untilMs).toISOString()}, the latest that is taken (INGEST_SPAN_AHEAD_MS_MAX): check the sender's clock`;
  // A span is sent when it is over. Cut to some other end, it would put a length of our own making into latencies and quiet windows.
  if (epochMs(span.endLow, span.endHigh) > untilMs) return `it ended after ${new Date(untilMs).toISOString()}, the latest that is taken (INGEST_SPAN_AHEAD_MS_MAX): check the sender's clock, and that times are in nanoseconds`;
  return undefined;
}
