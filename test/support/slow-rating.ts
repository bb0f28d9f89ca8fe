import type { Price } from '#outcomes';

/*
 * What contracts charge, written out as slowly and as obviously as it can be said, and sharing nothing with the code that rates: fractions
 * of micros are kept as fractions, units are walked through one range after the other.
 */

/** Micros with a denominator of a million, rounded once, half to even. */
function roundedToMicros(millionths: bigint): bigint {
  const whole = millionths / 1_000_000n;
  const rest = millionths % 1_000_000n;
  if (rest > 500_000n) return whole + 1n;
  if (rest === 500_000n) return whole % 2n === 0n ? whole : whole + 1n;
  return whole;
}

/** @param quantities of the live outcomes, in millionths of a unit */
export function slowPriceOf(price: Price, quantities: readonly bigint[]): bigint {
  let quantity = 0n;
  for (const one of quantities) quantity += one;
  if (quantity === 0n) return 0n;
  if (price.kind === 'flat') return roundedToMicros(quantity * price.unitMicros);
  if (price.kind === 'package') {
    let packages = 0n;
    for (let covered = 0n; covered < quantity; covered += price.size) packages += 1n;
    return packages * price.packageMicros;
  }
  let begin = 0n;
  let millionths = 0n;
  for (const { upTo, unitMicros, flatMicros } of price.tiers) {
    const isReached = quantity > begin;
    const holdsAll = upTo === null || quantity <= upTo;
    if (price.kind === 'volume' && isReached && holdsAll) millionths = quantity * unitMicros + flatMicros * 1_000_000n;
    if (price.kind === 'graduated' && isReached) millionths += ((holdsAll ? quantity : (upTo ?? 0n)) - begin) * unitMicros + flatMicros * 1_000_000n;
    begin = upTo ?? begin;
    if (upTo === null) break;
  }
  return roundedToMicros(millionths);
}

export interface SlowTerms {
  minimum?: bigint;
  cap?: bigint;
  /** What is still missing to a commitment that ends here. */
  commitmentRest?: bigint;
}

/** A period's total by hand: never above the cap, never below the minimum, and never below what was committed to. */
export function slowTotal(outcomes: bigint, { minimum, cap, commitmentRest }: SlowTerms): bigint {
  let total = outcomes;
  if (cap !== undefined && total > cap) total = cap;
  if (minimum !== undefined && total < minimum) total = minimum;
  if (commitmentRest !== undefined && total < commitmentRest) total = commitmentRest;
  return total;
}
