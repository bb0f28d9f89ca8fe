import type { IntakeFigures } from '#traces';

/** Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Metric {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  value: (figures: IntakeFigures) => number;
}

const METRICS: readonly Metric[] = [
  { name: 'astrolabe_ingest_spans_accepted_total', type: 'counter', help: 'Spans acknowledged since the start, copies included', value: (f) => f.acceptedSpans },
  { name: 'astrolabe_ingest_spans_resent_total', type: 'counter', help: 'Of these, copies of spans that were on disk already', value: (f) => f.resentSpans },
  { name: 'astrolabe_ingest_spans_rejected_total', type: 'counter', help: 'Spans that were not taken, each told to its sender', value: (f) => f.rejectedSpans },
  { name: 'astrolabe_ingest_logs_accepted_total', type: 'counter', help: 'Log records acknowledged since the start', value: (f) => f.acceptedLogs },
  { name: 'astrolabe_ingest_logs_rejected_total', type: 'counter', help: 'Log records that were not taken, each told to its sender', value: (f) => f.rejectedLogs },
  { name: 'astrolabe_ingest_signals_accepted_total', type: 'counter', help: 'Signals acknowledged over REST since the start, copies included', value: (f) => f.acceptedSignals },
  { name: 'astrolabe_ingest_signals_rejected_total', type: 'counter', help: 'Signals over REST that were not taken, each told to its sender', value: (f) => f.rejectedSignals },
  { name: 'astrolabe_spool_bytes', type: 'gauge', help: 'Acknowledged and not yet in ClickHouse', value: (f) => f.spoolBytes },
  { name: 'astrolabe_spool_segments', type: 'gauge', help: 'Sealed segments that wait for ClickHouse', value: (f) => f.spoolSegments },
  { name: 'astrolabe_spool_refused_segments', type: 'gauge', help: 'Segments that ClickHouse refused and that wait for a person: astrolabe spool list', value: (f) => f.refusedSegments },
  { name: 'astrolabe_store_away', type: 'gauge', help: '1 while ClickHouse takes no segment', value: (f) => Number(f.isStoreAway) },
];

/** What a receiver took in and what waits in it, for Prometheus. Nothing in it tells one organization from another. */
export function metricsText(figures: IntakeFigures): string {
  return METRICS.map(({ name, type, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value(figures)}\n`).join('');
}
