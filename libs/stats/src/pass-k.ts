/** The trials of one task: how many counted, how many of them succeeded. */
export interface TaskTrials {
  trials: number;
  successes: number;
}

/**
 * pass^1 .. pass^K: the chance that k trials of a task, drawn without replacement, all succeed, averaged over tasks.
 *
 * Per task C(c,k) / C(n,k), which is unbiased; the plug-in (c/n)^k is not. K is the smallest number of trials of any task, because the
 * estimate does not exist beyond it. Source: tau-bench, arXiv:2406.12045, section 3. No tasks: an empty list.
 */
export function passK(tasks: readonly TaskTrials[]): number[] {
  if (tasks.length === 0) return [];
  for (const task of tasks) requireCounts(task);
  const largest = tasks.reduce((smallest, task) => Math.min(smallest, task.trials), Infinity);
  return Array.from({ length: largest }, (_, index) => tasks.reduce((sum, task) => sum + allSucceed(task, index + 1), 0) / tasks.length);
}

// C(c,k) / C(n,k) as a product of k factors: no factorial is ever formed.
function allSucceed({ trials, successes }: TaskTrials, k: number): number {
  if (successes < k) return 0;
  let chance = 1;
  for (let drawn = 0; drawn < k; drawn++) chance *= (successes - drawn) / (trials - drawn);
  return chance;
}

function requireCounts({ trials, successes }: TaskTrials): void {
  const isSound = Number.isInteger(trials) && Number.isInteger(successes) && trials >= 1 && successes >= 0 && successes <= trials;
  if (!isSound) throw new RangeError(`passK: ${successes} of ${trials}; both must be integers, 0 <= successes <= trials, trials >= 1`);
}
