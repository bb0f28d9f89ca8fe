import { describe, expect, it } from '@jest/globals';
import { readContract } from '#outcomes';
import { desiredObjects, planOf } from './provisioning-plan.js';

const contract = (given: { id?: string; customer?: string; terms?: string; currency?: string; outcomes?: string[] } = {}) => {
  const { id = 'support', customer = 'northwind', terms = '', currency = 'USD', outcomes = ['resolved'] } = given;
  const policies = outcomes.map((outcome) => `  - { outcome: ${outcome}, title: The ${outcome}, when: 'true', grade: judged, price: 1 }`).join('\n');
  return readContract(`contract: ${id}\nversion: 1\ncustomer: { id: ${customer}, name: ${customer} }\nagents: [${id}]\ncurrency: ${currency}\ntime_zone: Europe/Berlin\nquiet_window: 1h\n${terms}\npolicies:\n${policies}\n`, 'contract.yaml');
};

const named = (...contracts: ReturnType<typeof contract>[]) => desiredObjects(contracts).map(({ kind, key }) => `${kind} ${key}`);

describe('desiredObjects', () => {
  it('is a meter, product and price for each outcome and term, and a subscription with an item for each', () => {
    expect(named(contract({ terms: 'minimum: 5\ncap: 10' }))).toEqual([
      'customer northwind',
      'meter astrolabe_resolved_usd',
      'meter astrolabe__minimum_usd',
      'meter astrolabe__cap_usd',
      'product astrolabe_resolved_usd',
      'product astrolabe__minimum_usd',
      'product astrolabe__cap_usd',
      'price astrolabe_resolved_usd',
      'price astrolabe__minimum_usd',
      'price astrolabe__cap_usd',
      'subscription northwind USD',
      'subscription_item northwind USD astrolabe_resolved_usd',
      'subscription_item northwind USD astrolabe__minimum_usd',
      'subscription_item northwind USD astrolabe__cap_usd',
    ]);
  });

  it('shares meters between customers, and not between currencies', () => {
    const all = named(contract(), contract({ id: 'b', customer: 'contoso' }), contract({ id: 'c', currency: 'EUR', outcomes: ['resolved', 'sale'] }));
    expect(all.filter((name) => name.startsWith('meter'))).toEqual(['meter astrolabe_resolved_usd', 'meter astrolabe_resolved_eur', 'meter astrolabe_sale_eur']);
    expect(all.filter((name) => name.startsWith('subscription '))).toEqual(['subscription northwind USD', 'subscription contoso USD', 'subscription northwind EUR']);
  });
});

describe('planOf', () => {
  it('keeps what is there, creates what is not, and leaves alone what nobody needs any more', () => {
    const desired = desiredObjects([contract()]);
    const known = [{ kind: 'customer' as const, key: 'northwind', stripeId: 'cus_1' }, { kind: 'meter' as const, key: 'astrolabe_old_usd', stripeId: 'mtr_1' }];
    expect(planOf(desired, known).map(({ action, kind, stripeId }) => [action, kind, stripeId])).toEqual([
      ['keep', 'customer', 'cus_1'],
      ['create', 'meter', null],
      ['create', 'product', null],
      ['create', 'price', null],
      ['create', 'subscription', null],
      ['create', 'subscription_item', null],
      ['unused', 'meter', 'mtr_1'],
    ]);
  });
});
