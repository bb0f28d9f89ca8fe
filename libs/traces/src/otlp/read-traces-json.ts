import { AttributeDraft } from '../rows/attribute-draft.js';
import { SpanDraft, copyId } from '../rows/span-draft.js';
import { attributesAt, checksumOf, hexAt, integerAt, listAt, nanosecondsAt, objectAt, parseDocument, textAt, type Json } from './json-values.js';
import type { ReadOptions, SpanSink } from './read-traces-protobuf.js';

const NO_SOURCE = new Uint8Array(0);

/** Reads ExportTraceServiceRequest as JSON. @throws DomainError `malformed_otlp` that names the place in the document. */
export function readTracesJson(body: Uint8Array, options: ReadOptions, sink: SpanSink): void {
  const span = new SpanDraft(options.limits, options.keepsContent);
  const resource = new AttributeDraft(options.limits, false);
  for (const [r, item] of listAt(parseDocument(body)['resourceSpans'], 'resourceSpans').entries()) {
    const at = `resourceSpans[${r}]`;
    const group = objectAt(item, at);
    const resourceChecksum = readResource(group['resource'], `${at}.resource`, resource);
    for (const [s, scopeSpans] of listAt(group['scopeSpans'], `${at}.scopeSpans`).entries()) {
      const scopeAt = `${at}.scopeSpans[${s}]`;
      for (const [i, json] of listAt(objectAt(scopeSpans, scopeAt)['spans'], `${scopeAt}.spans`).entries()) {
        const spanAt = `${scopeAt}.spans[${i}]`;
        readSpan(span, objectAt(json, spanAt), spanAt);
        sink(span, resource, checksumOf(json, spanAt, resourceChecksum));
      }
    }
  }
}

/** Fills the resource of a group, and gives a checksum of it. */
export function readResource(json: unknown, at: string, resource: AttributeDraft): number {
  resource.reset(NO_SOURCE);
  const found = objectAt(json ?? {}, at);
  attributesAt(found['attributes'], `${at}.attributes`, (name, value) => resource.add(name, value));
  return checksumOf(found, at);
}

function readSpan(span: SpanDraft, json: Json, at: string): void {
  span.reset(NO_SOURCE);
  span.traceIdBytes = idAt(json['traceId'], `${at}.traceId`, span.traceId);
  span.spanIdBytes = idAt(json['spanId'], `${at}.spanId`, span.spanId);
  idAt(json['parentSpanId'], `${at}.parentSpanId`, span.parentSpanId);
  span.name = textAt(json['name'], `${at}.name`);
  span.kind = integerAt(json['kind'], `${at}.kind`);
  [span.startLow, span.startHigh] = nanosecondsAt(json['startTimeUnixNano'], `${at}.startTimeUnixNano`);
  [span.endLow, span.endHigh] = nanosecondsAt(json['endTimeUnixNano'], `${at}.endTimeUnixNano`);
  const status = objectAt(json['status'] ?? {}, `${at}.status`);
  span.statusCode = integerAt(status['code'], `${at}.status.code`);
  span.statusMessage = textAt(status['message'], `${at}.status.message`);
  attributesAt(json['attributes'], `${at}.attributes`, (name, value) => span.attributes.add(name, value));
  for (const [e, item] of listAt(json['events'], `${at}.events`).entries()) readEvent(span, objectAt(item, `${at}.events[${e}]`), `${at}.events[${e}]`);
}

function readEvent(span: SpanDraft, json: Json, at: string): void {
  const event = span.startEvent();
  if (event === undefined) return;
  [event.timeLow, event.timeHigh] = nanosecondsAt(json['timeUnixNano'], `${at}.timeUnixNano`);
  event.name = textAt(json['name'], `${at}.name`);
  attributesAt(json['attributes'], `${at}.attributes`, (name, value) => event.add(name, value));
}

/** Reads an id into its place, and gives the bytes that it had. */
export function idAt(json: unknown, at: string, target: Buffer): number {
  const bytes = hexAt(json, at);
  return copyId(target, bytes, 0, bytes.length);
}
