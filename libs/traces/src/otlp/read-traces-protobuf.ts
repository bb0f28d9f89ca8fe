import { crc32 } from 'node:zlib';
import { AttributeDraft, attributeValue } from '../rows/attribute-draft.js';
import { attributeName } from '../rows/attribute-name.js';
import { SpanDraft, type EventDraft } from '../rows/span-draft.js';
import { TextCache } from '../text/text-cache.js';
import { readAttribute, readId, readKeyValue, readResource, readText } from './protobuf-values.js';
import type { ReadOptions, SpanSink } from './read-request.js';
import { WireReader } from './wire-reader.js';

/*
 * Reads ExportTraceServiceRequest off the wire, field by field, into one reused draft: no object per attribute, none per span.
 * Field numbers: opentelemetry-proto, trace/v1/trace.proto.
 */

const names = new TextCache((text) => text);

/** @throws DomainError `malformed_otlp`; spans seen before the fault have already reached the sink, which must then be discarded. */
export function readTracesProtobuf(body: Uint8Array, options: ReadOptions, sink: SpanSink): void {
  const wire = new WireReader(body);
  const span = new SpanDraft(options.limits, options.keepsContent);
  const resource = new AttributeDraft(options.limits, false);
  while (wire.next(wire.length)) {
    if (wire.field === 1) readResourceSpans(wire, span, resource, sink);
    else wire.skip();
  }
}

// The resource may stand after its spans, so it is looked for first.
function readResourceSpans(wire: WireReader, span: SpanDraft, resource: AttributeDraft, sink: SpanSink): void {
  const end = wire.end();
  const start = wire.at;
  const resourceChecksum = readResource(wire, end, resource);
  wire.at = start;
  while (wire.next(end)) {
    if (wire.field !== 2) {
      wire.skip();
      continue;
    }
    const scopeEnd = wire.end();
    while (wire.next(scopeEnd)) {
      if (wire.field === 2) readSpan(wire, span, resource, resourceChecksum, sink);
      else wire.skip();
    }
  }
}

function readSpan(wire: WireReader, span: SpanDraft, resource: AttributeDraft, resourceChecksum: number, sink: SpanSink): void {
  const end = wire.end();
  const start = wire.at;
  span.reset(wire.bytes);
  while (wire.next(end)) {
    switch (wire.field) {
      case 1:
        span.traceIdBytes = readId(wire, span.traceId);
        break;
      case 2:
        span.spanIdBytes = readId(wire, span.spanId);
        break;
      case 4:
        readId(wire, span.parentSpanId);
        break;
      case 5: {
        const nameEnd = wire.end();
        span.name = names.get(wire.bytes, wire.at, nameEnd);
        wire.at = nameEnd;
        break;
      }
      case 6:
        span.kind = wire.uint32();
        break;
      case 7: {
        const at = wire.fixed64At();
        span.startLow = wire.uint32At(at);
        span.startHigh = wire.uint32At(at + 4);
        break;
      }
      case 8: {
        const at = wire.fixed64At();
        span.endLow = wire.uint32At(at);
        span.endHigh = wire.uint32At(at + 4);
        break;
      }
      case 9:
        readAttribute(wire, span.attributes);
        break;
      case 11:
        readEvent(wire, span);
        break;
      case 15:
        readStatus(wire, span);
        break;
      default:
        wire.skip();
    }
  }
  sink(span, resource, crc32(wire.bytes.subarray(start, end), resourceChecksum));
}

function readStatus(wire: WireReader, span: SpanDraft): void {
  const end = wire.end();
  while (wire.next(end)) {
    if (wire.field === 2) span.statusMessage = readText(wire);
    else if (wire.field === 3) span.statusCode = wire.uint32();
    else wire.skip();
  }
}

function readEvent(wire: WireReader, span: SpanDraft): void {
  const end = wire.end();
  const event = span.startEvent();
  if (event === undefined) {
    wire.at = end;
    return;
  }
  while (wire.next(end)) {
    if (wire.field === 1) {
      const at = wire.fixed64At();
      event.timeLow = wire.uint32At(at);
      event.timeHigh = wire.uint32At(at + 4);
    } else if (wire.field === 2) event.name = readText(wire);
    else if (wire.field === 3) readEventAttribute(wire, event);
    else wire.skip();
  }
}

function readEventAttribute(wire: WireReader, event: EventDraft): void {
  const [name, value] = readKeyValue(wire);
  if (name !== '' && value !== undefined) event.add(attributeName(name), attributeValue(value));
}
