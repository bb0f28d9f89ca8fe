// The part of OTLP/JSON (opentelemetry-proto 1.11, JSON mapping) that an import writes: ids are hex, 64-bit integers are strings, enums are integers.

export interface ExportTraceServiceRequest {
  resourceSpans: ResourceSpans[];
}

interface ResourceSpans {
  resource: { attributes: KeyValue[] };
  scopeSpans: { scope: { name: string }; spans: OtlpSpan[] }[];
}

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  events?: SpanEvent[];
  status?: { code: number; message?: string };
}

export interface SpanEvent {
  timeUnixNano: string;
  name: string;
  attributes: KeyValue[];
}

export interface KeyValue {
  key: string;
  value: { stringValue: string } | { boolValue: boolean } | { intValue: string } | { doubleValue: number };
}

export const SPAN_KIND = { internal: 1, client: 3 } as const;
export const STATUS_ERROR = 2;

/** In the order given. A bigint is an OTLP int, a number a double; what is null or undefined is left out. */
export function toAttributes(values: Readonly<Record<string, string | boolean | bigint | number | null | undefined>>): KeyValue[] {
  return Object.entries(values).flatMap(([key, value]): KeyValue[] => {
    switch (typeof value) {
      case 'string':
        return [{ key, value: { stringValue: value } }];
      case 'boolean':
        return [{ key, value: { boolValue: value } }];
      case 'bigint':
        return [{ key, value: { intValue: value.toString() } }];
      case 'number':
        return [{ key, value: { doubleValue: value } }];
      default:
        return [];
    }
  });
}
