/*
 * OTLP trace requests for tests: written once as OTLP JSON, and encoded to protobuf from the field numbers of opentelemetry-proto 1.x
 * (trace.proto, common.proto, resource.proto) by an encoder that shares nothing with the reader under test.
 */

export type OtlpValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string | number }
  | { doubleValue: number | string }
  | { bytesValue: string }
  | { arrayValue: { values?: OtlpValue[] } }
  | { kvlistValue: { values?: OtlpAttribute[] } }
  | Record<string, never>;

export interface OtlpAttribute {
  key: string;
  value: OtlpValue;
}

export interface OtlpEvent {
  timeUnixNano?: string;
  name?: string;
  attributes?: OtlpAttribute[];
}

export interface OtlpSpan {
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  name?: string;
  kind?: number;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  attributes?: OtlpAttribute[];
  events?: OtlpEvent[];
  status?: { code?: number; message?: string };
  droppedAttributesCount?: number;
}

export interface OtlpRequest {
  resourceSpans?: { resource?: { attributes?: OtlpAttribute[] }; scopeSpans?: { scope?: { name: string }; spans?: OtlpSpan[] }[] }[];
}

/** Attributes from plain values: strings, booleans, integers (`intValue`) and other numbers (`doubleValue`). */
export function attributesOf(values: Record<string, string | number | boolean>): OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
  });
}

/** One resource, one scope. */
export function requestOf(spans: OtlpSpan[], resource: Record<string, string> = {}): OtlpRequest {
  return { resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: 'test' }, spans }] }] };
}

export function jsonOf(request: OtlpRequest): Buffer {
  return Buffer.from(JSON.stringify(request));
}

export function protobufOf({ resourceSpans = [] }: OtlpRequest): Buffer {
  return Buffer.concat(
    resourceSpans.map(({ resource, scopeSpans = [] }) => {
      const scopes = scopeSpans.map(({ scope, spans = [] }) => {
        const named = scope ? [message(1, [text(1, scope.name)])] : [];
        return message(2, [...named, ...spans.map(encodeSpan)]);
      });
      return message(1, [...(resource ? [message(1, attributes(1, resource.attributes))] : []), ...scopes]);
    }),
  );
}

function encodeSpan(span: OtlpSpan): Buffer {
  const { status } = span;
  return message(2, [
    bytes(1, Buffer.from(span.traceId ?? '', 'hex')),
    bytes(2, Buffer.from(span.spanId ?? '', 'hex')),
    ...(span.parentSpanId ? [bytes(4, Buffer.from(span.parentSpanId, 'hex'))] : []),
    text(5, span.name ?? ''),
    ...(span.kind === undefined ? [] : [integer(6, BigInt(span.kind))]),
    ...(span.startTimeUnixNano === undefined ? [] : [fixed64(7, BigInt(span.startTimeUnixNano))]),
    ...(span.endTimeUnixNano === undefined ? [] : [fixed64(8, BigInt(span.endTimeUnixNano))]),
    ...attributes(9, span.attributes),
    ...(span.droppedAttributesCount === undefined ? [] : [integer(10, BigInt(span.droppedAttributesCount))]),
    ...(span.events ?? []).map((event) =>
      message(11, [
        ...(event.timeUnixNano === undefined ? [] : [fixed64(1, BigInt(event.timeUnixNano))]),
        text(2, event.name ?? ''),
        ...attributes(3, event.attributes),
      ]),
    ),
    ...(status ? [message(15, [text(2, status.message ?? ''), integer(3, BigInt(status.code ?? 0))])] : []),
  ]);
}

export function attributes(field: number, list: OtlpAttribute[] = []): Buffer[] {
  return list.map((attribute) => keyValue(field, attribute));
}

function keyValue(field: number, { key, value }: OtlpAttribute): Buffer {
  return message(field, [text(1, key), message(2, encodeValue(value))]);
}

function encodeValue(value: OtlpValue): Buffer[] {
  if ('stringValue' in value) return [text(1, value.stringValue)];
  if ('boolValue' in value) return [integer(2, value.boolValue ? 1n : 0n)];
  if ('intValue' in value) return [integer(3, BigInt(value.intValue))];
  if ('doubleValue' in value) return [double(4, Number(value.doubleValue))];
  if ('arrayValue' in value) return [message(5, (value.arrayValue.values ?? []).map((item) => message(1, encodeValue(item))))];
  if ('kvlistValue' in value) return [message(6, attributes(1, value.kvlistValue.values))];
  if ('bytesValue' in value) return [bytes(7, Buffer.from(value.bytesValue, 'base64'))];
  return [];
}

export function message(field: number, parts: Buffer[]): Buffer {
  return bytes(field, Buffer.concat(parts));
}

export function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(content.length)), content]);
}

export function text(field: number, content: string): Buffer {
  return bytes(field, Buffer.from(content, 'utf8'));
}

export function integer(field: number, value: bigint): Buffer {
  return Buffer.concat([varint(BigInt(field << 3)), varint(BigInt.asUintN(64, value))]);
}

export function fixed64(field: number, value: bigint): Buffer {
  const content = Buffer.alloc(8);
  content.writeBigUInt64LE(value);
  return Buffer.concat([varint(BigInt((field << 3) | 1)), content]);
}

function double(field: number, value: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeDoubleLE(value);
  return Buffer.concat([varint(BigInt((field << 3) | 1)), content]);
}

export function varint(value: bigint): Buffer {
  const out: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...out, Number(rest)]);
    out.push(Number(rest & 0x7fn) | 0x80);
  }
}
