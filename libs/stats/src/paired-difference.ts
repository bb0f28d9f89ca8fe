import { clusteredMean } from './clustered-mean.js';

/** One task, tried under both variants; the observations are scores such as 0 and 1, and their counts may differ. */
export interface PairedTask {
  base: readonly number[];
  candidate: readonly number[];
}

export interface PairedDifference {
  /** Mean over tasks of (mean of the candidate - mean of the base): each task weighs the same. */
  difference: number;
  /** Over tasks, so clustered by construction; `null` with a single task. */
  standardError: number | null;
  /** What the error would be had the tasks not been the same: the price of not pairing. `null` with a single task. */
  unpairedError: number | null;
}

/**
 * The effect of a candidate on the same tasks. The standard error is that of the mean of the per-task differences with the finite
 * correction C/(C-1) (Miller, arXiv:2411.00640, section 4.2 and appendix A). The unpaired error is sqrt(seA^2 + seB^2) of the
 * two per-task means without it, which is what the two suites would report apart.
 */
export function pairedDifference(tasks: readonly PairedTask[]): PairedDifference {
  if (tasks.length === 0) throw new RangeError('pairedDifference: needs at least one task');
  const bases = tasks.map((task) => [meanOf(task.base)]);
  const candidates = tasks.map((task) => [meanOf(task.candidate)]);
  const differences = tasks.map((_, index) => [(candidates[index]?.[0] ?? 0) - (bases[index]?.[0] ?? 0)]);

  const { mean, clusteredError } = clusteredMean(differences);
  const unpairedError = clusteredError === null ? null : Math.hypot(clusteredMean(bases).naiveError, clusteredMean(candidates).naiveError);
  return { difference: mean, standardError: clusteredError, unpairedError };
}

function meanOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('pairedDifference: a task needs at least one trial under each variant');
  return values.reduce((total, value) => total + value, 0) / values.length;
}
