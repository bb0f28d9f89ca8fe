/**
 * Products, prices and subscriptions at Stripe.
 *
 * Each is looked for by our metadata before it is made: a process that died between making and remembering finds it, however long ago that
 * was, and a second run of the same plan changes nothing.
 */
import { Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { derivedId, formatDecimal } from '#platform';
import { minorDigits } from '../statements/rounded-minor.js';
import { openStripe } from './open-stripe.js';
import { translated } from './stripe-failure.js';
import type { StripeSettings } from './stripe-settings.js';

/** How many decimal places a micro has in the currency's main unit. */
const MICRO_DIGITS = 6;
const DAYS_UNTIL_DUE = 30;

export interface WantedSubscription {
  organizationId: string;
  customerId: string;
  currency: string;
  stripeCustomerId: string;
  priceIds: readonly string[];
  /** From when on usage is on its first invoice. */
  startAt: Date;
  /** When its first cycle ends; from there it repeats by the month. */
  anchorAt: Date;
}

/** A subscription, and the items that it has by their price. */
export interface FoundSubscription {
  id: string;
  itemOfPrice: Map<string, string>;
}

@Injectable()
export class StripeCatalogue {
  readonly #stripe: Stripe;

  constructor(settings: StripeSettings) {
    this.#stripe = openStripe(settings);
  }

  /** The product of a meter. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async ensureProduct(eventName: string, name: string): Promise<string> {
    return translated(async () => {
      for await (const product of this.#stripe.products.list({ limit: 100 })) if (product.metadata['astrolabe_meter'] === eventName) return product.id;
      return (await this.#stripe.products.create({ name, metadata: { astrolabe_meter: eventName } }, once('product', eventName))).id;
    });
  }

  /** The price of one micro on a meter. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async ensurePrice(eventName: string, { productId, meterId, currency }: { productId: string; meterId: string; currency: string }): Promise<string> {
    return translated(async () => {
      for await (const price of this.#stripe.prices.list({ product: productId, limit: 100 })) if (price.metadata['astrolabe_meter'] === eventName) return price.id;
      const unitAmount = Stripe.Decimal.from(formatDecimal(10n ** BigInt(minorDigits(currency)), MICRO_DIGITS));
      const recurring = { interval: 'month' as const, usage_type: 'metered' as const, meter: meterId };
      const price = { product: productId, currency: currency.toLowerCase(), recurring, unit_amount_decimal: unitAmount, metadata: { astrolabe_meter: eventName } };
      return (await this.#stripe.prices.create(price, once('price', eventName))).id;
    });
  }

  /** The customer's subscription in a currency, with an item for each price. Items that it has beside them stay. @throws DomainError `stripe_unavailable`, `stripe_refused` */
  async ensureSubscription(wanted: WantedSubscription): Promise<FoundSubscription> {
    return translated(async () => {
      const { organizationId, customerId, currency, priceIds } = wanted;
      const found = (await this.#findSubscription(wanted)) ?? (await this.#createSubscription(wanted));
      const has = itemsOf(found);
      const missing = priceIds.filter((price) => !has.has(price));
      if (missing.length === 0) return { id: found.id, itemOfPrice: has };
      const items = missing.map((price) => ({ price }));
      const updated = await this.#stripe.subscriptions.update(found.id, { items, proration_behavior: 'none' }, once('subscription_items', organizationId, customerId, currency, ...missing));
      return { id: updated.id, itemOfPrice: itemsOf(updated) };
    });
  }

  async #findSubscription({ organizationId, customerId, currency, stripeCustomerId }: WantedSubscription): Promise<Stripe.Subscription | undefined> {
    for await (const subscription of this.#stripe.subscriptions.list({ customer: stripeCustomerId, limit: 100 })) {
      const { astrolabe_organization: organization, astrolabe_customer: customer } = subscription.metadata;
      if (organization === organizationId && customer === customerId && subscription.currency.toUpperCase() === currency) return subscription;
    }
    return undefined;
  }

  async #createSubscription({ organizationId, customerId, currency, stripeCustomerId, priceIds, startAt, anchorAt }: WantedSubscription): Promise<Stripe.Subscription> {
    return this.#stripe.subscriptions.create(
      {
        customer: stripeCustomerId,
        items: priceIds.map((price) => ({ price })),
        backdate_start_date: seconds(startAt),
        billing_cycle_anchor: seconds(anchorAt),
        proration_behavior: 'none',
        collection_method: 'send_invoice',
        days_until_due: DAYS_UNTIL_DUE,
        metadata: { astrolabe_organization: organizationId, astrolabe_customer: customerId },
      },
      once('subscription', organizationId, customerId, currency),
    );
  }
}

const once = (...of: [string, ...string[]]): Stripe.RequestOptions => ({ idempotencyKey: derivedId('stripe', ...of), maxNetworkRetries: 0 });

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

function itemsOf({ items }: Stripe.Subscription): Map<string, string> {
  return new Map(items.data.map(({ id, price }) => [price.id, id]));
}
