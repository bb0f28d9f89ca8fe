import { sha256Hex } from '#platform';
import type { Happening } from '../events/event.js';
import type { SandboxBehaviour } from '../sandbox-behaviour.js';
import type { Change } from '../state/journal-entry.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { finalizeInvoice } from './change-invoice.js';
import { linesOf } from './invoice-lines.js';
import { showInvoice, type InvoiceObject, type InvoiceRecord } from './invoice.js';
import { viewInvoice } from './view-invoice.js';

export interface Effect {
  changes: Change[];
  events: Happening[];
}

/**
 * Makes a draft final, whether somebody asked for it or its time has come. Its lines are frozen as the meters are: what comes later for
 * the period is on no invoice.
 * @throws StripeError 400 unless it is a draft
 */
export function finalizeAt(
  state: SandboxState,
  draft: InvoiceRecord,
  given: { at: number; behaviour: SandboxBehaviour; autoAdvance?: boolean | undefined },
): Effect & { object: InvoiceObject } {
  const { at, behaviour, autoAdvance } = given;
  const customer = state.customers.get(draft.customer);
  const lines = linesOf(state, draft, at - behaviour.summaryLagSeconds);
  const { invoice, balance } = finalizeInvoice(draft, { lines, number: nextNumber(state, customer.id), balance: customer.balance, at, autoAdvance });
  const object = showInvoice(invoice, lines, behaviour.finalizationGraceSeconds);
  const changes: Change[] = [{ kind: 'put', object: invoice }];
  const events: Happening[] = [
    { type: 'invoice.finalized', object, at },
    { type: 'invoice.updated', object, previous: viewInvoice(state, draft, { at, behaviour }), at },
  ];
  if (balance !== customer.balance) {
    const credited = { ...customer, balance };
    changes.push({ kind: 'put', object: credited });
    events.push({ type: 'customer.updated', object: credited, previous: customer, at });
  }
  if (invoice.status === 'paid') events.push(...paidEvents(object, at));
  return { object, changes, events };
}

export function paidEvents(object: InvoiceObject, at: number): Happening[] {
  return [
    { type: 'invoice.paid', object, at },
    { type: 'invoice.payment_succeeded', object, at },
  ];
}

/** `<prefix of the customer>-<four digits>`, counted without gaps by customer. */
function nextNumber({ invoices }: SandboxState, customer: string): string {
  const count = [...invoices.values()].filter((invoice) => invoice.customer === customer && invoice.number !== null).length;
  return `SANDBOX${sha256Hex(customer).slice(0, 8).toUpperCase()}-${String(count + 1).padStart(4, '0')}`;
}
