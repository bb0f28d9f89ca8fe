import { PbfWriter } from 'pbf';
import type { OtlpEncoding, OtlpSignal } from './transcode.js';

/** google.rpc.Code numbers that OTLP answers use. */
export const RPC_CODE = { invalid_argument: 3, permission_denied: 7, resource_exhausted: 8, unimplemented: 12, unavailable: 14, unauthenticated: 16 } as const;
export type RpcCode = (typeof RPC_CODE)[keyof typeof RPC_CODE];

export const CONTENT_TYPE: Record<OtlpEncoding, string> = { protobuf: 'application/x-protobuf', json: 'application/json' };

const REJECTED_FIELD: Record<OtlpSignal, string> = { traces: 'rejectedSpans', logs: 'rejectedLogRecords' };

/**
 * Export…ServiceResponse in the request's own encoding. `partial_success` stays unset when everything was taken (OTLP, "Full Success"),
 * which makes the protobuf form zero bytes long; in JSON the 64-bit count is a string.
 */
export function partialSuccessBody(signal: OtlpSignal, encoding: OtlpEncoding, rejected: number, message: string): Buffer {
  if (encoding === 'json') {
    return Buffer.from(rejected === 0 ? '{}' : JSON.stringify({ partialSuccess: { [REJECTED_FIELD[signal]]: String(rejected), errorMessage: message } }));
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
export function statusBody(encoding: OtlpEncoding, code: RpcCode, message: string): Buffer {
  return encoding === 'json' ? Buffer.from(JSON.stringify({ code, message })) : statusMessage(code, message);
}

/**
 * google.rpc.Status as protobuf; with a delay it carries google.rpc.RetryInfo, which tells a gRPC client that it may send again, and when
 * (OTLP/gRPC, "Throttling").
 */
export function statusMessage(code: RpcCode, message: string, retryAfterSeconds?: number): Buffer {
  const writer = new PbfWriter();
  writer.writeVarintField(1, code);
  writer.writeStringField(2, message);
  if (retryAfterSeconds !== undefined) {
    // Any { type_url, value: RetryInfo { retry_delay: Duration { seconds } } }
    writer.writeMessage(3, (seconds: number, any: PbfWriter) => {
      any.writeStringField(1, 'type.googleapis.com/google.rpc.RetryInfo');
      any.writeMessage(2, (delay: number, info: PbfWriter) => info.writeMessage(1, (value: number, duration: PbfWriter) => duration.writeVarintField(1, value), delay), seconds);
    }, retryAfterSeconds);
  }
  return Buffer.from(writer.finish());
}
