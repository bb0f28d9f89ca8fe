import type Stripe from 'stripe';
import { randomId } from '#platform';
import type { BillingPeriod } from '../subscriptions/billing-period.js';
import type { SubscriptionItemRecord, SubscriptionRecord } from '../subscriptions/subscription.js';
import { totalOf, type InvoiceLine } from './invoice-line.js';

const DAY = 86_400;
/** "Up to 72 hours": then an invoice is finalised though its webhooks were not answered. */
const WEBHOOK_WAIT_SECONDS_MAX = 3 * DAY;
const EMBEDDED_LINES_MAX = 10;

/** What is kept. As long as it is a draft it has no lines of its own: they follow the meters. */
export interface InvoiceRecord {
  id: string;
  object: 'invoice';
  created: number;
  billingReason: 'subscription_cycle' | 'subscription_update' | 'upcoming';
  customer: string;
  currency: string;
  collectionMethod: SubscriptionRecord['collectionMethod'];
  dueDate: number | null;
  subscription: { id: string; metadata: Record<string, string> };
  period: BillingPeriod;
  /** Those of the subscription when the invoice was made; later changes are for later invoices. */
  items: Pick<SubscriptionItemRecord, 'id' | 'price'>[];
  /** Null while it is a draft. */
  lines: InvoiceLine[] | null;
  status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';
  number: string | null;
  description: string | null;
  metadata: Record<string, string>;
  autoAdvance: boolean;
  /** Since when; nothing that is switched on later finalises an invoice earlier than that. */
  autoAdvanceSince: number;
  /** When all webhooks that wanted `invoice.created` had been answered. */
  webhooksDeliveredAt: number | null;
  /** What the customer's balance was before and after it was final; below zero is credit. */
  balance: { before: number; after: number } | null;
  amountPaid: number;
  paidOutOfBand: boolean;
  prePaymentCredit: number;
  postPaymentCredit: number;
  finalizedAt: number | null;
  markedUncollectibleAt: number | null;
  paidAt: number | null;
  voidedAt: number | null;
  testClock: string | null;
}

type Fields = Pick<
  Stripe.Invoice,
  | 'id' | 'object' | 'amount_due' | 'amount_overpaid' | 'amount_paid' | 'amount_paid_off_stripe' | 'amount_remaining' | 'amount_shipping'
  | 'attempt_count' | 'attempted' | 'auto_advance' | 'automatically_finalizes_at' | 'billing_reason' | 'collection_method' | 'created' | 'currency'
  | 'description' | 'due_date' | 'effective_at' | 'ending_balance' | 'livemode' | 'metadata' | 'number' | 'parent' | 'period_end' | 'period_start'
  | 'post_payment_credit_notes_amount' | 'pre_payment_credit_notes_amount' | 'starting_balance' | 'status' | 'status_transitions' | 'subtotal'
  | 'total' | 'webhooks_delivered_at'
>;

export type InvoiceObject = Fields & {
  customer: string;
  lines: { object: 'list'; url: string; has_more: boolean; data: InvoiceLine[] };
  test_clock: string | null;
};

/** The draft of a period. `isAwaited`: somebody is to be told of it first, and it is not finalised before they have answered. */
export function draftInvoice(
  subscription: SubscriptionRecord,
  given: { period: BillingPeriod; at: number; billingReason: InvoiceRecord['billingReason']; isAwaited: boolean },
): InvoiceRecord {
  const { period, at, billingReason } = given;
  return {
    id: billingReason === 'upcoming' ? `upcoming_${subscription.id}` : randomId('in_sandbox'),
    object: 'invoice',
    created: at,
    billingReason,
    customer: subscription.customer,
    currency: subscription.currency,
    collectionMethod: subscription.collectionMethod,
    dueDate: subscription.daysUntilDue === null ? null : at + subscription.daysUntilDue * DAY,
    subscription: { id: subscription.id, metadata: subscription.metadata },
    period,
    items: subscription.items.map(({ id, price }) => ({ id, price })),
    lines: null,
    status: 'draft',
    number: null,
    description: null,
    metadata: {},
    autoAdvance: true,
    autoAdvanceSince: at,
    webhooksDeliveredAt: given.isAwaited ? null : at,
    balance: null,
    amountPaid: 0,
    paidOutOfBand: false,
    prePaymentCredit: 0,
    postPaymentCredit: 0,
    finalizedAt: null,
    markedUncollectibleAt: null,
    paidAt: null,
    voidedAt: null,
    testClock: subscription.testClock,
  };
}

/**
 * When a draft is finalised by itself: the grace after its webhooks are answered, or after 72 hours without an answer; undefined when it
 * is not to be.
 */
export function finalizesAt(invoice: InvoiceRecord, graceSeconds: number): number | undefined {
  if (invoice.status !== 'draft' || !invoice.autoAdvance) return undefined;
  const { created, webhooksDeliveredAt, autoAdvanceSince } = invoice;
  const scheduled = webhooksDeliveredAt === null ? created + WEBHOOK_WAIT_SECONDS_MAX : webhooksDeliveredAt + graceSeconds;
  return Math.max(scheduled, autoAdvanceSince);
}

/** What is to be paid: the total less what the customer's balance and credit notes before payment took off it. */
export function amountDue({ balance, prePaymentCredit }: InvoiceRecord, total: number): number {
  const fromBalance = balance ? balance.after - balance.before : 0;
  return Math.max(0, total - fromBalance - prePaymentCredit);
}

export function amountRemaining(invoice: InvoiceRecord, total: number): number {
  return invoice.status === 'paid' ? 0 : amountDue(invoice, total) - invoice.amountPaid;
}

/** `lines` are the record's own, or what the meters say while it is a draft. */
export function showInvoice(invoice: InvoiceRecord, lines: readonly InvoiceLine[], graceSeconds: number): InvoiceObject {
  const total = totalOf(lines);
  return {
    id: invoice.id,
    object: 'invoice',
    amount_due: amountDue(invoice, total),
    amount_overpaid: 0,
    amount_paid: invoice.amountPaid,
    amount_paid_off_stripe: invoice.paidOutOfBand ? invoice.amountPaid : 0,
    amount_remaining: amountRemaining(invoice, total),
    amount_shipping: 0,
    attempt_count: 0,
    attempted: false,
    auto_advance: invoice.autoAdvance,
    automatically_finalizes_at: scheduledFinalization(invoice, graceSeconds),
    billing_reason: invoice.billingReason,
    collection_method: invoice.collectionMethod,
    created: invoice.created,
    currency: invoice.currency,
    customer: invoice.customer,
    description: invoice.description,
    due_date: invoice.dueDate,
    effective_at: invoice.finalizedAt,
    ending_balance: invoice.balance?.after ?? null,
    lines: { object: 'list', url: `/v1/invoices/${invoice.id}/lines`, has_more: lines.length > EMBEDDED_LINES_MAX, data: lines.slice(0, EMBEDDED_LINES_MAX) },
    livemode: false,
    metadata: invoice.metadata,
    number: invoice.number,
    parent: {
      type: 'subscription_details',
      quote_details: null,
      subscription_details: { subscription: invoice.subscription.id, metadata: invoice.subscription.metadata },
    },
    period_end: invoice.period.end,
    period_start: invoice.period.start,
    post_payment_credit_notes_amount: invoice.postPaymentCredit,
    pre_payment_credit_notes_amount: invoice.prePaymentCredit,
    starting_balance: invoice.balance?.before ?? 0,
    status: invoice.status,
    status_transitions: {
      finalized_at: invoice.finalizedAt,
      marked_uncollectible_at: invoice.markedUncollectibleAt,
      paid_at: invoice.paidAt,
      voided_at: invoice.voidedAt,
    },
    subtotal: total,
    test_clock: invoice.testClock,
    total,
    webhooks_delivered_at: invoice.webhooksDeliveredAt,
  };
}

/** While webhooks are not answered it shows what is scheduled if they are at once, as Stripe's hour does. */
function scheduledFinalization(invoice: InvoiceRecord, graceSeconds: number): number | null {
  return finalizesAt({ ...invoice, webhooksDeliveredAt: invoice.webhooksDeliveredAt ?? invoice.created }, graceSeconds) ?? null;
}
