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

/** Before which a policy of the test's contract takes one more line. */
const QUIET_POLICY = '    unless: tool_calls.exists(t, !t.succeeded)\n    grade: system_verified\n';
const flat = (unitMicros: bigint) => ({ kind: 'flat', unitMicros });

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
        { outcome: 'refunded', unless: { at: 'policies.0.unless' }, grade: { text: 'system_verified' }, value: null, prices: { customer_confirmed: flat(1_800_000n), system_verified: flat(1_800_000n), judged: flat(1_800_000n), inferred: flat(1_800_000n) } },
        { outcome: 'resolved', unless: null, prices: { customer_confirmed: flat(990_000n) } },
      ],
      source: CONTRACT,
    });
    expect(readContract(CONTRACT, 'c.yaml').policies[1]?.prices).toEqual({ customer_confirmed: flat(990_000n) });
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
    expect(readContract(source, 'c.yaml')).toMatchObject({ effectiveFrom: '2026-01-01', effectiveUntil: '2027-01-01', agents: ['Support Agent', 'tau*'], policies: [{ prices: { judged: flat(0n) } }, {}] });
  });

  const QUIET: Edit[0] = 'quiet_window: 1h';
  const withTerms = (terms: string) => edited([QUIET, `quiet_window: 1h\n${terms}`]);

  it('takes terms beyond a price for an outcome, and has what it says without them', () => {
    expect(readContract(CONTRACT, 'c.yaml')).toMatchObject({
      ...{ holdWindowMs: null, reopen: null, chargeOncePer: 'episode', combine: 'precedence', disputeWindowMs: null, reviewQuestions: [] },
      terms: { minimumMicros: null, capMicros: null, commitment: null, pilotUntil: null },
    });
    const terms = `effective_from: 2026-01-01
hold_window: 7d
reopen: { within: 30d }
charge_once_per: conversation
dispute_window: 45d
minimum: "500.00"
cap: 20000
commitment: { amount: "12000.00", months: 12 }
pilot: { until: 2026-03-01 }
review: { questions: [{ id: right, ask: Was it right? }] }`;
    expect(readContract(withTerms(terms), 'c.yaml')).toMatchObject({
      holdWindowMs: 7 * 86_400_000,
      reopen: { withinMs: 30 * 86_400_000, reverses: ['inferred'] },
      chargeOncePer: 'conversation',
      disputeWindowMs: 45 * 86_400_000,
      terms: { minimumMicros: 500_000_000n, capMicros: 20_000_000_000n, commitment: { amountMicros: 12_000_000_000n, months: 12 }, pilotUntil: '2026-03-01' },
      reviewQuestions: [{ id: 'right', ask: 'Was it right?', answers: ['yes', 'no', 'unsure'] }],
    });
  });

  it('takes prices by tier and by package, for all grades or for each', () => {
    const tiers = [{ upTo: 1_000_000_000n, unitMicros: 990_000n, flatMicros: 0n }, { upTo: null, unitMicros: 790_000n, flatMicros: 5_000_000n }];
    const written = '[{ up_to: 1000, unit: "0.99" }, { unit: 0.79, flat: 5 }]';
    expect(readContract(edited(['"1.80"', `{ graduated: ${written} }`]), 'c.yaml').policies[0]?.prices).toMatchObject({ judged: { kind: 'graduated', tiers }, inferred: { kind: 'graduated', tiers } });
    const each = edited(['{ customer_confirmed: 0.99 }', `{ customer_confirmed: { volume: ${written} }, judged: { package: { size: 100, amount: 80 } }, inferred: "0.40" }`]);
    expect(readContract(each, 'c.yaml').policies[1]?.prices).toEqual({ customer_confirmed: { kind: 'volume', tiers }, judged: { kind: 'package', size: 100_000_000n, packageMicros: 80_000_000n }, inferred: flat(400_000n) });
  });

  it('takes a standard exclusion by its name, beside those of the contract', () => {
    const { exclusions } = readContract(edited(['  - { reason: handed_over, when: handed_off }', '  - handed_over\n  - greeting_only']), 'c.yaml');
    expect(exclusions.map(({ reason, when }) => [reason, when.text])).toEqual([
      ['handed_over', 'handed_off'],
      ['greeting_only', 'turns <= 1 && size(tool_calls) == 0 && size(signals) == 0 && !confirmed'],
      ['negative_rating', 'csat <= 2'],
    ]);
  });

  const known =
    'contract, version, customer, agents, currency, time_zone, effective_from, effective_until, quiet_window, longest_episode, hold_window, reopen, charge_once_per, combine, dispute_window, minimum, cap, commitment, pilot, exclusions, policies, review';
  it.each<[string, Edit, string]>([
    ['an unknown key', ['currency: USD', 'curency: USD'], `5:1: curency is not a key here; known are ${known}`],
    ['an unknown key in a policy', ['    unless:', '    except:'], '15:5: policies.0.except is not a key here; known are outcome, title, when, unless, grade, value, price'],
    ['an unknown key in an exclusion', ['when: handed_off', 'if: handed_off'], '9:28: exclusions.0.if is not a key here; known are reason, when'],
    ['a standard exclusion that is none', ['  - { reason: handed_over, when: handed_off }', '  - handed_of'], '9:5: exclusions.0 must be one of handed_over, human_touched,'],
    ['tiers that do not rise', ['"1.80"', '{ graduated: [{ up_to: 10, unit: 2 }, { up_to: 10, unit: 1 }, { unit: 0 }] }'], '17:50: policies.0.price.graduated.1 must end after the tier before it'],
    ['a last tier that ends', ['"1.80"', '{ volume: [{ up_to: 10, unit: 2 }] }'], '17:23: policies.0.price.volume.0 must have no up_to: the last tier has no end'],
    ['a tier without an end before the last', ['"1.80"', '{ volume: [{ unit: 2 }, { unit: 1 }] }'], '17:23: policies.0.price.volume.0 must have an up_to: only the last tier has no end'],
    ['a tier without a price', ['"1.80"', '{ volume: [{ flat: 2 }] }'], '17:23: policies.0.price.volume.0.unit must be an amount in the currency of the contract'],
    ['a package of nothing', ['"1.80"', '{ package: { size: 0, amount: 1 } }'], '17:25: policies.0.price.package.size must be a number of units such as 1000'],
    ['two ways of pricing at once', ['"1.80"', '{ volume: [{ unit: 2 }], graduated: [{ unit: 2 }] }'], '17:14: policies.0.price.volume is not a key here; known are graduated'],
    ['a price that is a list', ['"1.80"', '[1, 2]'], '17:5: policies.0.price must be an amount in the currency of the contract'],
    ['a value that is no number', [QUIET_POLICY, `${QUIET_POLICY}    value: handed_off\n`], '17:5: policies.0.value gives false, but must give a number'],
    ['a minimum above the cap', ['quiet_window: 1h', 'quiet_window: 1h\nminimum: 5\ncap: 4'], '8:1: minimum must not be above the cap'],
    ['a commitment without a beginning', ['quiet_window: 1h', 'quiet_window: 1h\ncommitment: { amount: 5, months: 2 }'], '8:1: commitment needs an effective_from that is the first of a month'],
    ['a commitment from the middle of a month', ['quiet_window: 1h', 'quiet_window: 1h\neffective_from: 2026-01-15\ncommitment: { amount: 5, months: 2 }'], '9:1: commitment needs an effective_from that is the first of a month'],
    ['a pilot that ends before it begins', ['quiet_window: 1h', 'quiet_window: 1h\neffective_from: 2026-02-01\npilot: { until: 2026-02-01 }'], '9:10: pilot.until must be after effective_from, 2026-02-01'],
    ['a grade that is none to reverse', ['quiet_window: 1h', 'quiet_window: 1h\nreopen: { within: 3d, reverses: [assumed] }'], '8:34: reopen.reverses.0 must be of customer_confirmed'],
    ['an additive contract that charges a conversation once', ['quiet_window: 1h', 'quiet_window: 1h\ncombine: additive\ncharge_once_per: conversation'], '9:1: charge_once_per must be episode in an additive contract'],
    ['episodes that end before they can be quiet', ['quiet_window: 1h', 'quiet_window: 1h\nlongest_episode: 59m'], '8:1: longest_episode must not be shorter than the quiet window'],
    ['neither precedence nor additive', ['quiet_window: 1h', 'quiet_window: 1h\ncombine: both'], '8:1: combine must be precedence (the first policy that holds decides) or additive'],
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
    ['a price for no grade', ['{ customer_confirmed: 0.99 }', '{}'], '22:5: policies.1.price must have a price for at least one grade'],
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
    ['an outcome named as what reviewers answer', ['outcome: resolved', 'outcome: unsure'], '18:5: policies.1.outcome must not be "unsure"'],
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
