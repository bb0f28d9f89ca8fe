import { DomainError } from '#platform';
import { clusteredMean, passK } from '#stats';
import { totalCost, type CostTotal } from './agent-cost.js';
import { countSuccesses, countTrials, tasksBySlice, trialsByTask, type TrialCount } from './count-trials.js';
import type { TrajectoryFile, TrajectoryFormat } from './trajectory.js';

/** What one results file says of its agent. Counts are of trials that count; rates are between 0 and 1. */
export interface TrajectoryScore {
  file: string;
  format: TrajectoryFormat;
  agentModel: string | null;
  /** Tasks with at least one trial that counts. */
  tasks: number;
  /** Trials that count: excluded ones are in `excluded` alone. */
  trials: number;
  excluded: number;
  successes: number;
  /** pass^1 .. pass^K, unbiased, K the smallest number of trials of any task. */
  passK: number[];
  /** Over trials. */
  mean: number;
  /** Of the mean; `clustered` by task is the one to quote, `null` with a single task. */
  standardError: { naive: number; clustered: number | null };
  designEffect: number | null;
  terminations: { termination: string; trials: number }[];
  slices: SliceScore[];
  cost: CostTotal;
  warnings: string[];
}

export interface SliceScore extends TrialCount {
  name: string;
  value: string;
  tasks: number;
}

/** @throws DomainError `no_trial_counts` when every trial is excluded. */
export function scoreTrajectories(file: TrajectoryFile): TrajectoryScore {
  const byTask = trialsByTask(file.trajectories);
  const tasks = [...byTask.values()];
  const counted = tasks.flat();
  if (counted.length === 0) {
    throw new DomainError({
      kind: 'invalid',
      code: 'no_trial_counts',
      message: `${file.name}: all ${file.trajectories.length} trials are excluded (infrastructure_error); there is nothing to score, run them again`,
    });
  }
  const scores = tasks.map((trials) => trials.map(({ isSuccess }) => Number(isSuccess)));
  const { mean, naiveError, clusteredError, designEffect } = clusteredMean(scores);
  return {
    file: file.name,
    format: file.format,
    agentModel: file.agentModel,
    tasks: tasks.length,
    trials: counted.length,
    excluded: file.trajectories.length - counted.length,
    successes: countSuccesses(counted),
    passK: passK(tasks.map(countTrials)),
    mean,
    standardError: { naive: naiveError, clustered: clusteredError },
    designEffect,
    terminations: terminationsOf(file),
    slices: tasksBySlice(byTask).map(({ slice, taskIds }) => ({
      ...slice,
      tasks: taskIds.length,
      ...countTrials(taskIds.flatMap((taskId) => byTask.get(taskId) ?? [])),
    })),
    cost: totalCost(counted.map(({ agentCost }) => agentCost)),
    warnings: [...file.warnings, ...unevenTrials(file, tasks.map(({ length }) => length))],
  };
}

function unevenTrials(file: TrajectoryFile, counts: readonly number[]): string[] {
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const planned = new Set(file.trajectories.map(({ taskId }) => taskId)).size;
  return [
    ...(fewest < most ? [`tasks have from ${fewest} to ${most} trials; pass^k is given up to k = ${fewest}`] : []),
    ...(counts.length < planned ? [`${planned - counts.length} of ${planned} tasks have no trial that counts`] : []),
  ];
}

function terminationsOf(file: TrajectoryFile): { termination: string; trials: number }[] {
  const counts = new Map<string, number>();
  for (const { termination } of file.trajectories) {
    if (termination !== null) counts.set(termination, (counts.get(termination) ?? 0) + 1);
  }
  return [...counts].map(([termination, trials]) => ({ termination, trials })).sort((a, b) => b.trials - a.trials);
}
