import { z } from 'zod';
import { text } from '../http/read-params.js';
import { StripeError, invalidRequest } from '../http/stripe-error.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { openPeriod, type SubscriptionRecord } from '../subscriptions/subscription.js';
import { draftInvoice, type InvoiceRecord } from './invoice.js';

export const previewParams = z.strictObject({ customer: text().optional(), subscription: text().optional() });

type PreviewParams = z.output<typeof previewParams>;

/** The invoice that the open period of a subscription would give if it ended now. @throws StripeError */
export function previewInvoice(state: SandboxState, params: PreviewParams, timeOf: (customer: string) => number): InvoiceRecord {
  const subscription = chooseSubscription(state, params);
  const at = timeOf(subscription.customer);
  const preview = draftInvoice(subscription, { period: openPeriod(subscription), at, billingReason: 'upcoming', isAwaited: false });
  return { ...preview, autoAdvance: false };
}

/** The named subscription, or the customer's that renews first. */
function chooseSubscription({ subscriptions, customers }: SandboxState, params: PreviewParams): SubscriptionRecord {
  if (params.subscription !== undefined) {
    const named = subscriptions.named(params.subscription, 'subscription');
    if (params.customer !== undefined && params.customer !== named.customer) {
      throw invalidRequest(`The subscription ${named.id} does not belong to the customer ${params.customer}.`, { param: 'customer' });
    }
    if (named.endedAt !== null) throw nothingUpcoming(named.customer);
    return named;
  }
  if (params.customer === undefined) throw invalidRequest('Give a customer or a subscription.', { code: 'parameter_missing', param: 'customer' });
  const customer = customers.named(params.customer, 'customer');
  const [next] = [...subscriptions.values()]
    .filter((record) => record.customer === customer.id && record.endedAt === null)
    .sort((a, b) => openPeriod(a).end - openPeriod(b).end);
  if (!next) throw nothingUpcoming(customer.id);
  return next;
}

function nothingUpcoming(customer: string): StripeError {
  const { body } = invalidRequest(`No upcoming invoices for customer: ${customer}`, { code: 'invoice_upcoming_none' });
  return new StripeError(404, body);
}
