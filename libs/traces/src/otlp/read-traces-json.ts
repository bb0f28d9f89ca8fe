import { AttributeDraft } from '../rows/attribute-draft.js';
import { SpanDraft } from '../rows/span-draft.js';
import { NO_SOURCE, attributesAt, checksumOf, idAt, integerAt, listAt, nanosecondsAt, objectAt, parseDocument, resourceAt, textAt, type Json } from './json-values.js';
import type { ReadOptions, SpanSink } from './read-request.js';

/** Reads ExportTraceServiceRequest as JSON. @throws DomainError `malformed_otlp` that names the place in the document. */
export function readTracesJson(body: Uint8Array, options: ReadOptions, sink: SpanSink): void {
  const span = new SpanDraft(options.limits, options.keepsContent);
  const resource = new AttributeDraft(options.limits, false);
  for (const [r, item] of listAt(parseDocument(body)['resourceSpans'], 'resourceSpans').entries()) {
    const at = `resourceSpans[${r}]`;
    const group = objectAt(item, at);
    const resourceChecksum = resourceAt(group['resource'], `${at}.resource`, resource);
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
