/**
 * Makes Stripe have what the active contracts need: first a plan, then the same plan carried out.
 *
 * Safe to repeat, and after a crash at any point: each object is looked for before it is made, made under an idempotency key of its own,
 * and remembered before the next. Nothing is ever deleted: what no contract needs any more may still have to be corrected.
 */
import { Injectable } from '@nestjs/common';
import { assertInvariant, canonicalJson, Clock, DomainError, sha256Hex } from '#platform';
import { ContractStore } from '#outcomes';
import { StripeCatalogue } from '../stripe/catalogue.gateway.js';
import { StripeDirectory } from '../stripe/stripe-directory.js';
import { cycleAnchor } from './billing-cycle.js';
import { desiredObjects, planOf, type DesiredObject, type PlannedObject } from './provisioning-plan.js';

export interface ProvisioningPlan {
  objects: PlannedObject[];
  /** Names the plan: whoever has looked at it carries out this one and no other. */
  sha256: string;
}

@Injectable()
export class ProvisioningService {
  constructor(
    private readonly contracts: ContractStore,
    private readonly directory: StripeDirectory,
    private readonly catalogue: StripeCatalogue,
    private readonly clock: Clock,
  ) {}

  /** Asks the database alone. */
  async plan(organizationId: string): Promise<ProvisioningPlan> {
    const objects = planOf(desiredObjects(await this.contracts.active(organizationId)), await this.directory.all(organizationId));
    return { objects, sha256: sha256Hex(canonicalJson(objects)) };
  }

  /**
   * Carries out the plan, and says what is there then.
   * @param sha256 of the plan that was looked at; without it whatever the plan is now
   * @throws DomainError `plan_changed`, `stripe_unavailable`, `stripe_refused`; what was made until then is remembered, and a second run goes on
   */
  async apply(organizationId: string, sha256?: string, onDone: (object: PlannedObject) => void = () => undefined): Promise<ProvisioningPlan> {
    const plan = await this.plan(organizationId);
    if (sha256 !== undefined && sha256 !== plan.sha256) {
      throw new DomainError({ kind: 'conflict', code: 'plan_changed', message: 'Contracts, or what is at Stripe, have changed since this plan was made: look at the new one first' });
    }
    const desired = desiredObjects(await this.contracts.active(organizationId));
    for (const object of desired) {
      const planned = plan.objects.find(({ kind, key }) => kind === object.kind && key === object.key);
      if (planned?.action !== 'create') continue;
      await this.#ensure(organizationId, object, desired);
      onDone(planned);
    }
    return this.plan(organizationId);
  }

  async #ensure(organizationId: string, object: DesiredObject, desired: readonly DesiredObject[]): Promise<void> {
    const { kind, key } = object;
    switch (kind) {
      case 'customer':
        return void (await this.directory.ensureCustomer(organizationId, key));
      case 'meter':
        return void (await this.directory.ensureMeter(organizationId, key));
      case 'product':
        return void (await this.directory.remember(organizationId, kind, key, await this.catalogue.ensureProduct(key, object.name)));
      case 'price': {
        const [productId, meterId] = [await this.#known(organizationId, 'product', key), await this.#known(organizationId, 'meter', key)];
        return void (await this.directory.remember(organizationId, kind, key, await this.catalogue.ensurePrice(key, { productId, meterId, currency: object.currency })));
      }
      case 'subscription':
      case 'subscription_item':
        return this.#ensureSubscription(organizationId, kind === 'subscription' ? key : object.subscriptionKey, desired);
    }
  }

  /** With all its items in one call: a subscription needs one to begin with. */
  async #ensureSubscription(organizationId: string, key: string, desired: readonly DesiredObject[]): Promise<void> {
    const subscription = desired.find((object): object is DesiredObject & { kind: 'subscription' } => object.kind === 'subscription' && object.key === key);
    assertInvariant(subscription !== undefined, `an item of ${key} comes with its subscription`);
    const { customerId, currency, timeZone } = subscription;
    const items = desired.filter((object): object is DesiredObject & { kind: 'subscription_item' } => object.kind === 'subscription_item' && object.subscriptionKey === key);
    const prices = new Map<string, string>();
    for (const item of items) prices.set(await this.#known(organizationId, 'price', item.eventName), item.key);
    const { start, anchor } = cycleAnchor(this.clock.now(), timeZone);
    const stripeCustomerId = await this.#known(organizationId, 'customer', customerId);
    const found = await this.catalogue.ensureSubscription({ organizationId, customerId, currency, stripeCustomerId, priceIds: [...prices.keys()], startAt: start, anchorAt: anchor });
    await this.directory.remember(organizationId, 'subscription', key, found.id);
    for (const [price, itemKey] of prices) {
      const item = found.itemOfPrice.get(price);
      assertInvariant(item !== undefined, `subscription ${found.id} has an item for ${price}`);
      await this.directory.remember(organizationId, 'subscription_item', itemKey, item);
    }
  }

  async #known(organizationId: string, kind: DesiredObject['kind'], key: string): Promise<string> {
    const id = await this.directory.find(organizationId, kind, key);
    assertInvariant(id !== undefined, `${kind} ${key} is made before what refers to it`);
    return id;
  }
}
