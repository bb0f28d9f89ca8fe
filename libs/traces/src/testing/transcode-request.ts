import { PriceBook } from '#pricing';
import { transcodeSpans, type OtlpEncoding, type TranscodedSpans } from '../otlp/transcode.js';
import { jsonOf, protobufOf, requestOf, attributesOf, type OtlpRequest, type OtlpSpan } from './encode-request.js';
import { readRows, type ReadRow } from './read-rows.js';

export const BASE_SPAN = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'chat gpt-4.1',
  kind: 3,
  startTimeUnixNano: '1764000000000000001',
  endTimeUnixNano: '1764000001500000002',
} as const satisfies OtlpSpan;

const prices = new PriceBook();

/** The catalogue's prices, one organization, a fixed moment of arrival. */
export function transcodeBody(body: Uint8Array, encoding: OtlpEncoding): TranscodedSpans {
  return transcodeSpans({ body, encoding, organizationId: 'acme', ingestedAtMs: 1_764_000_002_000, prices });
}

export function rowsOf(request: OtlpRequest, encoding: OtlpEncoding = 'protobuf'): ReadRow[] {
  return readRows(transcodeBody(encoding === 'json' ? jsonOf(request) : protobufOf(request), encoding).rows);
}

/** The row of a span with these attributes. */
export function rowOf(attributes: Record<string, string | number | boolean>, span: OtlpSpan = {}, resource: Record<string, string> = {}): ReadRow {
  const [row] = rowsOf(requestOf([{ ...BASE_SPAN, attributes: attributesOf(attributes), ...span }], resource));
  if (!row) throw new Error('the span was rejected');
  return row;
}
