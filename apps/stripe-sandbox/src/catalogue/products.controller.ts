import { Get, Param } from '@nestjs/common';
import { z } from 'zod';
import { listPage, pageParams } from '../http/list-page.js';
import { readParams } from '../http/read-params.js';
import { StripeApi, StripePost } from '../http/stripe-api.js';
import { Call, type StripeCall } from '../http/stripe-call.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { WriteCalls } from '../writes/write-calls.js';
import { createProduct, productParams } from './product.js';

@StripeApi('products')
export class ProductsController {
  constructor(
    private readonly store: SandboxStore,
    private readonly writes: WriteCalls,
  ) {}

  @StripePost()
  create(@Call() call: StripeCall) {
    const params = readParams(productParams, call.params);
    return this.writes.perform(call, {
      act: (now) => {
        const product = createProduct(params, now);
        return { body: product, changes: [{ kind: 'put', object: product }], events: [{ type: 'product.created', object: product, at: now }] };
      },
    });
  }

  @Get()
  async list(@Call() call: StripeCall) {
    const page = readParams(z.strictObject(pageParams), call.params);
    return listPage(call.path, (await this.store.settled()).products.newestFirst(), page);
  }

  @Get(':id')
  async retrieve(@Call() call: StripeCall, @Param('id') id: string) {
    readParams(z.strictObject({}), call.params);
    return (await this.store.settled()).products.get(id);
  }
}
