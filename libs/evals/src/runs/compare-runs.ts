import { DomainError } from '#platform';
import { greatestCommonDivisor, pairedDifference, passK, signFlipExact, type TaskTrials } from '#stats';
import type { RunPlan, TrialStanding } from './run.js';

/** A run as far as a comparison needs it. */
export interface ComparableRun extends RunPlan {
  id: string;
  trialStandings: readonly TrialStanding[];
}

export type TaskOutcome = 'pass' | 'fail';

/** A candidate against a base on the scenarios (tasks) that both have results of. Infrastructure errors are no results: counted, and left out. */
export interface RunComparison {
  tasks: number;
  /** Results of each task; `null` where tasks differ. */
  trialsPerTask: number | null;
  base: RunScore;
  candidate: RunScore;
  /** Mean over tasks of (candidate's share of passed trials - base's): each task weighs the same. */
  difference: number;
  /** Over tasks, so clustered by construction; `null` with a single task. */
  standardError: number | null;
  /** Exact two-sided sign-flip test over tasks; with one trial each it is McNemar's. `null` where a warning says that it was too large. */
  pValue: number | null;
  /** Tasks whose outcome changed; equal rates can hide as many regressions as fixes. */
  flips: { taskId: string; from: TaskOutcome; to: TaskOutcome; base: TaskTrials; candidate: TaskTrials }[];
  warnings: string[];
}

export interface RunScore extends TaskTrials {
  runId: string;
  variant: string;
  /** Mean over tasks of the share of trials that passed. */
  rate: number;
  /** pass^1 .. pass^K, K the smallest number of results of any task. */
  passK: number[];
  infrastructureErrors: number;
}

interface Task {
  taskId: string;
  base: TaskTrials;
  candidate: TaskTrials;
}

/** @throws DomainError `no_task_in_both` */
export function compareRuns(base: ComparableRun, candidate: ComparableRun): RunComparison {
  const [baseTasks, candidateTasks] = [resultsByTask(base), resultsByTask(candidate)];
  const tasks = [...baseTasks].flatMap(([taskId, result]) => {
    const other = candidateTasks.get(taskId);
    return other ? [{ taskId, base: result, candidate: other }] : [];
  });
  if (tasks.length === 0) {
    throw new DomainError({
      kind: 'invalid',
      code: 'no_task_in_both',
      message: `Runs ${base.id} (${baseTasks.size} scenarios with a result) and ${candidate.id} (${candidateTasks.size}) share none; compare two runs of the same suite`,
    });
  }
  const paired = pairedDifference(tasks.map((task) => ({ base: scoresOf(task.base), candidate: scoresOf(task.candidate) })));
  const pValue = signFlip(tasks);
  const sizes = new Set(tasks.flatMap((task) => [task.base.trials, task.candidate.trials]));
  return {
    tasks: tasks.length,
    trialsPerTask: sizes.size === 1 ? ([...sizes][0] ?? null) : null,
    base: scoreOf(base, tasks.map((task) => task.base)),
    candidate: scoreOf(candidate, tasks.map((task) => task.candidate)),
    difference: paired.difference,
    standardError: paired.standardError,
    pValue,
    flips: flipsOf(tasks),
    warnings: [
      ...planDifferences(base, candidate),
      ...leftOut(base, baseTasks, candidateTasks),
      ...leftOut(candidate, candidateTasks, baseTasks),
      ...(sizes.size > 1 ? ['the number of trials with a result differs between tasks or runs'] : []),
      ...(pValue === null ? ['the numbers of trials differ too much between tasks for an exact test; use the difference and its standard error'] : []),
    ],
  };
}

function resultsByTask({ trialStandings }: ComparableRun): Map<string, TaskTrials> {
  const tasks = new Map<string, TaskTrials>();
  for (const { scenarioId, status } of trialStandings) {
    if (status === 'infrastructure_error') continue;
    const { trials, successes } = tasks.get(scenarioId) ?? { trials: 0, successes: 0 };
    tasks.set(scenarioId, { trials: trials + 1, successes: successes + (status === 'passed' ? 1 : 0) });
  }
  return tasks;
}

function scoreOf(run: ComparableRun, tasks: readonly TaskTrials[]): RunScore {
  const total = (value: (task: TaskTrials) => number) => tasks.reduce((sum, task) => sum + value(task), 0);
  return {
    runId: run.id,
    variant: run.variant.name,
    successes: total((task) => task.successes),
    trials: total((task) => task.trials),
    rate: total((task) => task.successes / task.trials) / tasks.length,
    passK: passK(tasks),
    infrastructureErrors: run.trialStandings.filter(({ status }) => status === 'infrastructure_error').length,
  };
}

function scoresOf({ trials, successes }: TaskTrials): number[] {
  return Array.from({ length: trials }, (_, index) => (index < successes ? 1 : 0));
}

// Shares of unequal numbers of trials are put over one common denominator, so that the test can count in integers.
function signFlip(tasks: readonly Task[]): number | null {
  const sizes = tasks.flatMap((task) => [task.base.trials, task.candidate.trials]);
  const denominator = sizes.reduce((multiple, size) => (multiple / greatestCommonDivisor(multiple, size)) * size, 1);
  if (!Number.isSafeInteger(denominator)) return null;
  const scaled = ({ trials, successes }: TaskTrials) => successes * (denominator / trials);
  return signFlipExact(tasks.map((task) => scaled(task.candidate) - scaled(task.base)));
}

function flipsOf(tasks: readonly Task[]): RunComparison['flips'] {
  return tasks.flatMap((task) => {
    const [from, to] = [outcomeOf(task.base), outcomeOf(task.candidate)];
    return from === to ? [] : [{ ...task, from, to }];
  });
}

/** More than half of the trials: a tie is a failure, because what works half the time does not work. */
function outcomeOf({ trials, successes }: TaskTrials): TaskOutcome {
  return 2 * successes > trials ? 'pass' : 'fail';
}

function planDifferences(base: ComparableRun, candidate: ComparableRun): string[] {
  const named = [
    ['suite', base.suiteSha256, candidate.suiteSha256],
    ['seed', base.seed, candidate.seed],
    ['planned trials per scenario', base.trials, candidate.trials],
  ] as const;
  const differing = named.flatMap(([what, left, right]) => (left === right ? [] : [`${what} differs: base ${left}, candidate ${right}`]));
  return base.id === candidate.id ? [...differing, 'both are the same run'] : differing;
}

function leftOut(run: ComparableRun, own: ReadonlyMap<string, TaskTrials>, others: ReadonlyMap<string, TaskTrials>): string[] {
  const missing = [...own.keys()].filter((taskId) => !others.has(taskId));
  return missing.length === 0 ? [] : [`${missing.length} scenarios have a result in ${run.id} alone and are left out: ${missing.join(', ')}`];
}
