import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertBalanced, entriesForOutcome, outcomePosting, receivableMovement, reversalPosting, type Entry, type OutcomeBooking } from './posting.js';

const november = { start: new Date('2026-11-01T00:00:00Z'), end: new Date('2026-12-01T00:00:00Z') };
const december = { start: november.end, end: new Date('2027-01-01T00:00:00Z') };
const booking: OutcomeBooking = {
  organizationId: 'acme',
  customerId: 'northwind',
  decisionId: 'decision_1',
  outcome: 'resolved',
  grade: 'customer_confirmed',
  currency: 'USD',
  amountMicros: 990_000n,
  period: november,
  bookedAt: new Date('2026-11-03T10:00:00Z'),
};

describe('entriesForOutcome', () => {
  it('debits the receivable of the customer and credits the revenue of the outcome', () => {
    expect(entriesForOutcome(booking)).toEqual([
      { account: 'receivable:northwind', currency: 'USD', amountMicros: 990_000n },
      { account: 'revenue:resolved', currency: 'USD', amountMicros: -990_000n },
    ]);
  });

  it.each([0n, -1n])('refuses %s micros', (amountMicros) => {
    expect(() => entriesForOutcome({ ...booking, amountMicros })).toThrow('above 0');
  });
});

describe('reversalPosting', () => {
  const cause = { decisionId: 'decision_2', period: december, bookedAt: new Date('2026-12-01T09:00:00Z') };

  it('negates what was booked, in the period of its cause', () => {
    const reversal = reversalPosting(outcomePosting(booking), cause);
    expect(reversal).toMatchObject({ kind: 'reversal', reverses: outcomePosting(booking).id, outcome: 'resolved', grade: 'customer_confirmed', ...cause });
    expect(reversal.entries).toEqual([
      { account: 'receivable:northwind', currency: 'USD', amountMicros: -990_000n },
      { account: 'revenue:resolved', currency: 'USD', amountMicros: 990_000n },
    ]);
    expect(receivableMovement(reversal)).toEqual({ currency: 'USD', amountMicros: -990_000n });
  });

  it('has one id per posting that it reverses, whatever the cause', () => {
    const posting = outcomePosting(booking);
    expect(reversalPosting(posting, cause).id).toBe(reversalPosting(posting, { ...cause, decisionId: 'decision_3' }).id);
    expect(reversalPosting(posting, cause).id).not.toBe(posting.id);
  });

  it('is not itself reversed', () => {
    expect(() => reversalPosting(reversalPosting(outcomePosting(booking), cause), cause)).toThrow('only an outcome is reversed');
  });

  it('leaves nothing on any account, for any amount', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 15n), (amountMicros) => {
        const posting = outcomePosting({ ...booking, amountMicros });
        const reversal = reversalPosting(posting, cause);
        assertBalanced(posting.entries);
        assertBalanced(reversal.entries);
        const left = new Map<string, bigint>();
        for (const entry of [...posting.entries, ...reversal.entries]) left.set(entry.account, (left.get(entry.account) ?? 0n) + entry.amountMicros);
        expect([...left.values()]).toEqual([0n, 0n]);
      }),
    );
  });
});

describe('assertBalanced', () => {
  const entry = (amountMicros: bigint, currency = 'USD'): Entry => ({ account: 'revenue:resolved', currency, amountMicros });

  it.each([
    ['a sum that is not zero', [entry(2n), entry(-1n)], 'sum to 1 micros'],
    ['currencies that only balance together', [entry(1n, 'USD'), entry(-1n, 'EUR')], 'sum to 1 micros'],
    ['an entry of zero', [entry(0n), entry(0n)], 'zero says nothing'],
    ['one entry', [entry(1n)], 'two entries'],
  ])('refuses %s', (_name, entries, message) => {
    expect(() => assertBalanced(entries)).toThrow(message);
  });

  it('takes two currencies that balance each', () => {
    expect(() => assertBalanced([entry(1n), entry(-1n), entry(5n, 'EUR'), entry(-5n, 'EUR')])).not.toThrow();
  });
});
