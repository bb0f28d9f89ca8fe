import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { createCustomer, customerParams } from './customer.js';

const listParams = z.strictObject({ ...pageParams, email: text(512).optional(), test_clock: text().optional() });

@StripeApi('customers')
export class CustomersController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(customerParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const clock = params.test_clock === undefined ? undefined : this.store.state.testClocks.named(params.test_clock, 'test_clock');
        const customer = createCustomer(params, clock?.frozen_time ?? now);
        return { body: customer, changes: [{ kind: 'put', object: customer }], events: [{ type: 'customer.created', object: customer, at: customer.created }] };
      },
    });
  }

  /** As Stripe does, without those of test clocks unless a clock is named. */
  @Get()
  async list(@Call() call: StripeCall) {
    const { email, test_clock: clock, ...page } = readParams(listParams, call.params);
    const { customers } = await this.store.settled();
    const listed = customers.newestFirst().filter((customer) => customer.test_clock === (clock ?? null) && (email === undefined || customer.email === email));
    return listPage(call.path, listed, page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return (await this.store.settled()).customers.get(id);
  }
}
