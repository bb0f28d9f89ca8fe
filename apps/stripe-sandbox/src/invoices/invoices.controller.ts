import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { boolean, readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxBehaviour } from '../sandbox-behaviour.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { changeInvoice, invoiceChangeParams, markUncollectible, payInvoice, voidInvoice } from './change-invoice.js';
import { creditBalance } from './credit-balance.js';
import { finalizeAt, paidEvents } from './finalize-at.js';
import { linesOf } from './invoice-lines.js';
import type { InvoiceObject, InvoiceRecord } from './invoice.js';
import { previewInvoice, previewParams } from './preview-invoice.js';
import { viewInvoice } from './view-invoice.js';

const listParams = z.strictObject({
  ...pageParams,
  customer: text().optional(),
  subscription: text().optional(),
  status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
});
const linesParams = z.strictObject(pageParams);
const finalizeParams = z.strictObject({ auto_advance: boolean().optional() });
const payParams = z.strictObject({ paid_out_of_band: boolean().default(false) });
const noParams = z.strictObject({});

@StripeApi('invoices')
export class InvoicesController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
    private readonly behaviour: SandboxBehaviour,
  ) {}

  /** A POST by form only: it changes nothing, so it takes no part in idempotency and faults. */
  @StripePost('create_preview')
  async createPreview(@Call() call: StripeCall): Promise<InvoiceObject> {
    const params = readParams(previewParams, call.params);
    const state = await this.store.settled();
    const timeOf = (customer: string): number => this.store.timeOf(customer);
    return this.#view(state, previewInvoice(state, params, timeOf));
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const { customer, subscription, status, ...page } = readParams(listParams, call.params);
    const state = await this.store.settled();
    const invoices = state.invoices
      .newestFirst()
      .filter(
        (invoice) =>
          (customer === undefined || invoice.customer === customer) &&
          (subscription === undefined || invoice.subscription.id === subscription) &&
          (status === undefined || invoice.status === status),
      );
    const { data, ...rest } = listPage(call.path, invoices, page);
    return { ...rest, data: data.map((invoice) => this.#view(state, invoice)) };
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string): Promise<InvoiceObject> {
    readParams(noParams, call.params);
    const state = await this.store.settled();
    return this.#view(state, state.invoices.get(id));
  }

  @Get(':id/lines')
  async listLines(@Call() call: StripeCall, @Param('id') id: string) {
    const page = readParams(linesParams, call.params);
    const state = await this.store.settled();
    const invoice = state.invoices.get(id);
    return listPage(call.path, linesOf(state, invoice, this.store.timeOf(invoice.customer) - this.behaviour.summaryLagSeconds), page);
  }

  @StripePost(':id')
  update(@Call() call: StripeCall, @Param('id') id: string): Promise<InvoiceObject> {
    const params = readParams(invoiceChangeParams, call.params);
    return this.#change(call, id, (invoice, at) => changeInvoice(invoice, params, at));
  }

  @StripePost(':id/finalize')
  finalize(@Call() call: StripeCall, @Param('id') id: string): Promise<InvoiceObject> {
    const { auto_advance: autoAdvance } = readParams(finalizeParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const { state } = this.store;
        const draft = state.invoices.get(id);
        const at = this.store.timeOf(draft.customer);
        const { object, changes, events } = finalizeAt(state, draft, { at, behaviour: this.behaviour, autoAdvance });
        return { body: object, changes, events };
      },
    });
  }

  @StripePost(':id/pay')
  pay(@Call() call: StripeCall, @Param('id') id: string): Promise<InvoiceObject> {
    const { paid_out_of_band: isOutOfBand } = readParams(payParams, call.params);
    return this.#change(call, id, (invoice, at) => payInvoice(invoice, { isOutOfBand, at }), paidEvents);
  }

  /** Credit of the customer that the invoice had used up goes back to the balance. */
  @StripePost(':id/void')
  void(@Call() call: StripeCall, @Param('id') id: string): Promise<InvoiceObject> {
    readParams(noParams, call.params);
    return this.#change(call, id, voidInvoice, (object, at) => [{ type: 'invoice.voided', object, at }], (invoice) =>
      invoice.balance ? invoice.balance.after - invoice.balance.before : 0,
    );
  }

  @StripePost(':id/mark_uncollectible')
  markUncollectible(@Call() call: StripeCall, @Param('id') id: string): Promise<InvoiceObject> {
    readParams(noParams, call.params);
    return this.#change(call, id, markUncollectible, (object, at) => [{ type: 'invoice.marked_uncollectible', object, at }]);
  }

  /** `creditOf`: what is credited to the customer's balance by the change. */
  #change(
    call: StripeCall,
    id: string,
    change: (invoice: InvoiceRecord, at: number) => InvoiceRecord,
    eventsOf: typeof paidEvents = () => [],
    creditOf: (invoice: InvoiceRecord) => number = () => 0,
  ): Promise<InvoiceObject> {
    return this.writes.perform(call, {
      act: () => {
        const { state } = this.store;
        const before = state.invoices.get(id);
        const at = this.store.timeOf(before.customer);
        const invoice = change(before, at);
        const body = this.#view(state, invoice);
        const credited = creditBalance(state, invoice.customer, creditOf(before), at);
        return {
          body,
          changes: [{ kind: 'put', object: invoice }, ...credited.changes],
          events: [...eventsOf(body, at), { type: 'invoice.updated', object: body, previous: this.#view(state, before), at }, ...credited.events],
        };
      },
    });
  }

  #view(state: SandboxState, invoice: InvoiceRecord): InvoiceObject {
    return viewInvoice(state, invoice, { at: this.store.timeOf(invoice.customer), behaviour: this.behaviour });
  }
}
