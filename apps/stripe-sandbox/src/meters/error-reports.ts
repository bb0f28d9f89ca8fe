import { derivedId } from '#platform';
import type { MeterEventRecord, ProblemCode } from './meter-event.js';

/** Stripe names a few failed identifiers of each kind, never all: whoever reads a report has to reconcile its window. */
const SAMPLES_MAX = 5;

/** The `data` of Stripe's thin event `v1.billing.meter.error_report_triggered`. */
export interface MeterErrorData {
  developer_message_summary: string;
  reason: { error_count: number; error_types: ErrorType[] };
  /** The window of the receipts, ISO 8601: the first second that had a rejected event, and the one after the last. */
  validation_start: string;
  validation_end: string;
}

/** What was rejected of one meter. */
export interface ErrorReport extends MeterErrorData {
  id: string;
  object: 'sandbox.error_report';
  meter: string;
  event_name: string;
}

/** What a report is now to be sent of: what was rejected, is in no report yet, and was received so long ago that Stripe has validated it. */
export function dueForReport(unreported: Iterable<MeterEventRecord>, receivedBy: number): MeterEventRecord[] {
  return [...unreported].filter((record) => receiptOf(record) <= receivedBy);
}

interface ErrorType {
  code: ProblemCode;
  error_count: number;
  sample_errors: { error_message: string; request: { identifier: string } }[];
}

/** `records` are in the order of their receipt; counted ones are passed over. */
export function reportErrors(records: Iterable<MeterEventRecord>): ErrorReport[] {
  const reports = new Map<string, ErrorReport>();
  for (const record of records) {
    const { meter, event, outcome } = record;
    if (outcome.kind !== 'rejected') continue;
    const report = reports.get(meter) ?? emptyReport(meter, event.event_name, isoTime(receiptOf(record)));
    reports.set(meter, report);
    report.validation_end = isoTime(receiptOf(record) + 1);
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

function receiptOf({ receivedAt, event }: MeterEventRecord): number {
  return receivedAt ?? event.created;
}

function isoTime(unixSeconds: number): string {
  return new Date(unixSeconds * 1_000).toISOString();
}
