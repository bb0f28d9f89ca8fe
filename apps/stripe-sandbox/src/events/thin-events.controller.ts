import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPageV2, pageParamsV2 } from '../http/list-page-v2.js';
import { readParams, text } from '../http/read-params.js';
import { StripeApiV2 } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxStore } from '../state/sandbox-store.js';

const listParams = z.strictObject({ ...pageParamsV2, object_id: text().optional(), types: z.array(text(100)).max(20).optional() });

/** Where `fetchEvent()` of a notification finds the event with its data. */
@StripeApiV2('core/events')
export class ThinEventsController {
  constructor(private readonly store: SandboxStore) {}

  @Get()
  async list(@Call() call: StripeCall) {
    const { object_id: objectId, types, ...page } = readParams(listParams, call.params);
    const { thinEvents } = await this.store.settled();
    const events = thinEvents
      .newestFirst()
      .filter(({ type, related_object }) => (types === undefined || types.includes(type)) && (objectId === undefined || related_object.id === objectId));
    return listPageV2(call.path, events, page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return (await this.store.settled()).thinEvents.get(id);
  }
}
