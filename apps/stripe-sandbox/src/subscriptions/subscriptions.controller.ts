import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { createSubscription, showSubscription, subscriptionParams } from './subscription.js';

const listParams = z.strictObject({ ...pageParams, customer: text().optional() });

@StripeApi('subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(subscriptionParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const { customers, prices } = this.store.state;
        customers.named(params.customer, 'customer');
        const items = params.items.map(({ price }, index) => prices.named(price, `items[${index}][price]`));
        const record = createSubscription(params, items, now);
        return { body: showSubscription(record, now), changes: [{ kind: 'put', object: record }] };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const { customer, ...page } = readParams(listParams, call.params);
    const { subscriptions } = await this.store.settled();
    const records = subscriptions.newestFirst().filter((record) => customer === undefined || record.customer === customer);
    return listPage(call.path, records.map((record) => showSubscription(record, this.store.now())), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return showSubscription((await this.store.settled()).subscriptions.get(id), this.store.now());
  }
}
