import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#platform';
import { readContract } from './read-contract.js';
import { CONTRACT, edited } from './testing/contracts.js';

type Edit = readonly [from: string, to: string];

function problemsOf(source: string): string[] {
  try {
    readContract(source, 'contracts/c.yaml');
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'invalid' && error.code === 'invalid_contract') return error.details?.['problems'] as string[];
    throw error;
  }
  return [];
}

describe('readContract', () => {
  it('reads a contract into our words', () => {
    expect(readContract(CONTRACT, 'c.yaml')).toMatchObject({
      id: 'support',
      version: 1,
      customer: { id: 'acme', name: 'Acme' },
      agents: ['support'],
      currency: 'USD',
      timeZone: 'America/New_York',
      effectiveFrom: null,
      effectiveUntil: null,
      quietWindowMs: 3_600_000,
      exclusions: [{ reason: 'handed_over', when: { at: 'exclusions.0.when', text: 'handed_off' } }, { reason: 'negative_rating' }],
      policies: [
        { outcome: 'refunded', unless: { at: 'policies.0.unless' }, grade: { text: 'system_verified' }, prices: { customer_confirmed: 1_800_000n, system_verified: 1_800_000n, judged: 1_800_000n, inferred: 1_800_000n } },
        { outcome: 'resolved', unless: null, prices: { customer_confirmed: 990_000n } },
      ],
      source: CONTRACT,
    });
    expect(readContract(CONTRACT, 'c.yaml').policies[1]?.prices).toEqual({ customer_confirmed: 990_000n });
  });

  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['72h', 259_200_000],
    ['3d', 259_200_000],
  ])('takes the window %s', (written, milliseconds) => {
    expect(readContract(edited(['1h', written]), 'c.yaml').quietWindowMs).toBe(milliseconds);
  });

  it('takes dates, an agent by the beginning of its name, and a free price', () => {
    const source = edited(['version: 1', 'version: 2\neffective_from: 2026-01-01\neffective_until: 2027-01-01'], ['[support]', '["Support Agent", "tau*"]'], ['"1.80"', '0']);
    expect(readContract(source, 'c.yaml')).toMatchObject({ effectiveFrom: '2026-01-01', effectiveUntil: '2027-01-01', agents: ['Support Agent', 'tau*'], policies: [{ prices: { judged: 0n } }, {}] });
  });

  const known = 'contract, version, customer, agents, currency, time_zone, effective_from, effective_until, quiet_window, exclusions, policies';
  it.each<[string, Edit, string]>([
    ['an unknown key', ['currency: USD', 'curency: USD'], `5:1: curency is not a key here; known are ${known}`],
    ['an unknown key in a policy', ['    unless:', '    except:'], '15:5: policies.0.except is not a key here; known are outcome, title, when, unless, grade, price'],
    ['an unknown key in an exclusion', ['when: handed_off', 'if: handed_off'], '9:28: exclusions.0.if is not a key here; known are reason, when'],
    ['a missing key', ['quiet_window: 1h\n', ''], '1:1: quiet_window is missing: give it a value of type string'],
    ['a missing price', ['    price: "1.80"\n', ''], '12:5: policies.0.price must be an amount in the currency of the contract such as "0.99"'],
    ['a duration without a unit', ['1h', '3600'], '7:1: quiet_window must be of type string'],
    ['a duration in words', ['1h', 'one hour'], '7:1: quiet_window must be a whole number and a unit, such as 30m, 72h or 3d'],
    ['no duration', ['1h', '0s'], '7:1: quiet_window must be longer than nothing and at most 366d'],
    ['an endless duration', ['1h', '400d'], '7:1: quiet_window must be longer than nothing and at most 366d'],
    ['a price in words', ['"1.80"', 'cheap'], '17:5: policies.0.price must be an amount'],
    ['a price below a micro', ['"1.80"', '"0.0000001"'], '17:5: policies.0.price must be an amount in the currency of the contract such as "0.99": not negative, below 1000000000, with at most 6 decimal places'],
    ['a negative price', ['"1.80"', '-1'], '17:5: policies.0.price must be an amount'],
    ['a price beyond every column', ['"1.80"', '1000000000'], '17:5: policies.0.price must be an amount'],
    ['a price of one grade', ['customer_confirmed: 0.99', 'customer_confirmed: free'], '22:14: policies.1.price.customer_confirmed must be an amount'],
    ['a price for what is no grade', ['{ customer_confirmed: 0.99 }', '{ confirmed: 0.99 }'], '22:14: policies.1.price.confirmed is not a key here; known are customer_confirmed, system_verified, judged, inferred'],
    ['a price for no grade', ['{ customer_confirmed: 0.99 }', '{}'], '22:5: policies.1.price must have an amount for at least one grade'],
    ['a zone that is none', ['America/New_York', 'America/New_Yorc'], '6:1: time_zone must be an IANA time zone such as Europe/Berlin or UTC'],
    ['an offset in the place of a zone', ['America/New_York', '"-05:00"'], '6:1: time_zone must be an IANA time zone such as Europe/Berlin or UTC'],
    ['a currency that is none', ['USD', 'USX'], '5:1: currency must be an ISO 4217 code such as USD'],
    ['no agent', ['[support]', '[]'], '4:1: agents must name at least one agent'],
    ['an agent with a space at its end', ['[support]', '["support "]'], '4:10: agents.0 must be what the spans say'],
    ['version 0', ['version: 1', 'version: 0'], '2:1: version must be 1 or more'],
    ['an id that cannot be in an address', ['contract: support', 'contract: a/b'], '1:1: contract must be 1 to 128 of letters, digits and _.:-'],
    ['a date that is none', ['version: 1', 'version: 1\neffective_from: 2026-02-30'], '3:1: effective_from must be a date such as 2026-01-31'],
    ['dates in the wrong order', ['version: 1', 'version: 1\neffective_from: 2026-02-01\neffective_until: 2026-02-01'], '4:1: effective_until must be after effective_from, 2026-02-01'],
    ['an outcome named twice', ['outcome: resolved', 'outcome: refunded'], '18:5: policies.1.outcome "refunded" is the outcome of an earlier policy: name each once, and join the conditions with ||'],
    ['an outcome named none', ['outcome: resolved', 'outcome: none'], '18:5: policies.1.outcome must not be "none"'],
    ['a reason that has a meaning', ['reason: handed_over', 'reason: no_contract'], '9:7: exclusions.0.reason must not be one of policy_held, no_policy_held'],
    ['an empty title', ['A question answered', '""'], '19:5: policies.1.title must say something'],
    ['a CEL syntax error', ['when: turns > 0', 'when: turns >'], '20:5: policies.1.when is not a CEL expression (<input>:1:7: '],
    ['a fact that does not exist', ['when: turns > 0', 'when: replies > 0'], '20:5: policies.1.when names "replies", which is no fact: there are turns, customer, agent, environment, '],
    ['a number where a condition is needed', ['when: turns > 0', 'when: turns'], '20:5: policies.1.when gives 1, but must give true or false'],
    ['a grade that is none', ['grade: system_verified', 'grade: verified'], '16:5: policies.0.grade names "verified", which is no fact'],
    ['a grade that is none, as text', ['grade: system_verified', `grade: '"verified"'`], '16:5: policies.0.grade gives "verified", but must give one of customer_confirmed, system_verified, judged, inferred'],
    ['a grade that is none, on one way only', ['"customer_confirmed" :', '"confirmed" :'], '21:5: policies.1.grade gives "confirmed", but must give one of customer_confirmed, system_verified, judged, inferred'],
  ])('says where and what would be right: %s', (_name, edit, problem) => {
    expect(problemsOf(edited(edit)).map((found) => found.slice('contracts/c.yaml:'.length, 'contracts/c.yaml:'.length + problem.length))).toContain(problem);
  });

  it('lists the problems of every expression at once', () => {
    expect(problemsOf(edited(['when: handed_off', 'when: handed'], ['when: turns > 0', 'when: turns'], ['csat <= 2', 'csat <= "2"']))).toHaveLength(3);
  });

  it('refuses a file that is no contract at all', () => {
    expect(problemsOf('')).toHaveLength(1);
    expect(problemsOf('[]')).toHaveLength(1);
    expect(problemsOf('policies: [\n')).toEqual([expect.stringMatching(/^contracts\/c\.yaml:2:1: /)]);
    expect(problemsOf(`${CONTRACT}currency: EUR\n`)).toEqual([expect.stringMatching(/^contracts\/c\.yaml:23:1: Map keys must be unique/)]);
  });
});
