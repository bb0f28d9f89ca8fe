import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import { metadata, text } from '../http/read-params.js';

export type CustomerObject = Pick<
  Stripe.Customer,
  'id' | 'object' | 'balance' | 'created' | 'currency' | 'description' | 'email' | 'livemode' | 'metadata' | 'name'
> & { test_clock: string | null };

export const customerParams = z.strictObject({
  name: text(256).optional(),
  email: text(512).optional(),
  description: text().optional(),
  metadata: metadata(),
  test_clock: text().optional(),
});

export function createCustomer(params: z.output<typeof customerParams>, now: number): CustomerObject {
  return {
    id: randomId('cus_sandbox'),
    object: 'customer',
    balance: 0,
    created: now,
    currency: null,
    description: params.description ?? null,
    email: params.email ?? null,
    livemode: false,
    metadata: params.metadata,
    name: params.name ?? null,
    test_clock: params.test_clock ?? null,
  };
}

/** A customer as journals from before there were test clocks have it. */
export function completeCustomer(customer: Omit<CustomerObject, 'test_clock'> & Partial<CustomerObject>): CustomerObject {
  return { ...customer, test_clock: customer.test_clock ?? null };
}
