import { exactRatio } from './exact-ratio.js';

/**
 * Exact two-sided McNemar test on the discordant pairs of two variants tried once on the same tasks: with n = baseOnly + candidateOnly
 * and k the smaller, p = min(1, 2 P(X <= k)), X ~ Binomial(n, 1/2). No discordant pair: 1. Counted in integers (McNemar 1947; the
 * exact form in Agresti, Categorical Data Analysis, section 11.1).
 */
export function mcnemarExact(baseOnly: number, candidateOnly: number): number {
  if (!isCount(baseOnly) || !isCount(candidateOnly)) {
    throw new RangeError(`mcnemarExact: ${baseOnly} and ${candidateOnly} must be non-negative integers`);
  }
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

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
