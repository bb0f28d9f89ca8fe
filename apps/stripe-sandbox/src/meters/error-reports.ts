import { derivedId } from '#platform';
import type { MeterEventRecord, ProblemCode } from './meter-event.js';

/** Stripe names a few failed identifiers of each kind, never all: whoever reads a report has to reconcile its window. */
const SAMPLES_MAX = 5;

/** The data of Stripe's thin event `v1.billing.meter.error_report_triggered`, one a meter, over everything that was rejected. */
export interface ErrorReport {
  id: string;
  object: 'sandbox.error_report';
  meter: string;
  event_name: string;
  developer_message_summary: string;
  reason: { error_count: number; error_types: ErrorType[] };
  /** From the first to the last receipt of a rejected event, ISO 8601. */
  validation_start: string;
  validation_end: string;
}

interface ErrorType {
  code: ProblemCode;
  error_count: number;
  sample_errors: { error_message: string; request: { identifier: string } }[];
}

/** `records` are in the order of their receipt; counted ones are passed over. */
export function reportErrors(records: Iterable<MeterEventRecord>): ErrorReport[] {
  const reports = new Map<string, ErrorReport>();
  for (const { meter, event, outcome } of records) {
    if (outcome.kind !== 'rejected') continue;
    const receivedAt = new Date(event.created * 1_000).toISOString();
    const report = reports.get(meter) ?? emptyReport(meter, event.event_name, receivedAt);
    reports.set(meter, report);
    report.validation_end = receivedAt;
    count(report, outcome.code, { error_message: outcome.message, request: { identifier: event.identifier } });
    report.developer_message_summary = summaryOf(report);
  }
  return [...reports.values()];
}

function count(report: ErrorReport, code: ProblemCode, sample: ErrorType['sample_errors'][number]): void {
  let type = report.reason.error_types.find((known) => known.code === code);
  if (!type) {
    type = { code, error_count: 0, sample_errors: [] };
    report.reason.error_types.push(type);
  }
  type.error_count += 1;
  report.reason.error_count += 1;
  if (type.sample_errors.length < SAMPLES_MAX) type.sample_errors.push(sample);
}

function emptyReport(meter: string, eventName: string, receivedAt: string): ErrorReport {
  return {
    id: derivedId('report_sandbox', meter),
    object: 'sandbox.error_report',
    meter,
    event_name: eventName,
    developer_message_summary: '',
    reason: { error_count: 0, error_types: [] },
    validation_start: receivedAt,
    validation_end: receivedAt,
  };
}

function summaryOf({ event_name, reason }: ErrorReport): string {
  const kinds = reason.error_types.map(({ code, error_count }) => `${error_count} ${code}`).join(', ');
  return `${reason.error_count} ${reason.error_count === 1 ? 'event' : 'events'} of ${event_name} left out: ${kinds}.`;
}
