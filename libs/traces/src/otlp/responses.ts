import { PbfWriter } from 'pbf';
import type { OtlpEncoding } from './transcode.js';

/** google.rpc.Code numbers that OTLP answers use. */
export const RPC_CODE = { invalid: 3, unauthenticated: 16, forbidden: 7, too_large: 8, unsupported: 3, unavailable: 14, internal: 13 } as const;

export const CONTENT_TYPE: Record<OtlpEncoding, string> = { protobuf: 'application/x-protobuf', json: 'application/json' };

/**
 * ExportTraceServiceResponse in the request's own encoding. `partial_success` stays unset when everything was taken (OTLP, "Full Success"),
 * which makes the protobuf form zero bytes long; in JSON the 64-bit count is a string.
 */
export function successBody(encoding: OtlpEncoding, rejected: number, message: string): Buffer {
  if (encoding === 'json') {
    return Buffer.from(rejected === 0 ? '{}' : JSON.stringify({ partialSuccess: { rejectedSpans: String(rejected), errorMessage: message } }));
  }
  const writer = new PbfWriter();
  if (rejected > 0) {
    writer.writeMessage(
      1,
      (_partial: null, pbf: PbfWriter) => {
        pbf.writeVarintField(1, rejected);
        pbf.writeStringField(2, message);
      },
      null,
    );
  }
  return Buffer.from(writer.finish());
}

/** google.rpc.Status in the request's own encoding (OTLP/HTTP, "Failures"). */
export function statusBody(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  const writer = new PbfWriter();
  writer.writeVarintField(1, code);
  writer.writeStringField(2, message);
  return Buffer.from(writer.finish());
}
