/**
 * Which Stripe object stands for which of ours.
 *
 * Two workers that meet a new customer at once create it under the same idempotency key and get the same object; the first row stays.
 * A process that dies between creating and remembering repeats the call, within Stripe's 24 hours with the same result. Later than that
 * a second customer would be made and the first, to which nothing was ever sent, stays empty. A meter is always looked for by name first.
 */
import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Postgres } from '#platform';
import { StripeGateway } from './stripe.gateway.js';

export type StripeKind = 'customer' | 'meter' | 'product' | 'price' | 'subscription' | 'subscription_item';

@Injectable()
export class StripeDirectory {
  constructor(
    private readonly db: Postgres,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `stripe_unavailable`, `stripe_refused`, `customer_not_found` */
  async ensureCustomer(organizationId: string, customerId: string): Promise<string> {
    return (await this.find(organizationId, 'customer', customerId)) ?? this.#createCustomer(organizationId, customerId);
  }

  /** @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async ensureMeter(organizationId: string, eventName: string): Promise<string> {
    const known = await this.find(organizationId, 'meter', eventName);
    return known ?? this.remember(organizationId, 'meter', eventName, await this.gateway.findOrCreateMeter(eventName));
  }

  /** All that is known at Stripe, in the order of kinds and keys. */
  async all(organizationId: string): Promise<{ kind: StripeKind; key: string; stripeId: string }[]> {
    const rows = await this.db.selectFrom('stripeObjects').select(['kind', 'key', 'stripeId']).where('organizationId', '=', organizationId).orderBy('kind').orderBy('key').execute();
    return rows.map((row) => ({ ...row, kind: row.kind as StripeKind }));
  }

  /** Whose the object is. Undefined where it is none of ours. */
  async ownerOf(kind: StripeKind, stripeId: string): Promise<{ organizationId: string; key: string } | undefined> {
    return this.db.selectFrom('stripeObjects').select(['organizationId', 'key']).where('stripeId', '=', stripeId).where('kind', '=', kind).executeTakeFirst();
  }

  /** Undefined where Stripe was never told of it. */
  async find(organizationId: string, kind: StripeKind, key: string): Promise<string | undefined> {
    const row = await this.db
      .selectFrom('stripeObjects')
      .select('stripeId')
      .where('organizationId', '=', organizationId)
      .where('kind', '=', kind)
      .where('key', '=', key)
      .executeTakeFirst();
    return row?.stripeId;
  }

  async #createCustomer(organizationId: string, customerId: string): Promise<string> {
    const customer = await this.db.selectFrom('customers').select('name').where('organizationId', '=', organizationId).where('id', '=', customerId).executeTakeFirst();
    if (!customer) {
      throw new DomainError({ kind: 'not_found', code: 'customer_not_found', message: `There is no customer "${customerId}": create it before outcomes are billed to it` });
    }
    const stripeId = await this.gateway.createCustomer({ organizationId, customerId, name: customer.name });
    return this.remember(organizationId, 'customer', customerId, stripeId);
  }

  /** Keeps which object stands for ours. @returns the one that was remembered first */
  async remember(organizationId: string, kind: StripeKind, key: string, stripeId: string): Promise<string> {
    await this.db
      .insertInto('stripeObjects')
      .values({ organizationId, kind, key, stripeId, createdAt: this.clock.now() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    // Read back: another worker's row may have been there first, and everybody has to use the same one.
    return (await this.find(organizationId, kind, key)) ?? stripeId;
  }
}
