import { LogDraft } from '../logs/log-draft.js';
import { AttributeDraft, attributeValue, type AttributeLimits } from '../rows/attribute-draft.js';
import { attributeName } from '../rows/attribute-name.js';
import { readId, readKeyValue, readResource, readText } from './protobuf-values.js';
import type { LogSink } from './read-request.js';
import { WireReader } from './wire-reader.js';

/*
 * Reads ExportLogsServiceRequest off the wire into one reused draft. Field numbers: opentelemetry-proto, logs/v1/logs.proto. Log records that
 * we keep are few next to spans: this reader is made to be read.
 */

/** @throws DomainError `malformed_otlp`; records seen before the fault have already reached the sink, which must then be discarded. */
export function readLogsProtobuf(body: Uint8Array, limits: AttributeLimits, sink: LogSink): void {
  const wire = new WireReader(body);
  const log = new LogDraft(limits);
  const resource = new AttributeDraft(limits, false);
  while (wire.next(wire.length)) {
    if (wire.field === 1) readResourceLogs(wire, log, resource, sink);
    else wire.skip();
  }
}

// The resource may stand after its records, so it is looked for first.
function readResourceLogs(wire: WireReader, log: LogDraft, resource: AttributeDraft, sink: LogSink): void {
  const end = wire.end();
  const start = wire.at;
  readResource(wire, end, resource);
  wire.at = start;
  while (wire.next(end)) {
    if (wire.field === 2) readScopeLogs(wire, log, resource, sink);
    else wire.skip();
  }
}

function readScopeLogs(wire: WireReader, log: LogDraft, resource: AttributeDraft, sink: LogSink): void {
  const end = wire.end();
  while (wire.next(end)) {
    if (wire.field !== 2) {
      wire.skip();
      continue;
    }
    readRecord(wire, log);
    sink(log, resource);
  }
}

function readRecord(wire: WireReader, log: LogDraft): void {
  const end = wire.end();
  log.reset();
  while (wire.next(end)) {
    if (wire.field === 1 || wire.field === 11) {
      const at = wire.fixed64At();
      const [low, high] = [wire.uint32At(at), wire.uint32At(at + 4)];
      if (wire.field === 1) [log.timeLow, log.timeHigh] = [low, high];
      else [log.observedLow, log.observedHigh] = [low, high];
    } else if (wire.field === 6) readRecordAttribute(wire, log);
    else if (wire.field === 9) readId(wire, log.traceId);
    else if (wire.field === 10) readId(wire, log.spanId);
    else if (wire.field === 12) log.eventName = readText(wire) || log.eventName;
    else wire.skip();
  }
}

function readRecordAttribute(wire: WireReader, log: LogDraft): void {
  const [name, value] = readKeyValue(wire);
  if (name !== '' && value !== undefined) log.add(attributeName(name), attributeValue(value));
}
