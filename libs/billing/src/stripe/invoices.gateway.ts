/** Invoices at Stripe. What is read is read anew each time: an event says that something changed, and not what it is by now. */
import { Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { derivedId, DomainError } from '#platform';
import type { InvoiceLine, InvoiceStatus, StripeInvoice } from '../invoices/stripe-invoice.js';
import { openStripe } from './open-stripe.js';
import { translated } from './stripe-failure.js';
import type { StripeSettings } from './stripe-settings.js';

const PAGE = 100;

@Injectable()
export class StripeInvoices {
  readonly #stripe: Stripe;

  constructor(settings: StripeSettings) {
    this.#stripe = openStripe(settings);
  }

  /** @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async read(id: string): Promise<StripeInvoice> {
    return translated(async () => invoiceOf(await this.#stripe.invoices.retrieve(id), await this.#linesOf(id)));
  }

  /** Invoices of the account that were made since, newest first, with the status that they have now. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async list(createdSince: Date): Promise<{ id: string; stripeCustomerId: string; status: InvoiceStatus }[]> {
    return translated(async () => {
      const invoices: { id: string; stripeCustomerId: string; status: InvoiceStatus }[] = [];
      for await (const invoice of this.#stripe.invoices.list({ limit: PAGE })) {
        if (invoice.created * 1000 < createdSince.getTime()) break;
        if (invoice.id && invoice.customer !== null) invoices.push({ id: invoice.id, stripeCustomerId: idOf(invoice.customer), status: statusOf(invoice) });
      }
      return invoices;
    });
  }

  /** Keeps a draft a draft until it is finalised here. Twice changes nothing. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async hold(id: string): Promise<void> {
    await translated(() => this.#stripe.invoices.update(id, { auto_advance: false }, { idempotencyKey: derivedId('stripe_hold', id), maxNetworkRetries: 0 }));
  }

  /** Makes a draft final; from then on Stripe collects it by itself. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async finalize(id: string): Promise<void> {
    await translated(() => this.#stripe.invoices.finalizeInvoice(id, { auto_advance: true }, { idempotencyKey: derivedId('stripe_finalize', id), maxNetworkRetries: 0 }));
  }

  async #linesOf(invoiceId: string): Promise<InvoiceLine[]> {
    const lines: InvoiceLine[] = [];
    for await (const line of this.#stripe.invoices.listLineItems(invoiceId, { limit: PAGE })) lines.push(lineOf(line));
    return lines;
  }
}

function invoiceOf(invoice: Stripe.Invoice, lines: InvoiceLine[]): StripeInvoice {
  return {
    id: invoice.id ?? '',
    stripeCustomerId: invoice.customer === null ? '' : idOf(invoice.customer),
    number: invoice.number,
    status: statusOf(invoice),
    currency: invoice.currency.toUpperCase(),
    periodStart: dateOf(invoice.period_start),
    periodEnd: dateOf(invoice.period_end),
    totalMinor: BigInt(invoice.total),
    isAutoAdvancing: invoice.auto_advance === true,
    lines,
  };
}

const STATUSES: readonly InvoiceStatus[] = ['draft', 'open', 'paid', 'uncollectible', 'void'];

/** @throws DomainError `stripe_invoice_unknown_status` rather than take what is not known for a draft */
function statusOf({ id, status }: Stripe.Invoice): InvoiceStatus {
  const known = STATUSES.find((each) => each === status);
  if (known) return known;
  throw new DomainError({ kind: 'conflict', code: 'stripe_invoice_unknown_status', message: `Invoice ${id ?? ''} has the status ${status ?? 'null'}, which this version does not know: update Astrolabe` });
}

function lineOf({ id, pricing, description, amount, period }: Stripe.InvoiceLineItem): InvoiceLine {
  const price = pricing?.price_details?.price;
  return { id, priceId: price === undefined ? null : idOf(price), description: description ?? '', amountMinor: BigInt(amount), periodStart: dateOf(period.start), periodEnd: dateOf(period.end) };
}

const idOf = (reference: string | { id: string }): string => (typeof reference === 'string' ? reference : reference.id);
const dateOf = (unixSeconds: number): Date => new Date(unixSeconds * 1000);
