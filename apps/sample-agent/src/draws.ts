import { sha256Hex } from '#platform';

/**
 * A uniform number in [0, 1) that is a pure function of what it is drawn for. There is no generator with a state: calls that interleave
 * differently, or run in another process, draw the same numbers.
 */
export function drawUniform(...purpose: readonly (string | number)[]): number {
  // 52 bits: the most a double holds without rounding.
  return Number.parseInt(sha256Hex(JSON.stringify(purpose)).slice(0, 13), 16) / 2 ** 52;
}

/** A lognormal number with the given median; `sigma` is the standard deviation of its logarithm. Box and Muller's transform. */
export function drawLognormal(median: number, sigma: number, ...purpose: readonly (string | number)[]): number {
  const radius = Math.sqrt(-2 * Math.log(1 - drawUniform(...purpose, 'radius')));
  return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * drawUniform(...purpose, 'angle')));
}

/** One of the entries, each as likely as its weight says; weights need not sum to one. */
export function drawWeighted<T>(entries: readonly (readonly [T, number])[], ...purpose: readonly (string | number)[]): T {
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  let left = drawUniform(...purpose) * total;
  for (const [entry, weight] of entries) {
    left -= weight;
    if (left < 0) return entry;
  }
  const last = entries.at(-1);
  if (last === undefined) throw new RangeError('drawWeighted needs at least one entry');
  return last[0];
}

/** One of the entries, all equally likely. */
export function drawOne<T>(entries: readonly T[], ...purpose: readonly (string | number)[]): T {
  return drawWeighted(
    entries.map((entry) => [entry, 1] as const),
    ...purpose,
  );
}
