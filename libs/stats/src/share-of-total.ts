import type { Interval } from './wilson.js';

/** A total that was estimated, with its interval. */
export interface EstimatedTotal {
  value: number;
  interval: Interval;
}

/**
 * The share `part / (part + rest)` of two totals that were estimated independently, with an interval made of theirs: recall, for example, of
 * true positives and of misses. The limits of `rest / part` are MOVER-R's (Donner & Zou, Stat. Methods Med. Res. 21 (2012) 347-359, equation 9;
 * with Wilson's limits for proportions, Fagerland, Lydersen & Laake, Statistical Analysis of Contingency Tables, 2017, section 4.7), and
 * share = 1 / (1 + ratio) is monotone. Unlike the delta method it does not give an interval of no width where no miss was found.
 *
 * @returns `null` where both are 0
 */
export function shareOfTotal(part: EstimatedTotal, rest: EstimatedTotal): { rate: number; interval: Interval } | null {
  for (const { value, interval } of [part, rest]) {
    if (!(interval.lower >= 0 && interval.lower <= value && value <= interval.upper)) {
      throw new RangeError(`shareOfTotal: ${value} is not within ${interval.lower} and ${interval.upper}, or these are negative`);
    }
  }
  if (part.value + rest.value === 0) return null;
  const ratio = ratioLimits(rest, part);
  return { rate: part.value / (part.value + rest.value), interval: { lower: 1 / (1 + ratio.upper), upper: 1 / (1 + ratio.lower) } };
}

/** Of first / second; the upper limit is infinite where the second may be 0. */
function ratioLimits(first: EstimatedTotal, second: EstimatedTotal): Interval {
  const product = first.value * second.value;
  const [l1, u1, l2, u2] = [first.interval.lower, first.interval.upper, second.interval.lower, second.interval.upper];
  const lowerTerm = l1 * (2 * first.value - l1);
  const upperTerm = u1 * (2 * first.value - u1);
  const discriminant = (mine: number, other: number) => Math.sqrt(Math.max(0, product ** 2 - mine * other));
  // The root in the form that does not divide by u2 (2 second - u2), which may be 0 or less where the interval is wide.
  const lower = lowerTerm === 0 ? 0 : lowerTerm / (product + discriminant(lowerTerm, u2 * (2 * second.value - u2)));
  const denominator = l2 * (2 * second.value - l2);
  const upper = denominator === 0 ? Infinity : (product + discriminant(upperTerm, denominator)) / denominator;
  return { lower, upper };
}
