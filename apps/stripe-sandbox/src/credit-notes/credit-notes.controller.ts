import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import type { Happening } from '../events/event.js';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { creditBalance } from '../invoices/credit-balance.js';
import { paidEvents, type Effect } from '../invoices/finalize-at.js';
import type { InvoiceRecord } from '../invoices/invoice.js';
import { viewInvoice } from '../invoices/view-invoice.js';
import { SandboxBehaviour } from '../sandbox-behaviour.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { creditNoteParams, issueCreditNote, voidCreditNote, type CreditNoteObject } from './credit-note.js';

const listParams = z.strictObject({ ...pageParams, invoice: text().optional(), customer: text().optional() });
const noParams = z.strictObject({});

@StripeApi('credit_notes')
export class CreditNotesController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
    private readonly behaviour: SandboxBehaviour,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall): Promise<CreditNoteObject> {
    const params = readParams(creditNoteParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const { state } = this.store;
        const before = state.invoices.named(params.invoice, 'invoice');
        const at = this.store.timeOf(before.customer);
        const earlier = [...state.creditNotes.values()].filter(({ invoice }) => invoice === before.id);
        const { note, invoice } = issueCreditNote(params, { invoice: before, earlier, now: at });
        const credited = creditBalance(state, before.customer, params.credit_amount, at);
        const told = this.#afterwards(before, invoice, at);
        return {
          body: note,
          changes: [{ kind: 'put', object: note }, ...told.changes, ...credited.changes],
          events: [{ type: 'credit_note.created', object: note, at }, ...told.events, ...credited.events],
        };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const { invoice, customer, ...page } = readParams(listParams, call.params);
    const { creditNotes } = await this.store.settled();
    const notes = creditNotes
      .newestFirst()
      .filter((note) => (invoice === undefined || note.invoice === invoice) && (customer === undefined || note.customer === customer));
    return listPage(call.path, notes, page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string): Promise<CreditNoteObject> {
    readParams(noParams, call.params);
    return (await this.store.settled()).creditNotes.get(id);
  }

  @Get(':id/lines')
  async listLines(@Call() call: StripeCall, @Param('id') id: string) {
    const page = readParams(z.strictObject(pageParams), call.params);
    return listPage(call.path, (await this.store.settled()).creditNotes.get(id).lines.data, page);
  }

  @StripePost(':id/void')
  void(@Call() call: StripeCall, @Param('id') id: string): Promise<CreditNoteObject> {
    readParams(noParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const { creditNotes, invoices } = this.store.state;
        const issued = creditNotes.get(id);
        const before = invoices.get(issued.invoice);
        const at = this.store.timeOf(issued.customer);
        const { note, invoice } = voidCreditNote(issued, before, at);
        const told = this.#afterwards(before, invoice, at);
        return { body: note, changes: [{ kind: 'put', object: note }, ...told.changes], events: [{ type: 'credit_note.voided', object: note, at }, ...told.events] };
      },
    });
  }

  #afterwards(before: InvoiceRecord, invoice: InvoiceRecord, at: number): Effect {
    const view = (record: InvoiceRecord) => viewInvoice(this.store.state, record, { at, behaviour: this.behaviour });
    const object = view(invoice);
    const updated: Happening = { type: 'invoice.updated', object, previous: view(before), at };
    const isPaidNow = before.status !== 'paid' && invoice.status === 'paid';
    return { changes: [{ kind: 'put', object: invoice }], events: [updated, ...(isPaidNow ? paidEvents(object, at) : [])] };
  }
}
