import type Stripe from 'stripe';
import { derivedId, formatDecimal, parseDecimal } from '#platform';
import { UNIT_AMOUNT_SCALE, type PriceObject } from '../catalogue/price.js';
import { VALUE_SCALE } from '../meters/meter-event.js';
import type { BillingPeriod } from '../subscriptions/billing-period.js';
import type { SubscriptionRecord } from '../subscriptions/subscription.js';
import { lineAmount } from './line-amount.js';

type LineFields = Pick<
  Stripe.InvoiceLineItem,
  | 'id' | 'object' | 'amount' | 'currency' | 'description' | 'discountable' | 'invoice' | 'livemode' | 'metadata' | 'parent' | 'period'
  | 'quantity' | 'subtotal'
>;

type PreviewLine = LineFields & {
  pricing: { type: 'price_details'; price_details: { price: string; product: string }; unit_amount_decimal: string };
  quantity_decimal: string;
  subscription: string;
};

type InvoiceFields = Pick<
  Stripe.Invoice,
  | 'id' | 'object' | 'amount_due' | 'amount_paid' | 'amount_remaining' | 'billing_reason' | 'created' | 'currency' | 'livemode'
  | 'metadata' | 'parent' | 'period_end' | 'period_start' | 'status' | 'subtotal' | 'total'
>;

export type PreviewInvoice = InvoiceFields & { customer: string; lines: { object: 'list'; url: string; has_more: false; data: PreviewLine[] } };

/** The invoice that a subscription's period would give if it ended now. `usageOf` gives an item's meter value, scaled by 10^VALUE_SCALE. */
export function previewInvoice(
  subscription: SubscriptionRecord,
  period: BillingPeriod,
  usageOf: (price: PriceObject) => bigint,
  now: number,
): PreviewInvoice {
  const id = derivedId('upcoming_in_sandbox', subscription.id, period.start);
  const lines = subscription.items.map((item) => previewLine(subscription, item, period, usageOf(item.price)));
  const total = lines.reduce((sum, { amount }) => sum + amount, 0);
  return {
    id,
    object: 'invoice',
    amount_due: total,
    amount_paid: 0,
    amount_remaining: total,
    billing_reason: 'upcoming',
    created: now,
    currency: subscription.currency,
    customer: subscription.customer,
    lines: { object: 'list', url: `/v1/invoices/${id}/lines`, has_more: false, data: lines },
    livemode: false,
    metadata: {},
    parent: {
      type: 'subscription_details',
      quote_details: null,
      subscription_details: { subscription: subscription.id, metadata: subscription.metadata },
    },
    period_end: period.end,
    period_start: period.start,
    status: 'draft',
    subtotal: total,
    total,
  };
}

function previewLine(subscription: SubscriptionRecord, item: SubscriptionRecord['items'][number], period: BillingPeriod, usage: bigint): PreviewLine {
  const { price } = item;
  const quantity = usage < 0n ? 0n : usage;
  const unitAmount = { value: parseDecimal(price.unit_amount_decimal, UNIT_AMOUNT_SCALE), scale: UNIT_AMOUNT_SCALE };
  const amount = toMinorUnits(lineAmount({ value: quantity, scale: VALUE_SCALE }, unitAmount), price.id);
  return {
    id: derivedId('il_sandbox', item.id, period.start),
    object: 'line_item',
    amount,
    currency: price.currency,
    description: price.nickname ?? `Metered usage (price ${price.id})`,
    discountable: true,
    invoice: null,
    livemode: false,
    metadata: subscription.metadata,
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: null,
        subscription: subscription.id,
        subscription_item: item.id,
      },
    },
    period: { start: period.start, end: period.end },
    pricing: {
      type: 'price_details',
      price_details: { price: price.id, product: price.product },
      unit_amount_decimal: price.unit_amount_decimal,
    },
    // "With any decimal precision truncated"; the exact quantity is quantity_decimal.
    quantity: Number(quantity / 10n ** BigInt(VALUE_SCALE)),
    quantity_decimal: formatDecimal(quantity, VALUE_SCALE),
    subscription: subscription.id,
    subtotal: amount,
  };
}

/** Amounts are JSON numbers in Stripe's API: one that a number cannot hold exactly is refused, never blurred. */
function toMinorUnits(amount: bigint, price: string): number {
  if (amount > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`The line of price ${price} is too large for a JSON number: ${amount}`);
  return Number(amount);
}
