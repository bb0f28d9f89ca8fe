import { describe, expect, it } from '@jest/globals';
import { compareRuns, type ComparableRun } from './compare-runs.js';
import type { TrialStatus } from './run.js';

// "a:PPF" is scenario a with two passed trials and a failed one; E is an infrastructure error.
const STATUS: Record<string, TrialStatus> = { P: 'passed', F: 'failed', E: 'infrastructure_error' };

function run(name: string, trials: string, plan: Partial<ComparableRun> = {}): ComparableRun {
  const trialStandings = trials.split(' ').flatMap((task) => {
    const [scenarioId = '', letters = ''] = task.split(':');
    return [...letters].map((letter, trial) => ({ scenarioId, trial, status: STATUS[letter] ?? 'failed' }));
  });
  return { id: `run_${name}`, suiteSha256: 'f'.repeat(64), variant: { name }, trials: 2, seed: 1, trialStandings, ...plan };
}

describe('compareRuns', () => {
  it('shows that equal rates hide a regression and a fix', () => {
    const comparison = compareRuns(run('base', 'a:PP b:FF c:PF'), run('candidate', 'a:FF b:PP c:FP'));
    expect(comparison).toEqual({
      tasks: 3,
      trialsPerTask: 2,
      base: { runId: 'run_base', variant: 'base', successes: 3, trials: 6, rate: 0.5, passK: [0.5, 1 / 3], infrastructureErrors: 0 },
      candidate: { runId: 'run_candidate', variant: 'candidate', successes: 3, trials: 6, rate: 0.5, passK: [0.5, 1 / 3], infrastructureErrors: 0 },
      difference: 0,
      // Per-task differences -1, 1, 0: sqrt(3/2 x 2) / 3.
      standardError: expect.closeTo(Math.sqrt(3) / 3, 12),
      pValue: 1,
      flips: [
        { taskId: 'a', from: 'pass', to: 'fail', base: { successes: 2, trials: 2 }, candidate: { successes: 0, trials: 2 } },
        { taskId: 'b', from: 'fail', to: 'pass', base: { successes: 0, trials: 2 }, candidate: { successes: 2, trials: 2 } },
      ],
      warnings: [],
    });
  });

  it('tests exactly: five tasks fixed, none broken, is 2 of 32 sign patterns', () => {
    const comparison = compareRuns(run('base', 'a:F b:F c:F d:F e:F f:P'), run('candidate', 'a:P b:P c:P d:P e:P f:P'));
    expect(comparison.pValue).toBeCloseTo(2 / 32, 15);
    expect(comparison.difference).toBeCloseTo(5 / 6, 15);
  });

  it('counts infrastructure errors and leaves them out, and says so when the numbers then differ', () => {
    const comparison = compareRuns(run('base', 'a:PEF b:FFE'), run('candidate', 'a:PPE b:EFE'));
    expect(comparison.base).toMatchObject({ successes: 1, trials: 4, rate: 0.25, infrastructureErrors: 2 });
    expect(comparison.candidate).toMatchObject({ successes: 2, trials: 3, rate: 0.5, passK: [0.5], infrastructureErrors: 3 });
    expect(comparison.trialsPerTask).toBeNull();
    // a: 1 - 1/2, b: 0 - 0. Each task weighs the same, however many of its trials count.
    expect(comparison.difference).toBe(0.25);
    expect(comparison.warnings).toEqual(['the number of trials with a result differs between tasks or runs']);
  });

  it('warns of what else differs than the variant', () => {
    const other = run('candidate', 'a:P c:P', { suiteSha256: 'e'.repeat(64), seed: 2, trials: 3 });
    expect(compareRuns(run('base', 'a:P b:P d:EE'), other).warnings).toEqual([
      `suite differs: base ${'f'.repeat(64)}, candidate ${'e'.repeat(64)}`,
      'seed differs: base 1, candidate 2',
      'planned trials per scenario differs: base 2, candidate 3',
      '1 scenarios have a result in run_base alone and are left out: b',
      '1 scenarios have a result in run_candidate alone and are left out: c',
    ]);
    const same = run('base', 'a:P');
    expect(compareRuns(same, same).warnings).toEqual(['both are the same run']);
  });

  it('refuses two runs that share no result', () => {
    expect(() => compareRuns(run('base', 'a:P'), run('candidate', 'a:E b:P'))).toThrow(expect.objectContaining({ code: 'no_task_in_both' }));
  });
});
