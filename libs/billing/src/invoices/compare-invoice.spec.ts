import { describe, expect, it } from '@jest/globals';
import { compareInvoice } from './compare-invoice.js';

const at = new Date('2026-11-01T00:00:00Z');
const line = (id: string, priceId: string | null, amountMinor: bigint) => ({ id, priceId, amountMinor, description: '', periodStart: at, periodEnd: at });
const meters: Record<string, string> = { price_a: 'a', price_b: 'b' };
const compare = (lines: ReturnType<typeof line>[], expected: Record<string, bigint>) =>
  compareInvoice({ lines, currency: 'USD' }, Object.entries(expected).map(([eventName, amountMicros]) => ({ eventName, amountMicros })), (price) => meters[price]);

describe('compareInvoice', () => {
  it('finds nothing where every line is what its meter was told', () => {
    expect(compare([line('1', 'price_a', 297n), line('2', 'price_b', 0n)], { a: 2_970_000n })).toEqual([]);
    // Below zero bills zero.
    expect(compare([line('1', 'price_a', 0n)], { a: -5_000_000n })).toEqual([]);
  });

  it.each([
    ['a cent too much', [line('1', 'price_a', 298n)], { a: 2_970_000n }, [{ eventName: 'a', invoiceLineId: '1', expectedMinor: 297n, stripeMinor: 298n }]],
    ['what nobody was told', [line('1', 'price_a', 1n)], {}, [{ eventName: 'a', invoiceLineId: '1', expectedMinor: 0n, stripeMinor: 1n }]],
    ['a line less', [line('1', 'price_a', 297n)], { a: 2_970_000n, b: 10_000n }, [{ eventName: 'b', invoiceLineId: null, expectedMinor: 1n, stripeMinor: null }]],
    ['a line of a price that is not ours', [line('1', 'price_x', 0n)], {}, [{ eventName: null, invoiceLineId: '1', expectedMinor: null, stripeMinor: 0n }]],
    ['a line that was added by hand', [line('1', null, 500n)], {}, [{ eventName: null, invoiceLineId: '1', expectedMinor: null, stripeMinor: 500n }]],
  ])('finds %s', (_what, lines, expected, differences) => {
    expect(compare(lines, expected as Record<string, bigint>)).toEqual(differences);
  });
});
