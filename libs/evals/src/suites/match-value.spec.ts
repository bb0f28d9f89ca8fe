import { describe, expect, it } from '@jest/globals';
import { differences, matches, pairOff } from './match-value.js';

describe('differences', () => {
  const state = { bookings: { NW1: { status: 'refunded', priceEur: 240 } }, vouchers: [{ eur: 50 }, { eur: 20, reason: 'delay' }], handoff: null };

  it('matches a part of an object, at any depth', () => {
    expect(differences({ bookings: { NW1: { status: 'refunded' } } }, state, 'partial', 'state')).toEqual([]);
  });

  it('names each difference by its path, with what is and what should be', () => {
    expect(differences({ bookings: { NW1: { status: 'confirmed', priceEur: 240 } }, plan: 'Plus' }, state, 'partial', 'state')).toEqual([
      'state.bookings.NW1.status is "refunded", should be "confirmed"',
      'state.plan is missing, should be "Plus"',
    ]);
  });

  it('takes list elements in any order, in both modes', () => {
    const turned = { ...state, vouchers: [{ reason: 'delay', eur: 20 }, { eur: 50 }] };
    expect(matches(turned, state, 'exact')).toBe(true);
    expect(matches({ vouchers: [{ eur: 20 }, { eur: 50 }] }, state, 'partial')).toBe(true);
    expect(matches({ vouchers: [{ eur: 20 }, { eur: 50 }] }, state, 'exact')).toBe(false);
  });

  it('counts list elements: one too many and one too few are differences', () => {
    expect(differences(['a', 'b'], ['b'], 'partial', 'state')).toEqual(['state lacks "a"']);
    expect(differences(['a'], ['a', 'a'], 'partial', 'state')).toEqual(['state holds "a", which should not be there']);
    expect(differences([{ id: 1, eur: 50 }], [{ id: 1, eur: 70 }], 'partial', 'state')).toEqual(['state[].eur is 70, should be 50']);
  });

  it('refuses what was not named only where the match is exact', () => {
    expect(differences({ handoff: null }, { handoff: null, vouchers: [] }, 'exact', 'state')).toEqual(['state.vouchers is [], should not be there']);
    expect(differences({ handoff: null }, { handoff: null, vouchers: [] }, 'partial', 'state')).toEqual([]);
  });

  it('tells null from a missing key, and an object from a list', () => {
    expect(matches({ handoff: null }, {}, 'partial')).toBe(false);
    expect(matches({ a: {} }, { a: [] }, 'partial')).toBe(false);
    expect(matches({ a: [] }, { a: {} }, 'partial')).toBe(false);
    expect(matches({ a: '1' }, { a: 1 }, 'partial')).toBe(false);
  });

  it('does not take a property of every object for one of this one', () => {
    expect(matches({ constructor: {} }, {}, 'partial')).toBe(false);
  });
});

describe('pairOff', () => {
  it('lets a loose expectation leave the only match of a strict one', () => {
    // "any refund" comes first and would take the refund of 50, which "the refund of 50" needs.
    const fits = (wanted: number | null, found: number) => wanted === null || wanted === found;
    expect(pairOff([null, 50], [50, 70], fits)).toEqual([1, 0]);
    expect(pairOff([null, 50, 50], [50, 70], fits).filter((partner) => partner !== undefined)).toHaveLength(2);
  });
});
