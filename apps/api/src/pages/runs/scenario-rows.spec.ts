import { describe, expect, it } from '@jest/globals';
import type { RunComparison, Trial } from '#evals';
import { regressionsFirst, scenarioRows } from './scenario-rows.js';

const trial = (scenarioId: string, number: number, status: Trial['status']) => ({ scenarioId, trial: number, status, conversationId: `${scenarioId}-${number}` }) as Trial;

describe('scenarioRows', () => {
  it('lists every scenario of either run with its trials in order', () => {
    expect(scenarioRows([trial('b', 0, 'passed'), trial('a', 0, 'failed'), trial('a', 1, 'passed')], [trial('c', 0, 'infrastructure_error'), trial('a', 0, 'passed')])).toEqual([
      { scenarioId: 'a', base: [{ number: 0, status: 'failed', conversationId: 'a-0' }, { number: 1, status: 'passed', conversationId: 'a-1' }], candidate: [{ number: 0, status: 'passed', conversationId: 'a-0' }] },
      { scenarioId: 'b', base: [{ number: 0, status: 'passed', conversationId: 'b-0' }], candidate: [] },
      { scenarioId: 'c', base: [], candidate: [{ number: 0, status: 'infrastructure_error', conversationId: 'c-0' }] },
    ]);
  });
});

describe('regressionsFirst', () => {
  it('puts what broke before what was fixed and keeps the order otherwise', () => {
    const flip = (taskId: string, to: 'pass' | 'fail') => ({ taskId, to }) as RunComparison['flips'][number];
    expect(regressionsFirst([flip('a', 'pass'), flip('b', 'fail'), flip('c', 'pass'), flip('d', 'fail')]).map(({ taskId }) => taskId)).toEqual(['b', 'd', 'a', 'c']);
  });
});
