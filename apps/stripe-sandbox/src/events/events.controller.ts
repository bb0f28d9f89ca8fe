import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams, text, unixSeconds } from '../http/read-params.js';
import { StripeApi } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { showEvent, wantsType, type EventObject } from './event.js';

const range = z.strictObject({
  gt: unixSeconds().optional(),
  gte: unixSeconds().optional(),
  lt: unixSeconds().optional(),
  lte: unixSeconds().optional(),
});

const listParams = z.strictObject({
  ...pageParams,
  type: text(100).optional(),
  types: z.array(text(100)).max(20).optional(),
  created: z.union([unixSeconds().transform((at) => ({ gte: at, lte: at, gt: undefined, lt: undefined })), range]).optional(),
});

@StripeApi('events')
export class EventsController {
  constructor(private readonly store: SandboxStore) {}

  @Get()
  async list(@Call() call: StripeCall) {
    const { type, types, created, ...page } = readParams(listParams, call.params);
    const { events } = await this.store.settled();
    const wanted = type === undefined ? types : [type];
    const isListed = (event: EventObject): boolean =>
      (wanted === undefined || wantsType(wanted, event.type)) &&
      event.created > (created?.gt ?? -Infinity) &&
      event.created >= (created?.gte ?? -Infinity) &&
      event.created < (created?.lt ?? Infinity) &&
      event.created <= (created?.lte ?? Infinity);
    const { data, ...rest } = listPage(call.path, events.newestFirst().filter(isListed), page);
    return { ...rest, data: data.map((event) => this.#show(event)) };
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return this.#show((await this.store.settled()).events.get(id));
  }

  #show(event: EventObject) {
    return showEvent(event, this.store.state.deliveries.ofEvent(event.id).filter(({ status }) => status === 'pending').length);
  }
}
