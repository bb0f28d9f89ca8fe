import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxBehaviour } from '../sandbox-behaviour.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { summariseEvents, summaryParams } from './event-summaries.js';
import { createMeter, deactivateMeter, meterParams } from './meter.js';

const listParams = z.strictObject({ ...pageParams, status: z.enum(['active', 'inactive']).optional() });
const noParams = z.strictObject({});

@StripeApi('billing/meters')
export class MetersController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
    private readonly behaviour: SandboxBehaviour,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(meterParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const meter = createMeter(params, this.store.state.meters.values(), now);
        return { body: meter, changes: [{ kind: 'put', object: meter }], events: [{ type: 'billing.meter.created', object: meter, at: now }] };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const { status, ...page } = readParams(listParams, call.params);
    const { meters } = await this.store.settled();
    return listPage(call.path, meters.newestFirst().filter((meter) => status === undefined || meter.status === status), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(noParams, call.params);
    return (await this.store.settled()).meters.get(id);
  }

  @StripePost(':id/deactivate')
  deactivate(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(noParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const meter = deactivateMeter(this.store.state.meters.get(id), now);
        return { body: meter, changes: [{ kind: 'put', object: meter }], events: [{ type: 'billing.meter.deactivated', object: meter, at: now }] };
      },
    });
  }

  @Get(':id/event_summaries')
  async summaries(@Call() call: StripeCall, @Param('id') id: string) {
    const params = readParams(summaryParams, call.params);
    const { meters, customers, usage } = await this.store.settled();
    const meter = meters.get(id);
    const customer = customers.named(params.customer, 'customer');
    const receivedBy = this.store.timeOf(customer.id) - this.behaviour.summaryLagSeconds;
    return listPage(call.path, summariseEvents(meter, usage.countedFor(meter.id, customer.id, receivedBy), params), params);
  }
}
