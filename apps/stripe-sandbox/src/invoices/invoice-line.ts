import type Stripe from 'stripe';
import { derivedId, formatDecimal, parseDecimal } from '#platform';
import { UNIT_AMOUNT_SCALE, type PriceObject } from '../catalogue/price.js';
import { VALUE_SCALE } from '../meters/meter-event.js';
import type { BillingPeriod } from '../subscriptions/billing-period.js';
import { lineAmount } from './line-amount.js';

type Fields = Pick<
  Stripe.InvoiceLineItem,
  | 'id' | 'object' | 'amount' | 'currency' | 'description' | 'discountable' | 'invoice' | 'livemode' | 'metadata' | 'parent' | 'period'
  | 'quantity' | 'subtotal'
>;

export type InvoiceLine = Fields & {
  pricing: { type: 'price_details'; price_details: { price: string; product: string }; unit_amount_decimal: string };
  quantity_decimal: string;
  subscription: string;
};

interface LineSource {
  invoice: { id: string; isPreview: boolean };
  subscription: { id: string; metadata: Record<string, string> };
  item: { id: string; price: PriceObject };
  period: BillingPeriod;
  /** The meter's value over the period, scaled by 10^VALUE_SCALE. */
  usage: bigint;
}

/** One item of a subscription over one period. Exact up to the one rounding to whole cents. */
export function meteredLine({ invoice, subscription, item, period, usage }: LineSource): InvoiceLine {
  const { price } = item;
  const quantity = usage < 0n ? 0n : usage;
  const unitAmount = { value: parseDecimal(price.unit_amount_decimal, UNIT_AMOUNT_SCALE), scale: UNIT_AMOUNT_SCALE };
  const amount = toMinorUnits(lineAmount({ value: quantity, scale: VALUE_SCALE }, unitAmount), price.id);
  return {
    // Of the invoice, so that two invoices of one period (cancelled and invoiced at once) share no line.
    id: derivedId('il_sandbox', invoice.id, item.id),
    object: 'line_item',
    amount,
    currency: price.currency,
    description: price.nickname ?? `Metered usage (price ${price.id})`,
    discountable: true,
    invoice: invoice.isPreview ? null : invoice.id,
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

export function totalOf(lines: readonly { amount: number }[]): number {
  return lines.reduce((sum, { amount }) => sum + amount, 0);
}

/** Amounts are JSON numbers in Stripe's API: one that a number cannot hold exactly is refused, never blurred. */
function toMinorUnits(amount: bigint, price: string): number {
  if (amount > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`The line of price ${price} is too large for a JSON number: ${amount}`);
  return Number(amount);
}
