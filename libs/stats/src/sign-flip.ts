/** Additions that a test may cost: about two seconds. */
const OPERATIONS_MAX = 1e9;

/**
 * Exact two-sided paired permutation test. Under the null hypothesis that the variants are exchangeable within a task, the sign of
 * each task's difference is a fair coin; p is the share of the 2^T sign patterns whose absolute sum is at least the observed one.
 *
 * The differences are integers (scale them by a common denominator), so the distribution of the sum is built by dynamic programming
 * in T x (2S+1) additions, S the sum of absolute differences, and "at least" is decided in integers, not by a tolerance. With
 * differences in {-1, 0, 1} it is McNemar's exact test. Source: Fisher's randomisation test (The Design of Experiments, section 21).
 *
 * @returns p, or `null` where the table would be too large to build: say so rather than approximate silently.
 */
export function signFlipExact(differences: readonly number[]): number | null {
  if (differences.some((difference) => !Number.isSafeInteger(difference))) {
    throw new RangeError('signFlipExact: the differences must be integers; multiply them by their common denominator');
  }
  // A task that did not differ contributes nothing whatever its sign; a common factor only stretches the table.
  const sizes = differences.filter((difference) => difference !== 0).map(Math.abs);
  const unit = sizes.reduce(greatestCommonDivisor, 0) || 1;
  const steps = sizes.map((size) => size / unit);
  const span = steps.reduce((total, step) => total + step, 0);
  const observed = Math.abs(differences.reduce((total, difference) => total + difference, 0)) / unit;
  if (steps.length * (2 * span + 1) > OPERATIONS_MAX) return null;

  const probability = distributionOfSum(steps, span);
  let tail = 0;
  // The two tails mirror each other; summing from the far end adds small numbers first.
  for (let sum = span; sum >= observed && sum > 0; sum--) tail += probability[span + sum] ?? 0;
  return observed === 0 ? 1 : Math.min(1, 2 * tail);
}

// probability[span + s] = P(sum = s) when each step takes either sign with probability 1/2.
function distributionOfSum(steps: readonly number[], span: number): Float64Array {
  let current = new Float64Array(2 * span + 1);
  current[span] = 1;
  let reach = 0;
  for (const step of steps) {
    const next = new Float64Array(2 * span + 1);
    for (let index = span - reach; index <= span + reach; index++) {
      const half = (current[index] ?? 0) / 2;
      if (half === 0) continue;
      next[index - step] = (next[index - step] ?? 0) + half;
      next[index + step] = (next[index + step] ?? 0) + half;
    }
    current = next;
    reach += step;
  }
  return current;
}

/** Of two non-negative integers; of 0 and n it is n. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
