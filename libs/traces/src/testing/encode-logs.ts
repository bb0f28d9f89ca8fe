import { attributes, attributesOf, bytes, fixed64, integer, message, text, type OtlpAttribute } from './encode-request.js';

/* OTLP logs requests for tests, as in encode-request.ts. Field numbers: opentelemetry-proto 1.x, logs/v1/logs.proto. */

export interface OtlpLogRecord {
  timeUnixNano?: string;
  observedTimeUnixNano?: string;
  severityNumber?: number;
  severityText?: string;
  body?: { stringValue: string };
  attributes?: OtlpAttribute[];
  flags?: number;
  traceId?: string;
  spanId?: string;
  eventName?: string;
}

export interface OtlpLogsRequest {
  resourceLogs?: { resource?: { attributes?: OtlpAttribute[] }; scopeLogs?: { scope?: { name: string }; logRecords?: OtlpLogRecord[] }[] }[];
}

/** One resource, one scope. */
export function logsRequestOf(logRecords: OtlpLogRecord[], resource: Record<string, string> = {}): OtlpLogsRequest {
  return { resourceLogs: [{ resource: { attributes: attributesOf(resource) }, scopeLogs: [{ scope: { name: 'test' }, logRecords }] }] };
}

export function logsJsonOf(request: OtlpLogsRequest): Buffer {
  return Buffer.from(JSON.stringify(request));
}

export function logsProtobufOf({ resourceLogs = [] }: OtlpLogsRequest): Buffer {
  return Buffer.concat(
    resourceLogs.map(({ resource, scopeLogs = [] }) => {
      const scopes = scopeLogs.map(({ scope, logRecords = [] }) => message(2, [...(scope ? [message(1, [text(1, scope.name)])] : []), ...logRecords.map(encodeRecord)]));
      return message(1, [...(resource ? [message(1, attributes(1, resource.attributes))] : []), ...scopes]);
    }),
  );
}

function encodeRecord(record: OtlpLogRecord): Buffer {
  const { timeUnixNano, observedTimeUnixNano, severityNumber, severityText, body, flags, traceId, spanId, eventName } = record;
  return message(2, [
    ...(timeUnixNano === undefined ? [] : [fixed64(1, BigInt(timeUnixNano))]),
    ...(severityNumber === undefined ? [] : [integer(2, BigInt(severityNumber))]),
    ...(severityText ? [text(3, severityText)] : []),
    ...(body ? [message(5, [text(1, body.stringValue)])] : []),
    ...attributes(6, record.attributes),
    ...(flags === undefined ? [] : [fixed32(8, flags)]),
    ...(traceId ? [bytes(9, Buffer.from(traceId, 'hex'))] : []),
    ...(spanId ? [bytes(10, Buffer.from(spanId, 'hex'))] : []),
    ...(observedTimeUnixNano === undefined ? [] : [fixed64(11, BigInt(observedTimeUnixNano))]),
    ...(eventName ? [text(12, eventName)] : []),
  ]);
}

function fixed32(field: number, value: number): Buffer {
  const content = Buffer.alloc(5);
  content.writeUInt8((field << 3) | 5);
  content.writeUInt32LE(value, 1);
  return content;
}
