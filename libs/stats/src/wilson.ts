import { normalQuantile } from './normal-quantile.js';

export interface Interval {
  lower: number;
  upper: number;
}

/**
 * Wilson's score interval of a proportion, without continuity correction: sound with few events, where +-2 SE is not (it gives
 * [0, 0] for 0 of 20). Source: Wilson 1927; Newcombe, Statistics in Medicine 17 (1998) 857-872, method 3.
 */
export function wilsonInterval(successes: number, trials: number, confidence = 0.95): Interval {
  if (!(trials > 0 && successes >= 0 && successes <= trials)) {
    throw new RangeError(`wilsonInterval: ${successes} of ${trials}; needs 0 <= successes <= trials and trials > 0`);
  }
  const z = normalQuantile(0.5 + confidence / 2);
  const rate = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (rate + (z * z) / (2 * trials)) / scale;
  const half = ((z / scale) * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials)));
  // At the ends the bound is exactly 0 or 1; rounding must not put it a hair outside.
  return { lower: successes === 0 ? 0 : centre - half, upper: successes === trials ? 1 : centre + half };
}
