import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { meterName } from './meter-name.js';

describe('meterName', () => {
  it('reads as what it meters', () => {
    expect(meterName('case_resolved', 'USD')).toBe('astrolabe_case_resolved_usd');
  });

  it.each([
    ['case-resolved', 'case_resolved'],
    ['Resolved', 'resolved'],
    ['a b', 'a_b'],
    ['x'.repeat(61), 'x'.repeat(60)],
    ['résolu', 'r_solu'],
  ])('keeps %j apart from %j', (outcome, other) => {
    expect(meterName(outcome, 'USD')).not.toBe(meterName(other, 'USD'));
    expect(meterName(outcome, 'USD')).toMatch(new RegExp(`^astrolabe_${other}_[0-9a-f]{8}_usd$`));
  });

  it('fits Stripe whatever the outcome is called', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300, unit: 'grapheme' }), (outcome) => expect(meterName(outcome, 'EUR')).toMatch(/^[a-z0-9_]{1,100}$/)));
  });
});
