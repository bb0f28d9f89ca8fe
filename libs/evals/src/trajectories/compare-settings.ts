import type { TaskPair } from './paired-tasks.js';
import type { Trajectory, TrajectoryFile } from './trajectory.js';

/**
 * What differs between two runs besides the agent: a difference in the simulated user, the seeds, the code or the tasks can be
 * mistaken for one of the agent. Only what both files say is compared.
 */
export function differencesBetween(base: TrajectoryFile, candidate: TrajectoryFile, pairs: readonly TaskPair[]): string[] {
  const settings = [...base.settings].flatMap(([setting, value]) => {
    const other = candidate.settings.get(setting);
    return other === undefined || other === value ? [] : [`${setting} differs: base ${value}, candidate ${other}`];
  });
  const otherTasks = pairs.filter((pair) => disagree(digestsOf(pair.base), digestsOf(pair.candidate))).length;
  const otherSeeds = pairs.filter((pair) => disagree(seedsOf(pair.base), seedsOf(pair.candidate))).length;
  return [
    ...settings,
    ...(otherTasks > 0 ? [`${otherTasks} of ${pairs.length} tasks tell the simulated user different things in the two files`] : []),
    ...(otherSeeds > 0 ? [`the seeds of the trials differ in ${otherSeeds} of ${pairs.length} tasks`] : []),
    ...trialNumbers(pairs),
  ];
}

function trialNumbers(pairs: readonly TaskPair[]): string[] {
  const uneven = pairs.filter(({ base, candidate }) => base.length !== candidate.length).length;
  return uneven > 0 ? [`the number of trials that count differs in ${uneven} of ${pairs.length} tasks`] : [];
}

function digestsOf(trials: readonly Trajectory[]): Set<string> {
  return new Set(trials.flatMap(({ taskDigest }) => taskDigest ?? []));
}

function seedsOf(trials: readonly Trajectory[]): Set<number> {
  return new Set(trials.flatMap(({ seed }) => seed ?? []));
}

// Where one side has trials that the other lacks, its extra values are no disagreement; sharing none is.
function disagree<T>(left: ReadonlySet<T>, right: ReadonlySet<T>): boolean {
  return left.size > 0 && right.size > 0 && ![...left].some((value) => right.has(value));
}
