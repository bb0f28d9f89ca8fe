import type { SandboxBehaviour } from '../sandbox-behaviour.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { linesOf } from './invoice-lines.js';
import { showInvoice, type InvoiceObject, type InvoiceRecord } from './invoice.js';

/** An invoice as it is shown at a time of its customer: a draft with what its meters count by then. */
export function viewInvoice(state: SandboxState, invoice: InvoiceRecord, given: { at: number; behaviour: SandboxBehaviour }): InvoiceObject {
  const { at, behaviour } = given;
  return showInvoice(invoice, linesOf(state, invoice, at - behaviour.summaryLagSeconds), behaviour.finalizationGraceSeconds);
}
