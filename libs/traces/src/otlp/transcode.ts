import type { PriceBook } from '#pricing';
import type { Clock } from '#platform';
import { ContentBlock, writeContentRows } from '../content/content-block.js';
import { contentRetentionDays, type ContentPolicy, type TelemetrySettings } from '../content/content-policy.js';
import { RedactionTime } from '../content/redaction-time.js';
import { SpanKeys, type RecentSpans } from '../counting/recent-spans.js';
import { CardinalityGuard } from '../limits/cardinality-guard.js';
import type { TimeWindow } from '../limits/time-window.js';
import { SignalBlock, writeSignalRow } from '../logs/signal-block.js';
import type { BufferPool } from '../native/buffer-pool.js';
import type { NativeBlock } from '../native/native-block.js';
import type { AttributeLimits } from '../rows/attribute-draft.js';
import { SpanBlock } from '../rows/span-block.js';
import { rejectionOf } from '../rows/span-draft.js';
import { writeSpanRow } from '../rows/write-span-row.js';
import type { Frame, SpooledTable } from '../spool/segment-format.js';
import { readLogsJson } from './read-logs-json.js';
import { readLogsProtobuf } from './read-logs-protobuf.js';
import type { LogSink, SpanSink } from './read-request.js';
import { readTracesJson } from './read-traces-json.js';
import { readTracesProtobuf } from './read-traces-protobuf.js';

export type OtlpEncoding = 'protobuf' | 'json';
export type OtlpSignal = 'traces' | 'logs';

/** The organization that sends, and what holds for it. */
export interface Sender {
  organizationId: string;
  prices: PriceBook;
  settings: TelemetrySettings;
  contentPolicy: ContentPolicy;
}

export interface TranscodeInput {
  body: Uint8Array;
  encoding: OtlpEncoding;
  sender: Sender;
  ingestedAtMs: number;
}

export interface Transcoded {
  /** Blocks of rows, ready for the spool. */
  frames: Frame[];
  accepted: number;
  /** Of those, the ones that are on disk already and need no row. */
  resent: number;
  rejected: number;
  /** Why the first rejected one was rejected. */
  rejection: string | undefined;
  /** Keys of the new spans, to be remembered when they are on disk. */
  newSpans: Uint32Array;
}

export interface TranscoderOptions {
  limits: AttributeLimits;
  distinctValuesMax: number;
  spanAgeMsMax: number;
  spanAheadMsMax: number;
  recentSpans: RecentSpans;
  clock: Clock;
  /** Where the frames' buffers come from. Whoever gave it gives them back. */
  buffers?: BufferPool;
}

const DAY_MS = 24 * 3_600_000;

/**
 * OTLP requests into priced rows, in blocks that are reused from request to request. What cannot be kept of a request is counted and left
 * out; it never takes the rest with it. Every method throws DomainError `malformed_otlp` when the request as a whole cannot be decoded:
 * then there are no rows at all.
 */
export class Transcoder {
  readonly #spans = new SpanBlock();
  readonly #contents = new ContentBlock();
  readonly #signals = new SignalBlock();
  readonly #keys = new SpanKeys();
  readonly #guard: CardinalityGuard;

  constructor(private readonly options: TranscoderOptions) {
    this.#guard = new CardinalityGuard(options.distinctValuesMax, options.clock);
  }

  traces({ body, encoding, sender, ingestedAtMs }: TranscodeInput): Transcoded {
    const { organizationId, prices, settings, contentPolicy } = sender;
    const { recentSpans, limits } = this.options;
    const spans = this.#spans;
    const keys = this.#keys;
    for (const block of [spans, this.#contents]) block.reset();
    this.#admitFor(organizationId);
    keys.reset();
    const window = this.windowFor(ingestedAtMs, settings.spanRetentionDays);
    const rowContext = { organizationId, ingestedAtMs, window, prices, retentionDays: settings.spanRetentionDays };
    const admitsName = (name: string) => this.#guard.admits(organizationId, 'span_contents.name', name);
    const contentContext = { organizationId, ingestedAtMs, contentPolicy, redactionTime: new RedactionTime(), contentRetentionDays: contentRetentionDays(settings), admitsName };
    const counts = { accepted: 0, resent: 0, rejected: 0, rejection: undefined as string | undefined };
    let writtenResource = -1;

    const sink: SpanSink = (span, resource, checksum) => {
      const objection = rejectionOf(span, window);
      if (objection !== undefined) {
        counts.rejected++;
        counts.rejection ??= objection;
        return;
      }
      counts.accepted++;
      recentSpans.keyOf(keys.next, organizationId, span.traceId, span.spanId, checksum);
      if (recentSpans.has(keys.next)) {
        counts.resent++;
        return;
      }
      keys.push();
      writeSpanRow(spans, span, resource, rowContext, resource.generation === writtenResource);
      writtenResource = resource.generation;
      if (span.attributes.contentNames.length > 0) writeContentRows(this.#contents, span, contentContext);
    };
    const options = { limits, keepsContent: settings.keepsContent };
    if (encoding === 'protobuf') readTracesProtobuf(body, options, sink);
    else readTracesJson(body, options, sink);
    return { ...counts, frames: this.#framesOf({ spans, span_contents: this.#contents }), newSpans: keys.toArray() };
  }

  logs({ body, encoding, sender, ingestedAtMs }: TranscodeInput): Transcoded {
    const signals = this.#signals;
    signals.reset();
    const counts = { accepted: 0, resent: 0, rejected: 0, rejection: undefined as string | undefined };
    // Signals are kept, however long spans are.
    const context = { organizationId: sender.organizationId, ingestedAtMs, window: this.windowFor(ingestedAtMs, 0) };
    const sink: LogSink = (log, resource) => {
      const objection = writeSignalRow(signals, log, resource, context);
      if (objection === undefined) {
        counts.accepted++;
        return;
      }
      counts.rejected++;
      counts.rejection ??= objection;
    };
    if (encoding === 'protobuf') readLogsProtobuf(body, this.options.limits, sink);
    else readLogsJson(body, this.options.limits, sink);
    return { ...counts, frames: this.#framesOf({ signals }), newSpans: new Uint32Array(0) };
  }

  #framesOf(blocks: Partial<Record<SpooledTable, NativeBlock>>): Frame[] {
    return (Object.entries(blocks) as [SpooledTable, NativeBlock][])
      .filter(([, block]) => block.rows > 0)
      .map(([table, block]) => ({ table, schema: block.schema, rows: block.toBytes(this.options.buffers), rowCount: block.rows }));
  }

  #admitFor(organizationId: string): void {
    const { name, service, operation, task, locale, channel, provider, requestModel, responseModel, tool, attributes, resourceAttributes } = this.#spans;
    for (const column of [name, service, operation, task, locale, channel, provider, requestModel, responseModel, tool, attributes, resourceAttributes]) {
      column.admission = (value) => this.#guard.admits(organizationId, column.name, value);
    }
  }

  /** When what is sent now may have been. What the store would delete at once is better refused with a reason. */
  windowFor(nowMs: number, retentionDays: number): TimeWindow {
    const { spanAgeMsMax, spanAheadMsMax } = this.options;
    const ageMsMax = retentionDays === 0 ? spanAgeMsMax : Math.min(spanAgeMsMax, retentionDays * DAY_MS);
    return { fromMs: nowMs - ageMsMax, untilMs: nowMs + spanAheadMsMax };
  }
}
