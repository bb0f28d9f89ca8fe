import { exactRatio } from './exact-ratio.js';
import { normalUpperTail } from './normal-tail.js';

// Beyond it the exact test takes seconds, and the two agree to 1 in 100 of p where p is above 0.001.
const EXACT_DISCORDANT_MAX = 2000;

/**
 * Two-sided McNemar test on discordant pairs of any number: exact up to 2,000 of them, and beyond with the normal distribution and Edwards'
 * continuity correction, z = (|b - c| - 1) / sqrt(b + c) (Edwards 1948, Psychometrika 13:185).
 */
export function mcnemar(baseOnly: number, candidateOnly: number): number {
  const discordant = baseOnly + candidateOnly;
  if (!(discordant > EXACT_DISCORDANT_MAX)) return mcnemarExact(baseOnly, candidateOnly);
  refuseWhatIsNoCount('mcnemar', baseOnly, candidateOnly);
  const difference = Math.max(0, Math.abs(baseOnly - candidateOnly) - 1);
  return Math.min(1, 2 * normalUpperTail(difference / Math.sqrt(discordant)));
}

/**
 * Exact two-sided McNemar test on the discordant pairs of two variants tried once on the same tasks: with n = baseOnly + candidateOnly
 * and k the smaller, p = min(1, 2 P(X <= k)), X ~ Binomial(n, 1/2). No discordant pair: 1. Counted in integers (McNemar 1947; the
 * exact form in Agresti, Categorical Data Analysis, section 11.1).
 */
export function mcnemarExact(baseOnly: number, candidateOnly: number): number {
  refuseWhatIsNoCount('mcnemarExact', baseOnly, candidateOnly);
  const discordant = baseOnly + candidateOnly;
  const smaller = Math.min(baseOnly, candidateOnly);
  let choose = 1n;
  let atMost = 1n;
  for (let drawn = 0; drawn < smaller; drawn++) {
    choose = (choose * BigInt(discordant - drawn)) / BigInt(drawn + 1);
    atMost += choose;
  }
  return Math.min(1, exactRatio(2n * atMost, 1n << BigInt(discordant)));
}

function refuseWhatIsNoCount(test: string, ...counts: readonly number[]): void {
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) throw new RangeError(`${test}: ${counts.join(' and ')} must be non-negative integers`);
}
