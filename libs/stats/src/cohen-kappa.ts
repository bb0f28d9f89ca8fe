import { normalQuantile } from './normal-quantile.js';
import type { Interval } from './wilson.js';

export interface CohenKappa {
  /** Items that both labelled. */
  items: number;
  /** The share on which they agree; `null` without an item. */
  observed: number | null;
  /** The share on which two who label by chance would, each as often as they did; `null` without an item. */
  expected: number | null;
  /** `null` where it is undefined: no item, or both gave every item one and the same answer, so that chance would have agreed as well. */
  kappa: number | null;
  /** Asymptotic and not under the hypothesis that kappa is 0; `null` where kappa is. */
  standardError: number | null;
  /** kappa +- z SE within [-1, 1]; `null` where kappa is, and where the error is 0, from which nothing follows about other items. */
  interval: Interval | null;
}

/**
 * Cohen's kappa of two labellers, from the pairs of answers to the items that both labelled: (po - pe) / (1 - pe).
 *
 * Variance: [ sum_i pii ((1 - pe) - (pi. + p.i)(1 - po))^2 + (1 - po)^2 sum_{i != j} pij (p.i + pj.)^2 - (po pe - 2 pe + po)^2 ] / (n (1 - pe)^4).
 * Source: Cohen, Educ. Psychol. Meas. 20 (1960) 37-46; Fleiss, Cohen & Everitt, Psychol. Bull. 72 (1969) 323-327, equation 13. Good from some 20
 * items on; with fewer the interval is too narrow.
 */
export function cohenKappa(pairs: readonly (readonly [first: string, second: string])[], confidence = 0.95): CohenKappa {
  const items = pairs.length;
  if (items === 0) return { items, observed: null, expected: null, kappa: null, standardError: null, interval: null };
  const answers = [...new Set(pairs.flat())];
  const share = (first: string, second: string) => pairs.filter(([a, b]) => a === first && b === second).length / items;
  const table = new Map(answers.map((first) => [first, new Map(answers.map((second) => [second, share(first, second)]))]));
  const cell = (first: string, second: string) => table.get(first)?.get(second) ?? 0;
  const row = (answer: string) => sum(answers.map((second) => cell(answer, second)));
  const column = (answer: string) => sum(answers.map((first) => cell(first, answer)));

  const observed = pairs.filter(([a, b]) => a === b).length / items;
  const expected = sum(answers.map((answer) => row(answer) * column(answer)));
  // Chance alone agrees always only where there is one answer: told by counting, because 1 - expected may be a rounding error.
  if (answers.length === 1) return { items, observed, expected, kappa: null, standardError: null, interval: null };

  const byChance = 1 - expected;
  const missed = 1 - observed;
  const kappa = (observed - expected) / byChance;
  const agreeing = sum(answers.map((answer) => cell(answer, answer) * (byChance - (row(answer) + column(answer)) * missed) ** 2));
  const differing = sum(answers.flatMap((first) => answers.filter((second) => second !== first).map((second) => cell(first, second) * (column(first) + row(second)) ** 2)));
  const numerator = agreeing + missed ** 2 * differing - (observed * expected - 2 * expected + observed) ** 2;
  // Perfect agreement leaves 0, of which rounding makes a hair more or less.
  const variance = observed === 1 ? 0 : Math.max(0, numerator) / (items * byChance ** 4);
  const standardError = Math.sqrt(variance);
  const half = normalQuantile(0.5 + confidence / 2) * standardError;
  const interval = variance === 0 ? null : { lower: Math.max(-1, kappa - half), upper: Math.min(1, kappa + half) };
  return { items, observed, expected, kappa, standardError, interval };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
