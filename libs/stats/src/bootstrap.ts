import type { Random } from './seeded-random.js';
import type { Interval } from './wilson.js';

export interface BootstrapOptions {
  /** Given, so that the same data give the same interval. */
  random: Random;
  resamples?: number;
  confidence?: number;
}

/** Where more of the resamples than this leave the statistic undefined, the rest says nothing of its spread. */
const UNDEFINED_SHARE_MAX = 0.05;

/**
 * Percentile bootstrap interval of a statistic: units are drawn with replacement, as many as there are, and what one unit holds stays
 * together. For Krippendorff's alpha, units are items; Zapf et al. (BMC Med. Res. Methodol. 16:93, 2016) find its coverage good where
 * Krippendorff's own resampling of single disagreements is too narrow. Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), section
 * 13.3. With the resampled values in ascending order, the limits are those of rank ceil(B a/2) and ceil(B (1 - a/2)).
 *
 * @returns `null` with fewer than two units, and where more than one resample in twenty has no value of the statistic
 */
export function bootstrapInterval<Unit>(units: readonly Unit[], statistic: (units: readonly Unit[]) => number | null, options: BootstrapOptions): Interval | null {
  const { random, resamples = 2000, confidence = 0.95 } = options;
  if (units.length < 2) return null;
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const drawn = units.map(() => units[Math.floor(random() * units.length)] as Unit);
    const value = statistic(drawn);
    if (value !== null) values.push(value);
  }
  if (resamples - values.length > resamples * UNDEFINED_SHARE_MAX) return null;
  values.sort((a, b) => a - b);
  const ranked = (share: number) => values[Math.min(values.length, Math.max(1, Math.ceil(values.length * share))) - 1] ?? 0;
  const tail = (1 - confidence) / 2;
  return { lower: ranked(tail), upper: ranked(1 - tail) };
}
