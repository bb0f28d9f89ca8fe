import { LogDraft } from '../logs/log-draft.js';
import { AttributeDraft, type AttributeLimits } from '../rows/attribute-draft.js';
import { attributesAt, idAt, listAt, nanosecondsAt, objectAt, parseDocument, resourceAt, textAt, type Json } from './json-values.js';
import type { LogSink } from './read-request.js';

/** Reads ExportLogsServiceRequest as JSON. @throws DomainError `malformed_otlp` that names the place in the document. */
export function readLogsJson(body: Uint8Array, limits: AttributeLimits, sink: LogSink): void {
  const log = new LogDraft(limits);
  const resource = new AttributeDraft(limits, false);
  for (const [r, item] of listAt(parseDocument(body)['resourceLogs'], 'resourceLogs').entries()) {
    const at = `resourceLogs[${r}]`;
    const group = objectAt(item, at);
    resourceAt(group['resource'], `${at}.resource`, resource);
    for (const [s, scopeLogs] of listAt(group['scopeLogs'], `${at}.scopeLogs`).entries()) {
      const scopeAt = `${at}.scopeLogs[${s}]`;
      for (const [l, json] of listAt(objectAt(scopeLogs, scopeAt)['logRecords'], `${scopeAt}.logRecords`).entries()) {
        const recordAt = `${scopeAt}.logRecords[${l}]`;
        readRecord(log, objectAt(json, recordAt), recordAt);
        sink(log, resource);
      }
    }
  }
}

function readRecord(log: LogDraft, json: Json, at: string): void {
  log.reset();
  idAt(json['traceId'], `${at}.traceId`, log.traceId);
  idAt(json['spanId'], `${at}.spanId`, log.spanId);
  [log.timeLow, log.timeHigh] = nanosecondsAt(json['timeUnixNano'], `${at}.timeUnixNano`);
  [log.observedLow, log.observedHigh] = nanosecondsAt(json['observedTimeUnixNano'], `${at}.observedTimeUnixNano`);
  log.eventName = textAt(json['eventName'], `${at}.eventName`);
  attributesAt(json['attributes'], `${at}.attributes`, (name, value) => log.add(name, value));
}
