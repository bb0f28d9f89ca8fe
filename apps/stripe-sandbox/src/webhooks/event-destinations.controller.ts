import { Delete, Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPageV2, pageParamsV2 } from '../http/list-page-v2.js';
import { readParams } from '../http/read-params.js';
import { StripeApiV2, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { createDestination, destinationParams, includeUrl, showDestination } from './event-destination.js';

const listParams = z.strictObject({ ...pageParamsV2, include: includeUrl() });
const retrieveParams = z.strictObject({ include: includeUrl() });

@StripeApiV2('core/event_destinations')
export class EventDestinationsController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
  ) {}

  /** The only answer that can have the secret. */
  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(destinationParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const destination = createDestination(params, now);
        return { body: showDestination(destination, params.include), changes: [{ kind: 'put', object: destination }] };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const { include, ...page } = readParams(listParams, call.params);
    const { eventDestinations } = await this.store.settled();
    return listPageV2(call.path, eventDestinations.newestFirst().map((record) => showDestination(record, include)), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    const { include } = readParams(retrieveParams, call.params);
    return showDestination((await this.store.settled()).eventDestinations.get(id), include);
  }

  @Delete(':id')
  delete(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return this.writes.perform(call, {
      act: () => {
        const { object } = this.store.state.eventDestinations.get(id);
        return { body: { id, object }, changes: [{ kind: 'remove', object, id }] };
      },
    });
  }
}
