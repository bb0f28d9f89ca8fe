import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import { metadata, text } from '../http/read-params.js';

export type ProductObject = Pick<
  Stripe.Product,
  'id' | 'object' | 'active' | 'created' | 'description' | 'livemode' | 'metadata' | 'name' | 'type' | 'updated'
>;

export const productParams = z.strictObject({
  name: text(250),
  description: text().optional(),
  metadata: metadata(),
});

export function createProduct(params: z.output<typeof productParams>, now: number): ProductObject {
  return {
    id: randomId('prod_sandbox'),
    object: 'product',
    active: true,
    created: now,
    description: params.description ?? null,
    livemode: false,
    metadata: params.metadata,
    name: params.name,
    type: 'service',
    updated: now,
  };
}
