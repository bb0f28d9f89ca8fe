/**
 * What falls due with the passing of time, found in the state and carried out by carry-out.ts: a billing period that ends, and a draft whose
 * hour is over. Pure; nothing is scheduled anywhere, so that a restart or a clock that jumps loses nothing.
 */
import { finalizesAt, type InvoiceRecord } from '../invoices/invoice.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { openPeriod, type SubscriptionRecord } from '../subscriptions/subscription.js';

export type DueStep =
  | { kind: 'end_period'; at: number; subscription: SubscriptionRecord }
  | { kind: 'finalize_invoice'; at: number; invoice: InvoiceRecord };

/** Whose time: a test clock's id, or null for the sandbox's own. */
export type Timeline = string | null;

/** The earliest step of a timeline, however far ahead. Of two at one time, what was there first comes first. */
export function nextStep(state: SandboxState, timeline: Timeline, graceSeconds: number): DueStep | undefined {
  let next: DueStep | undefined;
  const offer = (step: DueStep): void => {
    if (next === undefined || step.at < next.at) next = step;
  };
  for (const invoice of state.invoices.values()) {
    if (invoice.testClock !== timeline) continue;
    const at = finalizesAt(invoice, graceSeconds);
    if (at !== undefined) offer({ kind: 'finalize_invoice', at, invoice });
  }
  for (const subscription of state.subscriptions.values()) {
    if (subscription.testClock !== timeline || subscription.endedAt !== null) continue;
    offer({ kind: 'end_period', at: openPeriod(subscription).end, subscription });
  }
  return next;
}
