import { divideHalfEven, MICROS_PER_UNIT, type Micros } from '#platform';
import { priceOf, type Price, type QuantityMicros } from './price.js';

/** What of a quantity lies in one tier, or in all packages, and what that costs. */
export interface TierShare {
  /** The quantity after which it begins. */
  from: QuantityMicros;
  /** The last quantity of it; null where it has no end. */
  upTo: QuantityMicros | null;
  quantity: QuantityMicros;
  /** Of one unit; of a package, of one package. */
  unitMicros: Micros;
  /** Charged once beside the units. */
  flatMicros: Micros;
  amountMicros: Micros;
}

/** How a price comes about: shares whose quantities and amounts add up to the quantity and to `priceOf`. None for nothing. */
export function tierShares(price: Price, quantity: QuantityMicros): TierShare[] {
  if (quantity <= 0n) return [];
  const amountMicros = priceOf(price, quantity);
  switch (price.kind) {
    case 'flat':
      return [{ from: 0n, upTo: null, quantity, unitMicros: price.unitMicros, flatMicros: 0n, amountMicros }];
    case 'package':
      return [{ from: 0n, upTo: null, quantity, unitMicros: price.packageMicros, flatMicros: 0n, amountMicros }];
    case 'volume': {
      const index = price.tiers.findIndex(({ upTo }) => upTo === null || quantity <= upTo);
      const tier = price.tiers[index];
      return tier ? [{ ...tier, from: price.tiers[index - 1]?.upTo ?? 0n, quantity, amountMicros }] : [];
    }
    case 'graduated': {
      const shares: TierShare[] = [];
      for (const tier of price.tiers) {
        const from = shares.at(-1)?.upTo ?? 0n;
        if (quantity <= from) break;
        const inTier = (tier.upTo === null || quantity < tier.upTo ? quantity : tier.upTo) - from;
        shares.push({ ...tier, from, quantity: inTier, amountMicros: tier.flatMicros + divideHalfEven(tier.unitMicros * inTier, MICROS_PER_UNIT) });
      }
      // The price is rounded once, for all tiers together: what that differs from its parts is in the last.
      const rest = amountMicros - shares.reduce((sum, share) => sum + share.amountMicros, 0n);
      return shares.map((share, index) => (index === shares.length - 1 ? { ...share, amountMicros: share.amountMicros + rest } : share));
    }
  }
}
