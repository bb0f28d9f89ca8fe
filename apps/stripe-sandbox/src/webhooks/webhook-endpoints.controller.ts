import { Delete, Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { changeEndpoint, createEndpoint, endpointChangeParams, endpointParams, showEndpoint } from './webhook-endpoint.js';

const noParams = z.strictObject({});

@StripeApi('webhook_endpoints')
export class WebhookEndpointsController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
  ) {}

  /** The only answer that has the secret. */
  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(endpointParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const endpoint = createEndpoint(params, now);
        return { body: endpoint, changes: [{ kind: 'put', object: endpoint }] };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const page = readParams(z.strictObject(pageParams), call.params);
    return listPage(call.path, (await this.store.settled()).webhookEndpoints.newestFirst().map(showEndpoint), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(noParams, call.params);
    return showEndpoint((await this.store.settled()).webhookEndpoints.get(id));
  }

  @StripePost(':id')
  update(@Call() call: StripeCall, @Param('id') id: string) {
    const params = readParams(endpointChangeParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const endpoint = changeEndpoint(this.store.state.webhookEndpoints.get(id), params);
        return { body: showEndpoint(endpoint), changes: [{ kind: 'put', object: endpoint }] };
      },
    });
  }

  @Delete(':id')
  delete(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(noParams, call.params);
    return this.writes.perform(call, {
      act: () => {
        const { object } = this.store.state.webhookEndpoints.get(id);
        return { body: { id, object, deleted: true }, changes: [{ kind: 'remove', object, id }] };
      },
    });
  }
}
