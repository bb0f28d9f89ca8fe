import { describe, expect, it } from '@jest/globals';
import { decide } from './decide.js';
import { SAMPLE_FACTS } from './fact-fields.js';
import type { Facts } from './facts.js';
import { STANDARD_EXCLUSIONS, standardExclusions } from './standard-exclusions.js';
import { contractWith } from './testing/contracts.js';

const signal = { name: 's', source: 'system', value: '', number: null };

describe('standard exclusions', () => {
  it('say what they said when contracts were signed', () => {
    expect(Object.fromEntries(standardExclusions.map((name) => [name, STANDARD_EXCLUSIONS[name].when]))).toEqual({
      handed_over: 'handed_off',
      human_touched: 'human_involved',
      asked_for_person: 'asked_for_person',
      negative_rating: 'csat != null && csat <= 2',
      greeting_only: 'turns <= 1 && size(tool_calls) == 0 && size(signals) == 0 && !confirmed',
      spam_or_bot: 'is_spam',
      internal_user: 'is_internal_user',
      abuse: 'is_abuse',
      duplicate_contact: 'is_duplicate_contact',
    });
  });

  const contract = contractWith(['  - { reason: handed_over, when: handed_off }\n  - { reason: negative_rating, when: csat <= 2 }', standardExclusions.map((name) => `  - ${name}`).join('\n')]);
  const reasonOf = (given: Partial<Facts>) => decide(contract, { ...SAMPLE_FACTS, signals: [signal], ...given })[0].reason;

  it.each<[string, Partial<Facts>]>([
    ['handed_over', { handed_off: true, human_involved: true }],
    ['human_touched', { human_involved: true }],
    ['asked_for_person', { asked_for_person: true }],
    ['negative_rating', { csat: 2 }],
    ['greeting_only', { turns: 1, tool_calls: [], signals: [], confirmed: false }],
    ['spam_or_bot', { is_spam: true }],
    ['internal_user', { is_internal_user: true }],
    ['abuse', { is_abuse: true }],
    ['duplicate_contact', { is_duplicate_contact: true }],
  ])('%s holds', (reason, given) => {
    expect(reasonOf(given)).toBe(reason);
  });

  it('hold of nothing else', () => {
    for (const given of [{ csat: 3 }, { csat: null }, { turns: 2, tool_calls: [], signals: [] }, { tool_calls: [], signals: [], confirmed: true }]) expect(['policy_held', 'grade_not_priced']).toContain(reasonOf(given));
  });
});
