import type { PriceBook } from '#pricing';
import { RowWriter } from '../rows/row-writer.js';
import { rejectionOf, type AttributeDraft, type SpanDraft } from '../rows/span-draft.js';
import { writeSpanRow } from '../rows/write-span-row.js';
import { readJson } from './read-json.js';
import { readProtobuf } from './read-protobuf.js';

export type OtlpEncoding = 'protobuf' | 'json';

export interface TranscodeInput {
  body: Uint8Array;
  encoding: OtlpEncoding;
  organizationId: string;
  ingestedAtMs: number;
  prices: PriceBook;
}

export interface TranscodedSpans {
  /** Rows in RowBinary, ready for the spool. */
  rows: Buffer;
  accepted: number;
  rejected: number;
  /** Why the first rejected span was rejected. */
  rejection: string | undefined;
}

/**
 * An OTLP trace request into priced rows. A span that cannot be kept is counted and left out; it never takes the others with it.
 * @throws DomainError `malformed_otlp` when the request as a whole cannot be decoded: then there are no rows at all.
 */
export function transcodeSpans(input: TranscodeInput): TranscodedSpans {
  const row = new RowWriter(Math.max(4096, input.body.length));
  let accepted = 0;
  let rejected = 0;
  let rejection: string | undefined;
  const sink = (span: SpanDraft, resource: AttributeDraft) => {
    const objection = rejectionOf(span);
    if (objection !== undefined) {
      rejected++;
      rejection ??= objection;
      return;
    }
    writeSpanRow(row, span, resource, input);
    accepted++;
  };
  if (input.encoding === 'protobuf') readProtobuf(input.body, sink);
  else readJson(input.body, sink);
  return { rows: row.bytes(), accepted, rejected, rejection };
}
