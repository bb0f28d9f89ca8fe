import { describe, expect, it } from '@jest/globals';
import { pairRuns, type ListedRun } from './pair-runs.js';

const run = (id: string, suite: string, variant: string, hour: number, isFinished = true) =>
  ({ id, suiteSha256: suite, suiteName: suite, variant: { name: variant }, startedAt: new Date(hour * 3_600_000), finishedAt: isFinished ? new Date() : null }) as ListedRun;

const pairs = (...runs: ListedRun[]) => pairRuns(runs).map(({ suiteName, base, candidate }) => [suiteName, base.id, candidate.id]);

describe('pairRuns', () => {
  it('holds the newest run of each variant against the newest of the variant that came first', () => {
    expect(pairs(run('mini-2', 's', 'mini', 4), run('old-2', 's', 'old', 3), run('mini-1', 's', 'mini', 2), run('old-1', 's', 'old', 1), run('nano', 's', 'nano', 5))).toEqual([
      ['s', 'old-2', 'mini-2'],
      ['s', 'old-2', 'nano'],
    ]);
  });

  it('keeps suites apart and leaves out what is not finished', () => {
    expect(pairs(run('a', 's', 'old', 1), run('b', 't', 'mini', 2), run('c', 's', 'mini', 3, false))).toEqual([]);
  });
});
