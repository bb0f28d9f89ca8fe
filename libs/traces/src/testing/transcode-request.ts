import { ManualClock } from '#platform';
import { PriceBook } from '#pricing';
import { ContentPolicy, DEFAULT_TELEMETRY_SETTINGS, type TelemetrySettings } from '../content/content-policy.js';
import { RecentSpans } from '../counting/recent-spans.js';
import { readNativeRows } from '../native/read-native-block.js';
import { Transcoder, type OtlpEncoding, type Sender, type Transcoded, type TranscoderOptions } from '../otlp/transcode.js';
import type { SpooledTable } from '../spool/segment-format.js';
import { jsonOf, protobufOf, requestOf, attributesOf, type OtlpRequest, type OtlpSpan } from './encode-request.js';

export const BASE_SPAN = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'chat gpt-4.1',
  kind: 3,
  startTimeUnixNano: '1764000000000000001',
  endTimeUnixNano: '1764000001500000002',
} as const satisfies OtlpSpan;

/** A row as it is read back: integers and times are bigints, decimals bigints of their last digit, fixed strings hex, maps objects. */
export type ReadRow = Record<string, unknown>;

const YEARS_MS = 365 * 24 * 3_600_000;
export const INGESTED_AT_MS = 1_764_000_002_000;

export const senderOf = (settings: Partial<TelemetrySettings> = {}): Sender => {
  const all = { ...DEFAULT_TELEMETRY_SETTINGS, ...settings };
  return { organizationId: 'acme', prices: new PriceBook(), settings: all, contentPolicy: new ContentPolicy(all) };
};

/** Limits as the service has them by default, and no memory of what was sent before. */
export function openTranscoder(options: Partial<TranscoderOptions> = {}): Transcoder {
  return new Transcoder({
    limits: { attributesMax: 128, attributeBytesMax: 4096 },
    distinctValuesMax: 2000,
    spanAgeMsMax: 60 * YEARS_MS,
    spanAheadMsMax: 90 * YEARS_MS,
    recentSpans: new RecentSpans(0),
    clock: new ManualClock('2026-11-01T00:00:00Z'),
    ...options,
  });
}

const transcoder = openTranscoder();
const sender = senderOf();

/** The catalogue's prices, one organization, a fixed moment of arrival. */
export function transcodeBody(body: Uint8Array, encoding: OtlpEncoding): Transcoded {
  return transcoder.traces({ body, encoding, sender, ingestedAtMs: INGESTED_AT_MS });
}

export function transcodeLogsBody(body: Uint8Array, encoding: OtlpEncoding, ingestedAtMs = INGESTED_AT_MS): Transcoded {
  return transcoder.logs({ body, encoding, sender, ingestedAtMs });
}

/** The rows for one table. */
export function rowsFor({ frames }: Transcoded, table: SpooledTable): ReadRow[] {
  return frames.filter((frame) => frame.table === table).flatMap((frame) => readNativeRows(frame.rows));
}

export function rowsOf(request: OtlpRequest, encoding: OtlpEncoding = 'protobuf'): ReadRow[] {
  return rowsFor(transcodeBody(encoding === 'json' ? jsonOf(request) : protobufOf(request), encoding), 'spans');
}

/** The row of a span with these attributes. */
export function rowOf(attributes: Record<string, string | number | boolean>, span: OtlpSpan = {}, resource: Record<string, string> = {}): ReadRow {
  const [row] = rowsOf(requestOf([{ ...BASE_SPAN, attributes: attributesOf(attributes), ...span }], resource));
  if (!row) throw new Error('the span was rejected');
  return row;
}
