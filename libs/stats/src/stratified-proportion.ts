import { wilsonInterval, type Interval } from './wilson.js';

/** A part of a population, and a simple random sample of it. */
export interface Stratum {
  /** How many there are. */
  size: number;
  /** How many were looked at; 0 where nobody looked. */
  trials: number;
  successes: number;
}

export interface StratifiedProportion {
  rate: number;
  interval: Interval;
  /** Looked at, in all. */
  trials: number;
  /** How many of a sample without strata would say as much. */
  effectiveTrials: number;
}

/**
 * The share of successes in a population that was sampled at a different rate in each stratum: sum of size x successes / trials over the sum
 * of sizes (Cochran, Sampling Techniques, 1977, section 5.3). The interval is Wilson's with Kish's effective number of trials,
 * (sum of sizes)^2 / sum of size^2 / trials (Survey Sampling, 1965, section 11.7), as for weighted samples in Dean & Pagano, J. Survey Stat.
 * Methodol. 3 (2015) 484-503: it does not collapse where every stratum says 0 or 1. With one stratum, or one rate, it is Wilson's own.
 * No correction for a sample that is much of its population: the interval is then wider than it need be.
 *
 * @returns `null` where a stratum that has something in it was not looked at, because nothing is known of it; or nothing was looked at
 */
export function stratifiedProportion(strata: readonly Stratum[], confidence = 0.95): StratifiedProportion | null {
  for (const { size, trials, successes } of strata) {
    if (!(size >= trials && trials >= successes && successes >= 0)) {
      throw new RangeError(`stratifiedProportion: ${successes} of ${trials} of ${size}; needs 0 <= successes <= trials <= size`);
    }
  }
  const filled = strata.filter(({ size }) => size > 0);
  if (filled.length === 0 || filled.some(({ trials }) => trials === 0)) return null;
  const size = sum(filled.map((stratum) => stratum.size));
  const isAll = filled.every(({ trials, successes }) => successes === trials);
  const rate = isAll ? 1 : sum(filled.map((stratum) => (stratum.size * stratum.successes) / stratum.trials)) / size;
  const effectiveTrials = size ** 2 / sum(filled.map((stratum) => stratum.size ** 2 / stratum.trials));
  const interval = wilsonInterval(Math.min(effectiveTrials, rate * effectiveTrials), effectiveTrials, confidence);
  return { rate, interval, trials: sum(filled.map(({ trials }) => trials)), effectiveTrials };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
