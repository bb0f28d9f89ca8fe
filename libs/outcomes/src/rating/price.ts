import { MICROS_PER_UNIT, divideHalfEven, type Micros } from '#platform';

/**
 * How many units an outcome counts as, in millionths: 1_000_000n unless its policy has a `value`.
 */
export type QuantityMicros = bigint;

/** One unit, of most outcomes. */
export const ONE_UNIT: QuantityMicros = MICROS_PER_UNIT;

/** A range of quantities with a price of its own. */
export interface PriceTier {
  /** The last quantity of the range; null in the last tier. */
  upTo: QuantityMicros | null;
  unitMicros: Micros;
  /** Charged once when the range is reached. */
  flatMicros: Micros;
}

/**
 * What a quantity costs. `graduated`: each unit costs what its own tier says. `volume`: all units cost what the tier of the whole quantity
 * says. `package`: each started package of `size` units costs the same. (Stripe, "Tiered pricing": graduated and volume mean the same there.)
 */
export type Price =
  | { kind: 'flat'; unitMicros: Micros }
  | { kind: 'graduated' | 'volume'; tiers: readonly PriceTier[] }
  | { kind: 'package'; size: QuantityMicros; packageMicros: Micros };

/** What a quantity costs, rounded once, half to even, to a micro. Nothing costs nothing. */
export function priceOf(price: Price, quantity: QuantityMicros): Micros {
  if (quantity <= 0n) return 0n;
  switch (price.kind) {
    case 'flat':
      return divideHalfEven(price.unitMicros * quantity, MICROS_PER_UNIT);
    case 'graduated':
      return graduated(price.tiers, quantity);
    case 'volume':
      return volume(price.tiers, quantity);
    case 'package':
      return price.packageMicros * ((quantity + price.size - 1n) / price.size);
  }
}

/**
 * What an outcome costs by itself, to compare and to show: where prices depend on how many there are, that of the first unit, or its share
 * of a package. What is charged follows from the period (`rate-period.ts`).
 */
export function listPriceOf(price: Price, quantity: QuantityMicros): Micros {
  switch (price.kind) {
    case 'flat':
      return priceOf(price, quantity);
    case 'graduated':
    case 'volume':
      return divideHalfEven((price.tiers[0]?.unitMicros ?? 0n) * quantity, MICROS_PER_UNIT);
    case 'package':
      return divideHalfEven(price.packageMicros * quantity, price.size);
  }
}

function graduated(tiers: readonly PriceTier[], quantity: QuantityMicros): Micros {
  let from = 0n;
  let perUnit = 0n;
  let flat = 0n;
  for (const { upTo, unitMicros, flatMicros } of tiers) {
    if (quantity <= from) break;
    const to = upTo === null || quantity < upTo ? quantity : upTo;
    perUnit += unitMicros * (to - from);
    flat += flatMicros;
    from = to;
  }
  return flat + divideHalfEven(perUnit, MICROS_PER_UNIT);
}

function volume(tiers: readonly PriceTier[], quantity: QuantityMicros): Micros {
  const tier = tiers.find(({ upTo }) => upTo === null || quantity <= upTo);
  return tier ? tier.flatMicros + divideHalfEven(tier.unitMicros * quantity, MICROS_PER_UNIT) : 0n;
}
