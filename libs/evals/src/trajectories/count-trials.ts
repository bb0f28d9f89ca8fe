import type { Slice, Trajectory } from './trajectory.js';

/** A number of trials and how many of them succeeded. */
export interface TrialCount {
  successes: number;
  trials: number;
}

export function countSuccesses(trajectories: readonly Trajectory[]): number {
  return trajectories.filter(({ isSuccess }) => isSuccess).length;
}

export function countTrials(trajectories: readonly Trajectory[]): TrialCount {
  return { successes: countSuccesses(trajectories), trials: trajectories.length };
}

/** The trials that count (an excluded one is no result), by task, tasks in natural order. */
export function trialsByTask(trajectories: readonly Trajectory[]): Map<string, Trajectory[]> {
  const tasks = new Map<string, Trajectory[]>();
  for (const trajectory of trajectories) {
    if (trajectory.exclusion !== null) continue;
    const trials = tasks.get(trajectory.taskId);
    if (trials) trials.push(trajectory);
    else tasks.set(trajectory.taskId, [trajectory]);
  }
  return new Map([...tasks].sort(([a], [b]) => compareTaskIds(a, b)));
}

/** 2 before 10, and the same everywhere: no locale takes part. */
function compareTaskIds(a: string, b: string): number {
  const [left, right] = [Number(a), Number(b)];
  if (Number.isFinite(left) && Number.isFinite(right) && left !== right) return left - right;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Every slice that occurs among the tasks, with the tasks in it; by name, then by value. */
export function tasksBySlice(tasks: ReadonlyMap<string, readonly Trajectory[]>): { slice: Slice; taskIds: string[] }[] {
  const found = new Map<string, { slice: Slice; taskIds: string[] }>();
  for (const [taskId, trials] of tasks) {
    for (const slice of trials[0]?.slices ?? []) {
      const key = `${slice.name}=${slice.value}`;
      const entry = found.get(key) ?? { slice, taskIds: [] };
      entry.taskIds.push(taskId);
      found.set(key, entry);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}
