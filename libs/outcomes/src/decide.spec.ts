import { describe, expect, it } from '@jest/globals';
import { decide } from './decide.js';
import { SAMPLE_FACTS } from './fact-fields.js';
import type { Facts } from './facts.js';
import { contractWith } from './testing/contracts.js';

const NONE = { outcome: 'none', isBillable: false, grade: null, amountMicros: 0n };
const refund = { name: 'refund', source: 'system', value: '30', number: 30 };
const contract = contractWith();
const verdict = (given: Partial<Facts>, of = contract) => decide(of, { ...SAMPLE_FACTS, ...given })[0];

describe('decide', () => {
  it('lets an exclusion win over every policy, and the first over the others', () => {
    expect(verdict({ handed_off: true, csat: 1, signals: [refund] })).toMatchObject({ ...NONE, reason: 'handed_over' });
    expect(verdict({ csat: 2, signals: [refund] })).toMatchObject({ ...NONE, reason: 'negative_rating' });
  });

  it('does not exclude by a rating that was not given', () => {
    expect(verdict({ csat: null, signals: [refund] })).toMatchObject({ outcome: 'refunded', isBillable: true });
  });

  it('takes the first policy that holds', () => {
    expect(verdict({ signals: [refund], confirmed: true })).toMatchObject({ outcome: 'refunded', isBillable: true, reason: 'policy_held', grade: 'system_verified', amountMicros: 1_800_000n });
    expect(verdict({ confirmed: true })).toMatchObject({ outcome: 'resolved', isBillable: true, reason: 'policy_held', grade: 'customer_confirmed', amountMicros: 990_000n });
  });

  it('goes on to the next policy where `unless` holds', () => {
    expect(verdict({ signals: [refund], tool_calls: [{ name: 'refund', succeeded: false }], confirmed: true })).toMatchObject({ outcome: 'resolved' });
  });

  it('shows an outcome whose grade has no price, and bills nothing for it', () => {
    expect(verdict({ confirmed: false })).toMatchObject({ outcome: 'resolved', grade: 'inferred', isBillable: false, reason: 'grade_not_priced', amountMicros: 0n });
  });

  it('has a price for each grade', () => {
    const byGrade = contractWith(['{ customer_confirmed: 0.99 }', '{ customer_confirmed: 0.99, inferred: "0.40" }']);
    expect(verdict({ confirmed: false }, byGrade)).toMatchObject({ grade: 'inferred', isBillable: true, amountMicros: 400_000n });
  });

  it('decides nothing where no policy holds, and goes on where a grade cannot be given', () => {
    expect(verdict({ turns: 0 })).toMatchObject({ ...NONE, reason: 'no_policy_held' });
    const byRating = contractWith(['grade: system_verified', `grade: 'csat > 3 ? "judged" : "inferred"'`]);
    expect(verdict({ signals: [refund], csat: null, confirmed: true }, byRating)).toMatchObject({ outcome: 'resolved' });
  });

  it('explains everything that was looked at, in order, and nothing else', () => {
    const explained = verdict({ signals: [refund], tool_calls: [{ name: 't', succeeded: false }], confirmed: true }).explanation;
    expect(explained.map(({ at, held }) => [at, held])).toEqual([
      ['exclusions.0.when', false],
      ['exclusions.1.when', false],
      ['policies.0.when', true],
      ['policies.0.unless', true],
      ['policies.1.when', true],
      ['policies.1.grade', true],
    ]);
    expect(explained[1]?.expression).toBe('csat <= 2');
    expect(verdict({ handed_off: true }).explanation).toEqual([{ at: 'exclusions.0.when', expression: 'handed_off', held: true }]);
  });
});
