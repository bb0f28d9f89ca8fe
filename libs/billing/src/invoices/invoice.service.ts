/**
 * Stripe's invoices against ours, before they are final.
 *
 * A draft is held as soon as it is known: it is finalised here and not by itself, when our period is locked, everything that belongs on it
 * was told and counted, and each of its lines is what its meter was told. A difference keeps it a draft, is written down with its lines, and
 * is an alarm: nobody is billed an amount that two books do not agree on.
 * Safe to repeat: what is read is read anew, and each call to Stripe carries a key of its own.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Clock, DomainError, LOGGER, type Logger } from '#platform';
import { StripeDirectory } from '../stripe/stripe-directory.js';
import { StripeInvoices } from '../stripe/invoices.gateway.js';
import { compareInvoice, type InvoiceDifference } from './compare-invoice.js';
import { InvoiceStore, type StoredInvoice } from './invoice.store.js';
import { isFinal, type StripeInvoice } from './stripe-invoice.js';

/** So long after it was told Stripe may not have counted an event. */
const COUNTED_WITHIN_MS = 3_600_000;
const LOOKED_BACK_MS = 40 * 86_400_000;

/** What became of a draft. */
export type DraftVerdict =
  | { kind: 'waits'; reason: 'period_not_locked' | 'not_all_told' | 'not_all_counted' }
  | { kind: 'finalized' }
  | { kind: 'differs'; differences: InvoiceDifference[] };

@Injectable()
export class InvoiceService {
  constructor(
    private readonly store: InvoiceStore,
    private readonly directory: StripeDirectory,
    private readonly stripe: StripeInvoices,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Reads an invoice anew, and holds it where it is a draft.
   * @returns whose it is; undefined where its customer is none of ours
   * @throws DomainError `stripe_unavailable`, `stripe_refused`
   */
  async refresh(invoiceId: string): Promise<{ organizationId: string; customerId: string } | undefined> {
    const readAt = this.clock.now();
    const invoice = await this.stripe.read(invoiceId);
    const owner = await this.directory.ownerOf('customer', invoice.stripeCustomerId);
    if (!owner) return undefined;
    const { organizationId, key: customerId } = owner;
    await this.store.keep(organizationId, customerId, invoice, readAt);
    if (!isFinal(invoice.status) && invoice.isAutoAdvancing) await this.stripe.hold(invoiceId);
    if (!isFinal(invoice.status)) await this.store.markHeld(organizationId, invoiceId, readAt);
    return { organizationId, customerId };
  }

  /** Reads what is new or has changed, also where no event told of it. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async discover(organizationId: string): Promise<void> {
    const since = new Date(this.clock.now().getTime() - LOOKED_BACK_MS);
    const known = new Map((await this.store.list(organizationId, { endsAfter: since })).map((invoice) => [invoice.id, invoice.status]));
    const customers = new Set((await this.directory.all(organizationId)).flatMap(({ kind, stripeId }) => (kind === 'customer' ? [stripeId] : [])));
    for (const { id, stripeCustomerId, status } of await this.stripe.list(since)) {
      if (customers.has(stripeCustomerId) && known.get(id) !== status) await this.refresh(id);
    }
  }

  /** Compares each draft whose range is over, and finalises those that agree. One that fails stops no other. */
  async settleDrafts(organizationId: string): Promise<{ id: string; customerId: string; verdict: DraftVerdict }[]> {
    const settled = [];
    for (const draft of await this.store.list(organizationId, { status: 'draft' })) {
      if (draft.periodEnd > this.clock.now()) continue;
      try {
        const verdict = await this.#settle(organizationId, draft);
        settled.push({ id: draft.id, customerId: draft.customerId, verdict });
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        this.logger.error({ err: error, organizationId, invoiceId: draft.id }, 'a draft cannot be compared now; it stays a draft');
      }
    }
    return settled;
  }

  async #settle(organizationId: string, { id, customerId, currency, periodStart, periodEnd }: StoredInvoice): Promise<DraftVerdict> {
    if (!(await this.store.isLockedThrough(organizationId, customerId, periodEnd))) return { kind: 'waits', reason: 'period_not_locked' };
    const told = await this.store.told(organizationId, customerId, currency, periodStart, periodEnd);
    if (told.some(({ openCount }) => openCount > 0)) return { kind: 'waits', reason: 'not_all_told' };
    const now = this.clock.now();
    const invoice = await this.stripe.read(id);
    await this.store.keep(organizationId, customerId, invoice, now);
    if (isFinal(invoice.status)) return { kind: 'waits', reason: 'not_all_counted' };
    const differences = await this.#compare(organizationId, invoice, told);
    const mayBeCounting = told.some(({ lastSentAt }) => lastSentAt !== null && now.getTime() - lastSentAt.getTime() < COUNTED_WITHIN_MS);
    if (differences.length > 0 && mayBeCounting) return { kind: 'waits', reason: 'not_all_counted' };
    await this.store.markCompared(organizationId, id, now, differences);
    if (differences.length > 0) {
      this.logger.error({ organizationId, customerId, invoiceId: id, differences }, 'an invoice at Stripe differs from what its meters were told: it is held as a draft until somebody has looked');
      return { kind: 'differs', differences };
    }
    await this.stripe.finalize(id);
    await this.refresh(id);
    return { kind: 'finalized' };
  }

  async #compare(organizationId: string, invoice: StripeInvoice, told: readonly { eventName: string; amountMicros: bigint }[]): Promise<InvoiceDifference[]> {
    const eventNames = new Map((await this.directory.all(organizationId)).flatMap(({ kind, key, stripeId }) => (kind === 'price' ? [[stripeId, key] as const] : [])));
    return compareInvoice(invoice, told, (priceId) => eventNames.get(priceId));
  }
}
