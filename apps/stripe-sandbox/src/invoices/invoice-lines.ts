import { aggregateMeter } from '../meters/aggregate-meter.js';
import type { SandboxState } from '../state/sandbox-state.js';
import type { InvoiceRecord } from './invoice.js';
import { meteredLine, type InvoiceLine } from './invoice-line.js';

/**
 * The lines of an invoice: its own once it is final, and while it is a draft what its meters say of the period now, of what had been
 * received by `receivedBy`.
 */
export function linesOf(state: SandboxState, invoice: InvoiceRecord, receivedBy: number): InvoiceLine[] {
  if (invoice.lines) return invoice.lines;
  const { id, billingReason, customer, subscription, period } = invoice;
  return invoice.items.map((item) => {
    const { meter } = item.price.recurring;
    const { formula } = state.meters.get(meter).default_aggregation;
    const usage = aggregateMeter(formula, state.usage.countedFor(meter, customer, receivedBy), { startTime: period.start, endTime: period.end });
    return meteredLine({ invoice: { id, isPreview: billingReason === 'upcoming' }, subscription, item, period, usage });
  });
}
