import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listPriceOf, priceOf, type Price } from './price.js';

const units = (count: number) => BigInt(Math.round(count * 1e6));
const money = (amount: number) => BigInt(Math.round(amount * 1e6));
const tier = (upTo: number | null, unit: number, flat = 0) => ({ upTo: upTo === null ? null : units(upTo), unitMicros: money(unit), flatMicros: money(flat) });

const flat: Price = { kind: 'flat', unitMicros: money(0.99) };
const tiers = [tier(1000, 0.99), tier(5000, 0.79, 10), tier(null, 0.5)];
const graduated: Price = { kind: 'graduated', tiers };
const volume: Price = { kind: 'volume', tiers };
const packages: Price = { kind: 'package', size: units(100), packageMicros: money(80) };

describe('priceOf', () => {
  it.each<[string, Price, number, number]>([
    ['flat', flat, 3, 2.97],
    ['flat, a share of a sale', { kind: 'flat', unitMicros: money(0.1) }, 249.99, 24.999],
    ['graduated, within the first tier', graduated, 1000, 990],
    // 990 + 10 once + 0.79
    ['graduated, one into the second', graduated, 1001, 1000.79],
    // 990 + 10 + 4000 * 0.79 + 1000 * 0.50
    ['graduated, into the last', graduated, 6000, 4660],
    ['volume, within the first tier', volume, 1000, 990],
    // all at 0.79, and 10 once
    ['volume, one into the second', volume, 1001, 800.79],
    ['volume, into the last', volume, 6000, 3000],
    ['a package that is started', packages, 1, 80],
    ['a package that is full', packages, 100, 80],
    ['one more', packages, 100.5, 160],
  ])('%s', (_name, price, quantity, amount) => {
    expect(priceOf(price, units(quantity))).toBe(money(amount));
  });

  it('of nothing is nothing, also where a tier costs something once', () => {
    for (const price of [flat, graduated, volume, packages, { kind: 'volume', tiers: [tier(null, 0, 5)] } as const]) expect(priceOf(price, 0n)).toBe(0n);
  });

  it('rounds once, half to even', () => {
    // A millionth of a unit at 0.5 and at 1.5 micros.
    expect([500_000n, 1_500_000n].map((unitMicros) => priceOf({ kind: 'flat', unitMicros }, 1n))).toEqual([0n, 2n]);
  });

  it('is the sum over single units, each at the price of its tier', () => {
    const anyTiers = fc.array(fc.record({ size: fc.integer({ min: 1, max: 6 }), unit: fc.integer({ min: 0, max: 5_000_000 }), flat: fc.integer({ min: 0, max: 5_000_000 }) }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyTiers, fc.integer({ min: 0, max: 30 }), (given, count) => {
        let end = 0;
        const list = given.map(({ size, unit, flat: once }, index) => ({ upTo: index === given.length - 1 ? null : units((end += size)), unitMicros: BigInt(unit), flatMicros: BigInt(once) }));
        const tierOf = (unit: number) => list.findIndex(({ upTo }) => upTo === null || units(unit) <= upTo);
        let one = 0n;
        const reached = new Set<number>();
        for (let unit = 1; unit <= count; unit++) {
          const index = tierOf(unit);
          one += list[index]?.unitMicros ?? 0n;
          if (!reached.has(index)) one += list[index]?.flatMicros ?? 0n;
          reached.add(index);
        }
        expect(priceOf({ kind: 'graduated', tiers: list }, units(count))).toBe(one);
        const last = list[tierOf(count)];
        expect(priceOf({ kind: 'volume', tiers: list }, units(count))).toBe(count === 0 ? 0n : BigInt(count) * (last?.unitMicros ?? 0n) + (last?.flatMicros ?? 0n));
      }),
    );
  });
});

describe('listPriceOf', () => {
  it('is what an outcome costs by itself', () => {
    expect([flat, graduated, volume, packages].map((price) => listPriceOf(price, units(1)))).toEqual([money(0.99), money(0.99), money(0.99), money(0.8)]);
  });
});
