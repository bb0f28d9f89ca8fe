import { describe, expect, it } from '@jest/globals';
import { compareTrajectories } from './compare-trajectories.js';
import { readTrajectories } from './read-trajectories.js';
import { scoreTrajectories } from './score-trajectories.js';

interface Trial {
  task: string;
  pass?: boolean;
  broken?: boolean;
  cost?: number | null;
  tokens?: number;
  seed?: number;
}

function file(name: string, trials: readonly Trial[], info: object = {}) {
  const simulations = trials.map(({ task, pass = false, broken = false, cost = 0.1, tokens = 10, seed }, index) => ({
    id: `${name}-${index}`,
    task_id: task,
    seed,
    termination_reason: broken ? 'infrastructure_error' : 'user_stop',
    agent_cost: cost,
    reward_info: { reward: pass ? 1 : 0 },
    messages: [{ role: 'assistant', content: 'x', usage: { prompt_tokens: tokens, completion_tokens: 0 } }],
  }));
  return readTrajectories({ format: 'tau2', name, text: JSON.stringify({ info, simulations }) });
}

const pass = (task: string) => ({ task, pass: true });
const fail = (task: string) => ({ task });

describe('scoreTrajectories', () => {
  it('leaves excluded trials out of every figure but `excluded`', () => {
    const score = scoreTrajectories(file('a', [pass('1'), fail('1'), pass('2'), { task: '2', broken: true }, { task: '3', broken: true }]));
    // Task 1: 1 of 2, task 2: 1 of 1, so k stops at 1 and pass^1 = (1/2 + 1)/2; the mean is over trials.
    expect(score).toMatchObject({ tasks: 2, trials: 3, excluded: 2, successes: 2, passK: [0.75] });
    expect(score.mean).toBeCloseTo(2 / 3, 12);
    expect(score.cost).toMatchObject({ known: 0.3, knownTrials: 3, unknownTrials: 0 });
    expect(score.warnings).toEqual([
      '2 of 5 trials ended in infrastructure_error; they are no result and are left out',
      'tasks have from 1 to 2 trials; pass^k is given up to k = 1',
      '1 of 3 tasks have no trial that counts',
    ]);
  });

  it('says that there is nothing to score', () => {
    expect(() => scoreTrajectories(file('a', [{ task: '1', broken: true }]))).toThrow('all 1 trials are excluded');
  });

  it('adds costs exactly, and never mixes the unknown in', () => {
    // 0.1 + 0.2 is 0.30000000000000004 in floats; 4e-7 twice is 0.8 micros, rounded once.
    const trials = [0.1, 0.2, 4e-7, 4e-7, 0, null].map((cost, index) => ({ task: String(index), cost }));
    expect(scoreTrajectories(file('a', trials)).cost).toEqual({
      known: 0.300001,
      knownTrials: 4,
      unknownTrials: 2,
      unknownReasons: [
        { reason: 'the file says 0 although tokens were used: the model had no price', trials: 1 },
        { reason: 'the file says nothing although tokens were used: the model had no price', trials: 1 },
      ],
    });
  });
});

describe('compareTrajectories', () => {
  it('compares only what both have, and lists the rest', () => {
    const base = file('a', [pass('1'), fail('2'), fail('10'), pass('8'), { task: '9', broken: true }]);
    const candidate = file('b', [fail('1'), pass('2'), fail('10'), pass('9')]);
    const result = compareTrajectories(base, candidate);
    expect(result).toMatchObject({
      tasks: 3,
      leftOut: { baseOnly: ['8'], candidateOnly: ['9'] },
      base: { successes: 1, trials: 3, excluded: 1 },
      candidate: { successes: 1, trials: 3, excluded: 0 },
      paired: { both: 0, baseOnly: 1, candidateOnly: 1, neither: 1, pValue: 1, test: 'mcnemar', difference: 0 },
      cost: { base: { known: 0.3, perSuccess: 0.3 }, candidate: { known: 0.3, unknownTrials: 0 } },
    });
    expect(result.flips).toMatchObject([{ taskId: '1', from: 'pass', to: 'fail' }, { taskId: '2', from: 'fail', to: 'pass' }]);
  });

  it('with several trials: outcome by majority, a tie fails, and the exact test sees the sizes of the differences', () => {
    const base = file('a', [fail('1'), fail('1'), pass('2'), fail('2'), pass('3'), pass('3')]);
    const candidate = file('b', [pass('1'), pass('1'), pass('2'), pass('2'), pass('3'), pass('3'), fail('3')]);
    const { paired, flips, warnings } = compareTrajectories(base, candidate);
    // Over the denominator 6 the differences are +6, +3, -2. |±6 ±3 ±2| >= 7 for ±(6+3+2) and ±(6+3-2): 4 of 8.
    expect(paired).toMatchObject({ both: 1, baseOnly: 0, candidateOnly: 2, neither: 0, test: 'sign_flip', pValue: 0.5 });
    expect(paired.difference).toBeCloseTo(7 / 18, 12);
    expect(flips).toEqual([
      { taskId: '1', from: 'fail', to: 'pass', base: { successes: 0, trials: 2 }, candidate: { successes: 2, trials: 2 } },
      { taskId: '2', from: 'fail', to: 'pass', base: { successes: 1, trials: 2 }, candidate: { successes: 2, trials: 2 } },
    ]);
    expect(warnings).toContain('the number of trials that count differs in 1 of 3 tasks');
  });

  it('says what else differs than the agent', () => {
    const info = { git_commit: 'abc', seed: 1, user_info: { llm: 'gpt-4.1' }, agent_info: { llm: 'x' } };
    const other = { git_commit: 'def', user_info: { llm: 'gpt-4o' }, agent_info: { llm: 'y' } };
    const result = compareTrajectories(file('a', [{ task: '1', seed: 5 }], info), file('b', [{ task: '1', seed: 6 }], other));
    expect(result.warnings).toEqual([
      'user simulator model differs: base gpt-4.1, candidate gpt-4o',
      'git commit differs: base abc, candidate def',
      'the seeds of the trials differ in 1 of 1 tasks',
    ]);
    expect(compareTrajectories(file('a', [{ task: '1', seed: 5 }], info), file('b', [{ task: '1', seed: 5 }], info)).warnings).toEqual([]);
  });

  it('refuses files that share no task', () => {
    expect(() => compareTrajectories(file('a', [pass('1')]), file('b', [pass('2')]))).toThrow('share no task');
  });
});
