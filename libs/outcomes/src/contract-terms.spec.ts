import { describe, expect, it } from '@jest/globals';
import { diffContracts, pricesText, termsOf } from './contract-terms.js';
import { contractWith, type ContractEdit } from './testing/contracts.js';

const said = (...edits: readonly ContractEdit[]) => Object.fromEntries(termsOf(contractWith(...edits)).map(({ name, says }) => [name, says]));

describe('termsOf', () => {
  it('says everything that decides about outcomes or money', () => {
    expect(said()).toEqual({
      customer: 'Acme (acme)',
      agents: 'support',
      currency: 'USD',
      'time zone': 'America/New_York',
      'quiet window': '1h',
      'longest episode': '30d',
      'charged once per': 'episode',
      'several policies': 'the first that holds decides',
      'exclusion handed_over': 'handed_off',
      'exclusion negative_rating': 'csat <= 2',
      'exclusions, in order': 'handed_over, negative_rating',
      'refunded: title': 'A refund carried out',
      'refunded: when': 'signals.exists(s, s.name == "refund" && s.source == "system")',
      'refunded: unless': 'tool_calls.exists(t, !t.succeeded)',
      'refunded: grade': 'system_verified',
      'refunded: price': '1.80 USD',
      'resolved: title': 'A question answered',
      'resolved: when': 'turns > 0',
      'resolved: grade': 'confirmed ? "customer_confirmed" : "inferred"',
      'resolved: price': 'customer_confirmed 0.99 USD',
      'policies, in order': 'refunded, resolved',
    });
    const terms = 'quiet_window: 90m\nhold_window: 7d\nreopen: { within: 3d }\nminimum: 5\ncap: 10\npilot: { until: 2026-02-01 }\ndispute_window: 30d';
    expect(said(['quiet_window: 1h', terms])).toMatchObject({
      'quiet window': '90m',
      'hold window': '7d',
      reopen: 'a return within 3d reverses inferred',
      minimum: '5.00 USD a period',
      cap: '10.00 USD a period',
      pilot: 'free until 2026-02-01',
      'dispute window': '30d',
    });
  });

  it('says prices by tier and by package', () => {
    const price = (written: string) => pricesText(contractWith(['"1.80"', written]).policies[0]?.prices ?? {}, 'USD');
    expect(price('{ graduated: [{ up_to: 1000, unit: 0.99 }, { unit: 0.79, flat: 5 }] }')).toBe('graduated: 0.99 USD up to 1000; 0.79 USD and 5.00 USD once beyond');
    expect(price('{ judged: { package: { size: 100, amount: 80 } }, inferred: 0 }')).toBe('judged 80.00 USD for each 100 started, inferred 0.00 USD');
  });
});

describe('diffContracts', () => {
  it('names what changed, what is new and what is gone, and is silent about words and order of the file', () => {
    const after = contractWith(['version: 1', '# next year\nversion: 2'], ['quiet_window: 1h', 'quiet_window: 60m\nminimum: 5'], ['"1.80"', '2'], ['  - { reason: negative_rating, when: csat <= 2 }\n', '']);
    expect(diffContracts(contractWith(), after)).toEqual([
      { name: 'exclusion negative_rating', before: 'csat <= 2', after: null },
      { name: 'exclusions, in order', before: 'handed_over, negative_rating', after: 'handed_over' },
      { name: 'refunded: price', before: '1.80 USD', after: '2.00 USD' },
      { name: 'minimum', before: null, after: '5.00 USD a period' },
    ]);
    expect(diffContracts(after, after)).toEqual([]);
  });
});
