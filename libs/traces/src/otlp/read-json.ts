import { SpanDraft, AttributeDraft, EventDraft, type AttributeValue, type PlainValue } from '../rows/span-draft.js';
import { NESTING_MAX, malformed } from './malformed.js';
import type { SpanSink } from './read-protobuf.js';

/*
 * OTLP's JSON encoding (OTLP specification, "JSON Protobuf Encoding"): ids are hex in either case, 64-bit integers are strings or
 * numbers, enums are integers, unknown fields are ignored, and a field at its default may be absent or null.
 *
 * Known gap: a 64-bit integer above 2^53 that is sent as a number has lost its last digits before we see it; the specification's own
 * form, a string, has not.
 */

type Json = Record<string, unknown>;
const NANOSECONDS_MAX = 0xffff_ffff_ffff_ffffn;

/** @throws DomainError `malformed_otlp` that names the place in the document. */
export function readJson(body: Uint8Array, sink: SpanSink): void {
  const span = new SpanDraft();
  const resource = new AttributeDraft();
  const request = objectAt(parse(body), 'the document');
  for (const [r, resourceSpans] of listAt(request['resourceSpans'], 'resourceSpans').entries()) {
    const group = objectAt(resourceSpans, `resourceSpans[${r}]`);
    resource.reset();
    readAttributes(objectAt(group['resource'] ?? {}, `resourceSpans[${r}].resource`)['attributes'], `resourceSpans[${r}].resource.attributes`, (name, value) =>
      resource.add(name, value),
    );
    for (const [s, scopeSpans] of listAt(group['scopeSpans'], `resourceSpans[${r}].scopeSpans`).entries()) {
      const at = `resourceSpans[${r}].scopeSpans[${s}]`;
      for (const [i, item] of listAt(objectAt(scopeSpans, at)['spans'], `${at}.spans`).entries()) {
        readSpan(span, objectAt(item, `${at}.spans[${i}]`), `${at}.spans[${i}]`);
        sink(span, resource);
      }
    }
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (cause) {
    throw malformed(`it is not JSON (${(cause as Error).message})`, cause);
  }
}

function readSpan(span: SpanDraft, json: Json, at: string): void {
  span.reset();
  span.setTraceId(hexAt(json['traceId'], `${at}.traceId`));
  span.setSpanId(hexAt(json['spanId'], `${at}.spanId`));
  span.setParentSpanId(hexAt(json['parentSpanId'], `${at}.parentSpanId`));
  span.name = textAt(json['name'], `${at}.name`);
  span.kind = integerAt(json['kind'], `${at}.kind`);
  [span.startLow, span.startHigh] = nanosecondsAt(json['startTimeUnixNano'], `${at}.startTimeUnixNano`);
  [span.endLow, span.endHigh] = nanosecondsAt(json['endTimeUnixNano'], `${at}.endTimeUnixNano`);
  const status = objectAt(json['status'] ?? {}, `${at}.status`);
  span.statusCode = integerAt(status['code'], `${at}.status.code`);
  span.statusMessage = textAt(status['message'], `${at}.status.message`);
  readAttributes(json['attributes'], `${at}.attributes`, (name, value) => span.attributes.add(name, value));
  for (const [e, item] of listAt(json['events'], `${at}.events`).entries()) {
    const event = objectAt(item, `${at}.events[${e}]`);
    const draft = new EventDraft();
    [draft.timeLow, draft.timeHigh] = nanosecondsAt(event['timeUnixNano'], `${at}.events[${e}].timeUnixNano`);
    draft.name = textAt(event['name'], `${at}.events[${e}].name`);
    readAttributes(event['attributes'], `${at}.events[${e}].attributes`, (name, value) => draft.add(name, value));
    span.events.push(draft);
  }
}

function readAttributes(json: unknown, at: string, take: (name: string, value: AttributeValue) => void): void {
  for (const [index, item] of listAt(json, at).entries()) {
    const pair = objectAt(item, `${at}[${index}]`);
    const name = textAt(pair['key'], `${at}[${index}].key`);
    const value = plainValue(pair['value'], `${at}[${index}].value`, 0);
    if (name === '' || value === undefined) continue;
    take(name, typeof value === 'object' ? JSON.stringify(value) : value);
  }
}

function plainValue(json: unknown, at: string, depth: number): PlainValue {
  if (json == null) return undefined;
  const any = objectAt(json, at);
  if (any['stringValue'] != null) return textAt(any['stringValue'], `${at}.stringValue`);
  if (any['boolValue'] != null) return booleanAt(any['boolValue'], `${at}.boolValue`);
  if (any['intValue'] != null) return int64At(any['intValue'], `${at}.intValue`);
  if (any['doubleValue'] != null) return doubleAt(any['doubleValue'], `${at}.doubleValue`);
  if (any['bytesValue'] != null) return Buffer.from(textAt(any['bytesValue'], `${at}.bytesValue`), 'base64').toString('base64');
  if (any['arrayValue'] != null) {
    checkDepth(at, depth);
    return listAt(objectAt(any['arrayValue'], at)['values'], at).map((value) => plainValue(value, at, depth + 1));
  }
  if (any['kvlistValue'] != null) {
    checkDepth(at, depth);
    return Object.fromEntries(
      listAt(objectAt(any['kvlistValue'], at)['values'], at).map((item) => {
        const pair = objectAt(item, at);
        return [textAt(pair['key'], at), plainValue(pair['value'], at, depth + 1)];
      }),
    );
  }
  return undefined;
}

function checkDepth(at: string, depth: number): void {
  if (depth >= NESTING_MAX) throw malformed(`${at} is nested deeper than ${NESTING_MAX}`);
}

function objectAt(json: unknown, at: string): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(`${at} must be an object`);
  return json as Json;
}

function listAt(json: unknown, at: string): unknown[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw malformed(`${at} must be a list`);
  return json;
}

function textAt(json: unknown, at: string): string {
  if (json === undefined || json === null) return '';
  if (typeof json !== 'string') throw malformed(`${at} must be a string`);
  return json;
}

function integerAt(json: unknown, at: string): number {
  if (json === undefined || json === null) return 0;
  if (!Number.isInteger(json)) throw malformed(`${at} must be an integer (enums are numbers in OTLP JSON)`);
  return json as number;
}

// An int64 beyond 2^53 is kept as its digits: no count that we compute with is that large.
function int64At(json: unknown, at: string): AttributeValue {
  if (!Number.isInteger(json) && (typeof json !== 'string' || !/^-?\d{1,19}$/.test(json))) throw malformed(`${at} must be an integer or its digits`);
  const value = Number(json);
  return Number.isSafeInteger(value) ? value : String(BigInt(json as string | number));
}

// What JSON has no number for is spelt out (ProtoJSON: "NaN", "Infinity", "-Infinity").
function doubleAt(json: unknown, at: string): number {
  const value = typeof json === 'string' && json.trim() === '' ? undefined : Number(json);
  if ((typeof json !== 'number' && typeof json !== 'string') || value === undefined || (Number.isNaN(value) && json !== 'NaN')) throw malformed(`${at} must be a number`);
  return value;
}

function booleanAt(json: unknown, at: string): boolean {
  if (typeof json !== 'boolean') throw malformed(`${at} must be true or false`);
  return json;
}

function hexAt(json: unknown, at: string): Uint8Array {
  const text = textAt(json, at);
  const bytes = Buffer.from(text, 'hex');
  // Node stops at the first character that is no hex digit; an id of another length is a matter for the span, not the batch.
  if (bytes.length * 2 !== text.length) return new Uint8Array(0);
  return bytes;
}

function nanosecondsAt(json: unknown, at: string): [low: number, high: number] {
  if (json === undefined || json === null) return [0, 0];
  if ((typeof json !== 'string' || !/^\d{1,20}$/.test(json)) && !(typeof json === 'number' && Number.isInteger(json) && json >= 0)) {
    throw malformed(`${at} must be nanoseconds since 1970 as a decimal string`);
  }
  const value = BigInt(json);
  if (value > NANOSECONDS_MAX) throw malformed(`${at} does not fit 64 bits`);
  return [Number(value & 0xffff_ffffn), Number(value >> 32n)];
}
