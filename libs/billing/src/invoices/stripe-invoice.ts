export type InvoiceStatus = 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';

/** A line of an invoice at Stripe. A metered line lists no events: what is behind it is known here alone. */
export interface InvoiceLine {
  id: string;
  /** Null for what was added by hand. */
  priceId: string | null;
  description: string;
  /** In the smallest unit of the currency. */
  amountMinor: bigint;
  /** Half-open: what the meter counted is of this range. */
  periodStart: Date;
  periodEnd: Date;
}

/** An invoice as Stripe has it. */
export interface StripeInvoice {
  id: string;
  stripeCustomerId: string;
  /** Null while it is a draft. */
  number: string | null;
  status: InvoiceStatus;
  currency: string;
  periodStart: Date;
  periodEnd: Date;
  totalMinor: bigint;
  /** Whether Stripe finalises it by itself. */
  isAutoAdvancing: boolean;
  lines: InvoiceLine[];
}

export const isFinal = (status: InvoiceStatus): boolean => status !== 'draft';
