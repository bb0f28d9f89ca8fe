import { DomainError } from '#platform';
import { totalCost, type CostTotal } from './agent-cost.js';
import { countTrials, tasksBySlice, trialsByTask, type TrialCount } from './count-trials.js';
import { differencesBetween } from './compare-settings.js';
import { pairOutcomes, taskOutcome, type PairedResult, type TaskOutcome, type TaskPair } from './paired-tasks.js';
import type { TrajectoryFile } from './trajectory.js';

/** A candidate against a base on the tasks that both have. Counts are of trials that count, on those tasks alone. */
export interface TrajectoryComparison {
  tasks: number;
  /** Tasks left out because one side has no trial of them that counts. */
  leftOut: { baseOnly: string[]; candidateOnly: string[] };
  base: VariantCount;
  candidate: VariantCount;
  paired: PairedResult;
  /** Tasks whose outcome changed; equal rates can hide as many regressions as fixes. */
  flips: { taskId: string; from: TaskOutcome; to: TaskOutcome; base: TrialCount; candidate: TrialCount }[];
  slices: { name: string; value: string; tasks: number; base: TrialCount; candidate: TrialCount }[];
  cost: { base: VariantCost; candidate: VariantCost };
  warnings: string[];
}

export interface VariantCount extends TrialCount {
  file: string;
  agentModel: string | null;
  excluded: number;
}

/** Agent cost of the compared trials. */
export interface VariantCost extends CostTotal {
  /** USD; `null` while any trial's cost is unknown, or nothing succeeded. */
  perSuccess: number | null;
}

/** @throws DomainError `no_task_in_both` when the files share no task. */
export function compareTrajectories(base: TrajectoryFile, candidate: TrajectoryFile): TrajectoryComparison {
  const [baseTasks, candidateTasks] = [trialsByTask(base.trajectories), trialsByTask(candidate.trajectories)];
  const pairs = [...baseTasks].flatMap(([taskId, trials]) => {
    const others = candidateTasks.get(taskId);
    return others ? [{ taskId, base: trials, candidate: others }] : [];
  });
  if (pairs.length === 0) {
    throw new DomainError({
      kind: 'invalid',
      code: 'no_task_in_both',
      message:
        `${base.name} (${baseTasks.size} tasks) and ${candidate.name} (${candidateTasks.size}) share no task with a trial that counts; ` +
        'compare two runs of the same suite',
    });
  }
  const paired = pairOutcomes(pairs);
  const byTask = new Map(pairs.map((pair) => [pair.taskId, pair]));
  return {
    tasks: pairs.length,
    leftOut: {
      baseOnly: [...baseTasks.keys()].filter((taskId) => !byTask.has(taskId)),
      candidateOnly: [...candidateTasks.keys()].filter((taskId) => !byTask.has(taskId)),
    },
    base: countVariant(base, pairs, 'base'),
    candidate: countVariant(candidate, pairs, 'candidate'),
    paired,
    flips: flipsOf(pairs),
    slices: tasksBySlice(new Map(pairs.map((pair) => [pair.taskId, pair.base]))).map(({ slice, taskIds }) => {
      const inSlice = taskIds.flatMap((taskId) => byTask.get(taskId) ?? []);
      return { ...slice, tasks: taskIds.length, base: countSide(inSlice, 'base'), candidate: countSide(inSlice, 'candidate') };
    }),
    cost: { base: costOf(pairs, 'base'), candidate: costOf(pairs, 'candidate') },
    warnings: [
      ...new Set([
        ...differencesBetween(base, candidate, pairs),
        ...(paired.pValue === null ? [NO_EXACT_TEST] : []),
        ...base.warnings.map((warning) => `${base.name}: ${warning}`),
        ...candidate.warnings.map((warning) => `${candidate.name}: ${warning}`),
      ]),
    ],
  };
}

const NO_EXACT_TEST = 'the numbers of trials differ too much between tasks for an exact test; use the difference and its standard error';

type Side = 'base' | 'candidate';

function countSide(pairs: readonly TaskPair[], side: Side): TrialCount {
  return countTrials(pairs.flatMap((pair) => pair[side]));
}

function countVariant(file: TrajectoryFile, pairs: readonly TaskPair[], side: Side): VariantCount {
  const excluded = file.trajectories.filter(({ exclusion }) => exclusion !== null).length;
  return { file: file.name, agentModel: file.agentModel, ...countSide(pairs, side), excluded };
}

function costOf(pairs: readonly TaskPair[], side: Side): VariantCost {
  const total = totalCost(pairs.flatMap((pair) => pair[side].map(({ agentCost }) => agentCost)));
  const { successes } = countSide(pairs, side);
  return { ...total, perSuccess: total.known === null || total.unknownTrials > 0 || successes === 0 ? null : Math.round((total.known / successes) * 1e6) / 1e6 };
}

function flipsOf(pairs: readonly TaskPair[]): TrajectoryComparison['flips'] {
  return pairs.flatMap((pair) => {
    const [from, to] = [taskOutcome(pair.base), taskOutcome(pair.candidate)];
    return from === to ? [] : [{ taskId: pair.taskId, from, to, base: countTrials(pair.base), candidate: countTrials(pair.candidate) }];
  });
}
