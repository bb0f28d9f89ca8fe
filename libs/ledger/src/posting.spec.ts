import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeCharge, termCharge } from './charge.js';
import { adjustmentPosting, assertBalanced, outcomePosting, receivableMovement, reversalPosting, type Entry } from './posting.js';

const november = { start: new Date('2026-11-01T00:00:00Z'), end: new Date('2026-12-01T00:00:00Z') };
const december = { start: november.end, end: new Date('2027-01-01T00:00:00Z') };
const key = { organizationId: 'acme', customerId: 'northwind', contractId: 'support', period: november, currency: 'USD', pricing: { kind: 'flat', unitMicros: '990000' } };
const charge = outcomeCharge({ ...key, outcome: 'resolved', grade: 'customer_confirmed' });
const outcome = { decisionId: 'decision_1', quantityMicros: 1_000_000n, amountMicros: 990_000n, period: november, bookedAt: new Date('2026-11-03T10:00:00Z') };
const later = { period: december, bookedAt: new Date('2026-12-01T09:00:00Z') };

const amounts = (entries: readonly Entry[]) => entries.map(({ account, amountMicros }) => [account, amountMicros]);

describe('outcomePosting', () => {
  it('debits the receivable of the customer and credits the revenue of the outcome', () => {
    expect(amounts(outcomePosting(charge, outcome).entries)).toEqual([['receivable:northwind', 990_000n], ['revenue:resolved', -990_000n]]);
  });

  it('counts what is free by itself, and moves nothing', () => {
    expect(outcomePosting(charge, { ...outcome, amountMicros: 0n })).toMatchObject({ quantityMicros: 1_000_000n, entries: [] });
  });

  it('refuses less than nothing', () => {
    expect(() => outcomePosting(charge, { ...outcome, amountMicros: -1n })).toThrow('price of 0 or more');
    expect(() => outcomePosting(charge, { ...outcome, quantityMicros: 0n })).toThrow('quantity above 0');
  });
});

describe('reversalPosting', () => {
  const cause = { ...later, decisionId: 'decision_2' };

  it('negates what was booked, in the period of its cause, for the charge of what it takes back', () => {
    const reversal = reversalPosting(outcomePosting(charge, outcome), cause);
    expect(reversal).toMatchObject({ kind: 'reversal', reverses: outcomePosting(charge, outcome).id, charge, quantityMicros: -1_000_000n, ...cause });
    expect(amounts(reversal.entries)).toEqual([['receivable:northwind', -990_000n], ['revenue:resolved', 990_000n]]);
    expect(receivableMovement(reversal)).toBe(-990_000n);
  });

  it('has one id per posting that it reverses, whatever the cause', () => {
    const posting = outcomePosting(charge, outcome);
    expect(reversalPosting(posting, cause).id).toBe(reversalPosting(posting, { ...cause, decisionId: 'decision_3' }).id);
    expect(reversalPosting(posting, cause).id).not.toBe(posting.id);
  });

  it('is not itself reversed', () => {
    expect(() => reversalPosting(reversalPosting(outcomePosting(charge, outcome), cause), cause)).toThrow('only an outcome is reversed');
  });

  it('leaves nothing on any account, for any amount', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 15n), (amountMicros) => {
        const posting = outcomePosting(charge, { ...outcome, amountMicros });
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

describe('adjustmentPosting', () => {
  it.each([
    ['repricing', charge, -10n, [['receivable:northwind', -10n], ['repricing:resolved', 10n]]],
    ['term', termCharge({ ...key, pricing: { amountMicros: '5' } }, 'minimum'), 5n, [['receivable:northwind', 5n], ['shortfall:minimum', -5n]]],
    ['term', termCharge({ ...key, pricing: { amountMicros: '5' } }, 'commitment'), 5n, [['receivable:northwind', 5n], ['shortfall:commitment', -5n]]],
    ['term', termCharge({ ...key, pricing: { amountMicros: '5' } }, 'cap'), -5n, [['receivable:northwind', -5n], ['allowance:cap', 5n]]],
  ] as const)('of a %s moves it to the account that says why', (kind, of, amountMicros, entries) => {
    const posting = adjustmentPosting(of, amountMicros, 'state', later);
    expect(posting).toMatchObject({ kind, decisionId: null, reverses: null, quantityMicros: 0n, ...later });
    expect(amounts(posting.entries)).toEqual(entries);
  });

  it('is one for what it was worked out from', () => {
    const id = (after: string) => adjustmentPosting(charge, 1n, after, later).id;
    expect([id('a') === id('a'), id('a') === id('b')]).toEqual([true, false]);
  });
});

describe('a charge', () => {
  it('is one for a price, a period and an outcome, and another where any of them differs', () => {
    const of = (given: Partial<Parameters<typeof outcomeCharge>[0]>) => outcomeCharge({ ...key, outcome: 'resolved', grade: 'judged', ...given }).id;
    expect(of({ pricing: { unitMicros: '990000', kind: 'flat' } })).toBe(of({}));
    const others = [of({ pricing: null }), of({ period: december }), of({ outcome: 'sale' }), of({ grade: 'inferred' }), of({ currency: 'EUR' }), of({ customerId: 'contoso' }), of({ contractId: 'sales' })];
    expect(new Set([of({}), ...others]).size).toBe(8);
  });
});

describe('assertBalanced', () => {
  const entry = (amountMicros: bigint, currency = 'USD'): Entry => ({ account: 'revenue:resolved', currency, amountMicros });

  it.each([
    ['a sum that is not zero', [entry(2n), entry(-1n)], 'sum to 1 micros'],
    ['currencies that only balance together', [entry(1n, 'USD'), entry(-1n, 'EUR')], 'sum to 1 micros'],
    ['an entry of zero', [entry(0n), entry(0n)], 'zero says nothing'],
    ['one entry', [entry(1n)], 'sum to 1 micros'],
  ])('refuses %s', (_name, entries, message) => {
    expect(() => assertBalanced(entries)).toThrow(message);
  });

  it('takes two currencies that balance each', () => {
    expect(() => assertBalanced([entry(1n), entry(-1n), entry(5n, 'EUR'), entry(-5n, 'EUR')])).not.toThrow();
  });
});
