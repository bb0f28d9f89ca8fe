import { z } from 'zod';
import { readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { StripeError, invalidRequest } from '../http/stripe-error.js';
import { aggregateMeter } from '../meters/aggregate-meter.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { periodOf, type SubscriptionRecord } from '../subscriptions/subscription.js';
import { previewInvoice } from './preview-invoice.js';

const previewParams = z.strictObject({ customer: text().optional(), subscription: text().optional() });

@StripeApi('invoices')
export class InvoicesController {
  constructor(private readonly store: SandboxStore) {}

  /** A POST by form only: it changes nothing, so it takes no part in idempotency and faults. */
  @StripePost('create_preview')
  async createPreview(@Call() call: StripeCall) {
    const params = readParams(previewParams, call.params);
    const state = await this.store.settled();
    const now = this.store.now();
    const subscription = chooseSubscription(state, params, now);
    const period = periodOf(subscription, now);
    return previewInvoice(
      subscription,
      period,
      ({ recurring }) => {
        const { formula } = state.meters.get(recurring.meter).default_aggregation;
        const events = state.usage.countedFor(recurring.meter, subscription.customer);
        return aggregateMeter(formula, events, { startTime: period.start, endTime: period.end });
      },
      now,
    );
  }
}

/** The named subscription, or the customer's that renews first. */
function chooseSubscription(state: SandboxState, params: z.output<typeof previewParams>, now: number): SubscriptionRecord {
  if (params.subscription !== undefined) {
    const named = state.subscriptions.named(params.subscription, 'subscription');
    if (params.customer !== undefined && params.customer !== named.customer) {
      throw invalidRequest(`The subscription ${named.id} does not belong to the customer ${params.customer}.`, { param: 'customer' });
    }
    return named;
  }
  if (params.customer === undefined) throw invalidRequest('Give a customer or a subscription.', { code: 'parameter_missing', param: 'customer' });
  const customer = state.customers.named(params.customer, 'customer');
  const [next] = [...state.subscriptions.values()]
    .filter((record) => record.customer === customer.id)
    .sort((a, b) => periodOf(a, now).end - periodOf(b, now).end);
  if (!next) {
    const { body } = invalidRequest(`No upcoming invoices for customer: ${customer.id}`, { code: 'invoice_upcoming_none' });
    throw new StripeError(404, body);
  }
  return next;
}
