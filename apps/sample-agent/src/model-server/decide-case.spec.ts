import { describe, expect, it } from '@jest/globals';
import { CASE_INTENTS } from '../northwind/vocabulary.js';
import { rightDecision, sameDecision, wrongDecision, type CaseFacts } from './decide-case.js';

const facts: CaseFacts = {
  intent: 'refund',
  locale: 'en-GB',
  bookingReference: 'NW4821',
  booking: { route: 'Lisbon - Oslo', date: '2027-04-30', cabin: 'economy', priceEur: 240, refundable: true, status: 'confirmed' },
  subscription: { plan: 'Northwind Plus', status: 'active', discountPercent: 0 },
  date: '2027-05-31',
};
const rightFor = (changes: Partial<CaseFacts>): object => rightDecision({ ...facts, ...changes });

describe('decide a case', () => {
  it('follows the fare rules', () => {
    expect(rightFor({})).toMatchObject({ decision: 'issue_refund', arguments: { bookingReference: 'NW4821', amountEur: 240 } });
    const fixedFare = facts.booking === null ? null : { ...facts.booking, refundable: false };
    expect(rightFor({ booking: fixedFare })).toMatchObject({ decision: 'decline' });
    expect(rightFor({ intent: 'booking_change' })).toMatchObject({ decision: 'change_booking', arguments: { date: '2027-05-31' } });
    expect(rightFor({ intent: 'cancel_subscription' })).toMatchObject({ decision: 'offer_retention' });
  });

  it('makes the same offer only once', () => {
    const discounted = { plan: 'Northwind Plus', status: 'active' as const, discountPercent: 30 };
    expect(rightFor({ intent: 'cancel_subscription', subscription: discounted })).toMatchObject({ decision: 'cancel_subscription' });
  });

  it('is wrong when it is wrong', () => {
    for (const intent of CASE_INTENTS) {
      for (const luck of [0, 0.29, 0.3, 0.69, 0.7, 0.99]) {
        const about = { ...facts, intent };
        expect({ intent, luck, same: sameDecision(rightDecision(about), wrongDecision(about, luck)) }).toEqual({ intent, luck, same: false });
      }
    }
  });

  it('books the wrong day across the end of a month', () => {
    expect(wrongDecision({ ...facts, intent: 'booking_change' }, 0.5).arguments).toEqual({ bookingReference: 'NW4821', date: '2027-06-01' });
  });
});
