import { greatestCommonDivisor, mcnemarExact, pairedDifference, signFlipExact } from '#stats';
import { countTrials } from './count-trials.js';
import type { Trajectory } from './trajectory.js';

/** One task under both variants, with the trials that count. */
export interface TaskPair {
  taskId: string;
  base: readonly Trajectory[];
  candidate: readonly Trajectory[];
}

export type TaskOutcome = 'pass' | 'fail';

export interface PairedResult {
  /** Tasks by their outcome under the two variants. */
  both: number;
  baseOnly: number;
  candidateOnly: number;
  neither: number;
  /** Two-sided and exact; `null` where the test would be too large to compute, which a warning then says. */
  pValue: number | null;
  /** `mcnemar` with one trial of each task under both variants, else `sign_flip` on the per-task differences. */
  test: 'mcnemar' | 'sign_flip';
  /** Mean over tasks of (candidate's success rate - base's), and its standard error over tasks; `null` with a single task. */
  difference: number;
  standardError: number | null;
  unpairedError: number | null;
}

/** A task passes when more than half of its trials succeeded: a tie is a failure, because a task that works half the time does not work. */
export function taskOutcome(trials: readonly Trajectory[]): TaskOutcome {
  const count = countTrials(trials);
  return 2 * count.successes > count.trials ? 'pass' : 'fail';
}

export function pairOutcomes(pairs: readonly TaskPair[]): PairedResult {
  const tally = (base: TaskOutcome, candidate: TaskOutcome) =>
    pairs.filter((pair) => taskOutcome(pair.base) === base && taskOutcome(pair.candidate) === candidate).length;
  const counts = {
    both: tally('pass', 'pass'),
    baseOnly: tally('pass', 'fail'),
    candidateOnly: tally('fail', 'pass'),
    neither: tally('fail', 'fail'),
  };
  const isSingle = pairs.every(({ base, candidate }) => base.length === 1 && candidate.length === 1);
  return {
    ...counts,
    pValue: isSingle ? mcnemarExact(counts.baseOnly, counts.candidateOnly) : signFlipOf(pairs),
    test: isSingle ? 'mcnemar' : 'sign_flip',
    ...pairedDifference(pairs.map(({ base, candidate }) => ({ base: base.map(toScore), candidate: candidate.map(toScore) }))),
  };
}

// Rates of unequal numbers of trials are put over one common denominator, so that the test can count in integers.
function signFlipOf(pairs: readonly TaskPair[]): number | null {
  const sizes = pairs.flatMap(({ base, candidate }) => [base.length, candidate.length]);
  const denominator = sizes.reduce((multiple, size) => (multiple / greatestCommonDivisor(multiple, size)) * size, 1);
  if (!Number.isSafeInteger(denominator)) return null;
  return signFlipExact(pairs.map(({ base, candidate }) => scaledRate(candidate, denominator) - scaledRate(base, denominator)));
}

function scaledRate(trials: readonly Trajectory[], denominator: number): number {
  const count = countTrials(trials);
  return count.successes * (denominator / count.trials);
}

function toScore({ isSuccess }: Trajectory): number {
  return Number(isSuccess);
}
