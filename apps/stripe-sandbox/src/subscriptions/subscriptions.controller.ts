import { Delete, Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { boolean, readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxBehaviour } from '../sandbox-behaviour.js';
import type { Change } from '../state/journal-entry.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { invoicePeriod } from '../time/carry-out.js';
import { WriteCalls } from '../writes/write-calls.js';
import { cancelSubscription, changeSubscription, hasStatus, statusFilter, subscriptionChangeParams } from './change-subscription.js';
import { createSubscription, showSubscription, subscriptionParams, type SubscriptionRecord } from './subscription.js';

const listParams = z.strictObject({ ...pageParams, customer: text().optional(), status: statusFilter(), test_clock: text().optional() });
const cancelParams = z.strictObject({ invoice_now: boolean().default(false), prorate: boolean().optional() });

@StripeApi('subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
    private readonly behaviour: SandboxBehaviour,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(subscriptionParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const { customers, prices } = this.store.state;
        const { id, test_clock: testClock } = customers.named(params.customer, 'customer');
        const items = params.items.map(({ price }, index) => prices.named(price, `items[${index}][price]`));
        const now = this.store.timeOf(id);
        const record = createSubscription(params, { prices: items, testClock, now });
        const body = showSubscription(record, now);
        return { body, changes: [{ kind: 'put', object: record }], events: [{ type: 'customer.subscription.created', object: body, at: now }] };
      },
    });
  }

  /** Without a customer, those of test clocks are left out, unless a clock is named. */
  @Get()
  async list(@Call() call: StripeCall) {
    const { customer, status, test_clock: clock, ...page } = readParams(listParams, call.params);
    const { subscriptions } = await this.store.settled();
    const isListed = (record: SubscriptionRecord): boolean =>
      hasStatus(record, status) &&
      (customer === undefined || record.customer === customer) &&
      (clock === undefined ? customer !== undefined || record.testClock === null : record.testClock === clock);
    return listPage(call.path, subscriptions.newestFirst().filter(isListed).map((record) => this.#show(record)), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return this.#show((await this.store.settled()).subscriptions.get(id));
  }

  @StripePost(':id')
  update(@Call() call: StripeCall, @Param('id') id: string) {
    const params = readParams(subscriptionChangeParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const { subscriptions, prices } = this.store.state;
        const before = subscriptions.get(id);
        const now = this.store.timeOf(before.customer);
        const record = changeSubscription(before, params, { priceNamed: (price, param) => prices.named(price, param), now });
        const body = showSubscription(record, now);
        const previous = showSubscription(before, now);
        return { body, changes: [{ kind: 'put', object: record }], events: [{ type: 'customer.subscription.updated', object: body, previous, at: now }] };
      },
    });
  }

  /** Usage that is on no invoice yet goes on a last one with `invoice_now`, and else on none. */
  @Delete(':id')
  cancel(@Call() call: StripeCall, @Param('id') id: string) {
    const { invoice_now: invoiceNow } = readParams(cancelParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const before = this.store.state.subscriptions.get(id);
        const now = this.store.timeOf(before.customer);
        let record = cancelSubscription(before, now);
        const effect: ReturnType<typeof invoicePeriod>['effect'] = { changes: [], events: [] };
        if (invoiceNow) {
          const period = { start: before.invoicedThrough, end: now };
          // Which reason Stripe gives for it is not confirmed.
          const last = invoicePeriod(this.store.state, before, { period, at: now, billingReason: 'subscription_update' }, this.behaviour);
          effect.changes.push(...last.effect.changes);
          effect.events.push(...last.effect.events);
          record = { ...record, invoicedThrough: now, latestInvoice: last.invoice };
        }
        const body = showSubscription(record, now);
        const changes: Change[] = [...effect.changes, { kind: 'put', object: record }];
        return { body, changes, events: [...effect.events, { type: 'customer.subscription.deleted', object: body, at: now }] };
      },
    });
  }

  #show(record: SubscriptionRecord) {
    return showSubscription(record, this.store.timeOf(record.customer));
  }
}
