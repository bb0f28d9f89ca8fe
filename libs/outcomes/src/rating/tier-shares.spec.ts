import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyPrice } from '../testing/any-price.js';
import { priceFromJson, priceToJson } from './price-json.js';
import { priceOf } from './price.js';
import { tierShares } from './tier-shares.js';

const units = (count: number) => BigInt(Math.round(count * 1e6));
const tier = (upTo: number | null, unit: number, flat = 0) => ({ upTo: upTo === null ? null : units(upTo), unitMicros: units(unit), flatMicros: units(flat) });
const tiers = [tier(10, 2), tier(20, 1, 5), tier(null, 0.5)];

describe('tierShares', () => {
  it('says what lies in which tier', () => {
    expect(tierShares({ kind: 'graduated', tiers }, units(21.5))).toEqual([
      { from: 0n, upTo: units(10), quantity: units(10), unitMicros: units(2), flatMicros: 0n, amountMicros: units(20) },
      { from: units(10), upTo: units(20), quantity: units(10), unitMicros: units(1), flatMicros: units(5), amountMicros: units(15) },
      { from: units(20), upTo: null, quantity: units(1.5), unitMicros: units(0.5), flatMicros: 0n, amountMicros: units(0.75) },
    ]);
    expect(tierShares({ kind: 'volume', tiers }, units(20))).toEqual([{ from: units(10), upTo: units(20), quantity: units(20), unitMicros: units(1), flatMicros: units(5), amountMicros: units(25) }]);
    expect(tierShares({ kind: 'volume', tiers }, 0n)).toEqual([]);
  });

  it('adds up to the price, whatever the price and the quantity', () => {
    fc.assert(
      fc.property(anyPrice, fc.bigInt(0n, 60_000_000n), (price, quantity) => {
        const shares = tierShares(price, quantity);
        expect(shares.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)).toBe(priceOf(price, quantity));
        expect(shares.reduce((sum, share) => sum + share.quantity, 0n)).toBe(quantity);
      }),
    );
  });
});

describe('priceToJson', () => {
  it('loses nothing', () => {
    fc.assert(fc.property(anyPrice, (price) => expect(priceFromJson(priceToJson(price))).toEqual(price)));
  });
});
