import type { Runs } from '#evals';

export type ListedRun = Awaited<ReturnType<Runs['list']>>[number];

export interface RunPair {
  suiteName: string;
  base: ListedRun;
  candidate: ListedRun;
}

/**
 * Which runs are worth comparing: of each suite (the same text of it), the newest finished run of every variant, the variant that was
 * played first as the base.
 */
export function pairRuns(runs: readonly ListedRun[]): RunPair[] {
  const finished = runs.filter((run) => run.finishedAt !== null).sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  return [...Map.groupBy(finished, (run) => run.suiteSha256).values()].flatMap((ofSuite) => {
    // A Map keeps a key where it first was and takes the last value: variants in the order of their first run, each with its newest.
    const [base, ...candidates] = new Map(ofSuite.map((run) => [run.variant.name, run])).values();
    return base ? candidates.map((candidate) => ({ suiteName: base.suiteName, base, candidate })) : [];
  });
}
