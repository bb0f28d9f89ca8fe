import { ROOT_CONTEXT, TraceFlags, trace, type Context } from '@opentelemetry/api';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The context of a `traceparent` header (W3C Trace Context, section 3.2), or undefined when it is absent or invalid: an invalid one is
 * to be ignored. Always sampled, because these traces are evidence.
 */
export function parseTraceParent(header: string | undefined): Context | undefined {
  const [, version, traceId, spanId, , more] = TRACEPARENT.exec(header ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || version === 'ff') return undefined;
  // Version 00 has exactly four fields; later versions may append.
  if (version === '00' && more !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}
