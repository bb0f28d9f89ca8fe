import { meterName, termMeter } from '../booking/meter-name.js';
import type { Contract } from '#outcomes';
import type { StripeKind } from '../stripe/stripe-directory.js';

/** What there should be at Stripe. `key` names it within its kind: a customer, a meter's event name, or both with the currency. */
export type DesiredObject =
  | { kind: 'customer'; key: string; name: string }
  | { kind: 'meter'; key: string }
  | { kind: 'product'; key: string; name: string }
  | { kind: 'price'; key: string; currency: string }
  | { kind: 'subscription'; key: string; customerId: string; currency: string; timeZone: string }
  | { kind: 'subscription_item'; key: string; subscriptionKey: string; eventName: string };

/** One line of a plan: `keep` what is there, `create` what is not, and leave alone what no active contract asks for. */
export interface PlannedObject {
  action: 'keep' | 'create' | 'unused';
  kind: StripeKind;
  key: string;
  /** In words: what it is for. */
  says: string;
  stripeId: string | null;
}

export interface KnownObject {
  kind: StripeKind;
  key: string;
  stripeId: string;
}

const TERM_PRODUCTS = { minimum: 'Minimum', commitment: 'Commitment', cap: 'Cap' } as const;

/**
 * What the active contracts need at Stripe, in an order in which each is created after what it refers to. Meters, products and prices are per
 * outcome and currency: every price is that of one micro, because what an outcome costs is worked out here. A customer has one subscription
 * a currency, with an item for each meter that any of their contracts can move.
 */
export function desiredObjects(contracts: readonly Contract[]): DesiredObject[] {
  const objects = new Map<string, DesiredObject>();
  const add = (object: DesiredObject) => void (objects.has(`${object.kind} ${object.key}`) || objects.set(`${object.kind} ${object.key}`, object));
  for (const { customer, currency, timeZone, policies, terms } of contracts) {
    const meters = [
      ...policies.map(({ outcome, title }) => ({ eventName: meterName(outcome, currency), name: title })),
      ...(terms.minimumMicros === null ? [] : [termProduct('minimum', currency)]),
      ...(terms.commitment === null ? [] : [termProduct('commitment', currency)]),
      ...(terms.capMicros === null ? [] : [termProduct('cap', currency)]),
    ];
    add({ kind: 'customer', key: customer.id, name: customer.name });
    for (const { eventName, name } of meters) {
      add({ kind: 'meter', key: eventName });
      add({ kind: 'product', key: eventName, name });
      add({ kind: 'price', key: eventName, currency });
    }
    const subscriptionKey = `${customer.id} ${currency}`;
    add({ kind: 'subscription', key: subscriptionKey, customerId: customer.id, currency, timeZone });
    for (const { eventName } of meters) add({ kind: 'subscription_item', key: `${subscriptionKey} ${eventName}`, subscriptionKey, eventName });
  }
  return [...objects.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

const KINDS: readonly StripeKind[] = ['customer', 'meter', 'product', 'price', 'subscription', 'subscription_item'];

export function planOf(desired: readonly DesiredObject[], known: readonly KnownObject[]): PlannedObject[] {
  const idOf = new Map(known.map(({ kind, key, stripeId }) => [`${kind} ${key}`, stripeId]));
  const wanted = new Set(desired.map(({ kind, key }) => `${kind} ${key}`));
  return [
    ...desired.map((object): PlannedObject => {
      const stripeId = idOf.get(`${object.kind} ${object.key}`) ?? null;
      return { action: stripeId === null ? 'create' : 'keep', kind: object.kind, key: object.key, says: wordsFor(object), stripeId };
    }),
    ...known
      .filter(({ kind, key }) => !wanted.has(`${kind} ${key}`))
      .map(({ kind, key, stripeId }): PlannedObject => ({ action: 'unused', kind, key, says: 'no active contract needs it; what was booked before may', stripeId })),
  ];
}

function termProduct(kind: keyof typeof TERM_PRODUCTS, currency: string) {
  return { eventName: termMeter(kind, currency), name: TERM_PRODUCTS[kind] };
}

function wordsFor(object: DesiredObject): string {
  switch (object.kind) {
    case 'customer':
      return object.name;
    case 'meter':
      return 'sums the micros that are told for it';
    case 'product':
      return object.name;
    case 'price':
      return `one micro of ${object.currency} a unit, by the month`;
    case 'subscription':
      return `of ${object.customerId}, by the calendar of ${object.timeZone}`;
    case 'subscription_item':
      return `puts ${object.eventName} on the invoice`;
  }
}
