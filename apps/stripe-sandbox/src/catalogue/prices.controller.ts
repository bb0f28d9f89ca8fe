import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams, text } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { invalidRequest } from '../http/stripe-error.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { createPrice, priceParams } from './price.js';

const listParams = z.strictObject({ ...pageParams, product: text().optional() });

@StripeApi('prices')
export class PricesController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(priceParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const { products, meters } = this.store.state;
        products.named(params.product, 'product');
        const meter = meters.named(params.recurring.meter, 'recurring[meter]');
        if (meter.status !== 'active') throw invalidRequest(`The meter ${meter.id} is inactive.`, { param: 'recurring[meter]' });
        const price = createPrice(params, now);
        return { body: price, changes: [{ kind: 'put', object: price }], events: [{ type: 'price.created', object: price, at: now }] };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const { product, ...page } = readParams(listParams, call.params);
    const { prices } = await this.store.settled();
    return listPage(call.path, prices.newestFirst().filter((price) => product === undefined || price.product === product), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return (await this.store.settled()).prices.get(id);
  }
}
