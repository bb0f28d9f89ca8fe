import { Delete, Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import type { Change, RemovableKind } from '../state/journal-entry.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { advanceParams, createTestClock, startAdvancing, testClockParams, type TestClockObject } from './test-clock.js';
import { TimeKeeper } from './time-keeper.js';

const noParams = z.strictObject({});

@StripeApi('test_helpers/test_clocks')
export class TestClocksController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
    private readonly timeKeeper: TimeKeeper,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall): Promise<TestClockObject> {
    const params = readParams(testClockParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const clock = createTestClock(params, now);
        const event = { type: 'test_helpers.test_clock.created' as const, object: clock, at: clock.frozen_time };
        return { body: clock, changes: [{ kind: 'put', object: clock }], events: [event] };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const page = readParams(z.strictObject(pageParams), call.params);
    return listPage(call.path, (await this.store.settled()).testClocks.newestFirst(), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string): Promise<TestClockObject> {
    readParams(noParams, call.params);
    return (await this.store.settled()).testClocks.get(id);
  }

  /** Answers at once, with the status `advancing`; retrieve the clock until it is `ready`. */
  @StripePost(':id/advance')
  async advance(@Call() call: StripeCall, @Param('id') id: string): Promise<TestClockObject> {
    const { frozen_time: target } = readParams(advanceParams, call.params);
    const answer = await this.writes.perform(call, {
      act: () => {
        const clock = startAdvancing(this.store.state.testClocks.get(id), target);
        const event = { type: 'test_helpers.test_clock.advancing' as const, object: clock, at: clock.frozen_time };
        return { body: clock, changes: [{ kind: 'put', object: clock }], events: [event] };
      },
    });
    // A failure is the journal's, which the next call reports too.
    this.timeKeeper.advanceClocks().catch(() => undefined);
    return answer;
  }

  /** With its customers, their subscriptions and invoices, as at Stripe. */
  @Delete(':id')
  delete(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(noParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const { testClocks, customers, subscriptions, invoices } = this.store.state;
        const clock = testClocks.get(id);
        const gone: { id: string; object: RemovableKind }[] = [
          ...[...invoices.values()].filter(({ testClock }) => testClock === id),
          ...[...subscriptions.values()].filter(({ testClock }) => testClock === id),
          ...[...customers.values()].filter(({ test_clock }) => test_clock === id),
          clock,
        ];
        const changes = gone.map(({ object, id: removed }): Change => ({ kind: 'remove', object, id: removed }));
        const event = { type: 'test_helpers.test_clock.deleted' as const, object: clock, at: clock.frozen_time };
        return { body: { id, object: clock.object, deleted: true }, changes, events: [event] };
      },
    });
  }
}
