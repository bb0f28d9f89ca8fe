import { isInvoiceCreatedWanted } from '../events/record-events.js';
import type { Happening } from '../events/event.js';
import { finalizeAt, type Effect } from '../invoices/finalize-at.js';
import { draftInvoice } from '../invoices/invoice.js';
import { viewInvoice } from '../invoices/view-invoice.js';
import type { SandboxBehaviour } from '../sandbox-behaviour.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { endSubscription } from '../subscriptions/change-subscription.js';
import { openPeriod, showSubscription, type SubscriptionRecord } from '../subscriptions/subscription.js';
import type { DueStep } from './due-steps.js';

/** What a due step changes, as at its own time and not as late as it may be carried out. */
export function carryOut(state: SandboxState, step: DueStep, behaviour: SandboxBehaviour): Effect {
  switch (step.kind) {
    case 'end_period':
      return endPeriod(state, step.subscription, step.at, behaviour);
    case 'finalize_invoice':
      return finalizeAt(state, step.invoice, { at: step.at, behaviour });
  }
}

function endPeriod(state: SandboxState, subscription: SubscriptionRecord, at: number, behaviour: SandboxBehaviour): Effect {
  const period = openPeriod(subscription);
  const { invoice, effect } = invoicePeriod(state, subscription, { period, at, billingReason: 'subscription_cycle' }, behaviour);
  const next = { ...subscription, invoicedThrough: period.end, latestInvoice: invoice };
  const after = subscription.cancelAtPeriodEnd ? endSubscription(next, period.end) : next;
  const object = showSubscription(after, at);
  const event: Happening = subscription.cancelAtPeriodEnd
    ? { type: 'customer.subscription.deleted', object, at }
    : { type: 'customer.subscription.updated', object, previous: showSubscription(subscription, period.end - 1), at };
  return { changes: [...effect.changes, { kind: 'put', object: after }], events: [...effect.events, event] };
}

/** A draft over a period of a subscription. */
export function invoicePeriod(
  state: SandboxState,
  subscription: SubscriptionRecord,
  given: Omit<Parameters<typeof draftInvoice>[1], 'isAwaited'>,
  behaviour: SandboxBehaviour,
): { invoice: string; effect: Effect } {
  const draft = draftInvoice(subscription, { ...given, isAwaited: isInvoiceCreatedWanted(state) });
  const created: Happening = { type: 'invoice.created', object: viewInvoice(state, draft, { at: given.at, behaviour }), at: given.at };
  return { invoice: draft.id, effect: { changes: [{ kind: 'put', object: draft }], events: [created] } };
}
