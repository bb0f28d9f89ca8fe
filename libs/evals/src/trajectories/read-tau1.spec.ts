import { describe, expect, it } from '@jest/globals';
import { readTrajectories } from './read-trajectories.js';

const record = (over: object = {}) => ({ task_id: 3, reward: 1, trial: 0, info: { task: { instruction: 'cancel it' }, reward_info: {} }, traj: [], ...over });
const read = (...records: object[]) => readTrajectories({ format: 'tau1', name: 'run.json', text: JSON.stringify(records) });

describe('readTau1', () => {
  it('reads messages in the shapes of OpenAI and Anthropic', () => {
    const traj = [
      { role: 'system', content: 'policy' },
      { role: 'user', content: [{ type: 'text', text: 'hello' }] },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'cancel', arguments: '{"id":"R1"}' } }] },
      { role: 'tool', tool_call_id: 'c1', name: 'cancel', content: 'Error: no such reservation' },
      { role: 'assistant', content: 'Broken', tool_calls: [{ id: 'c2', function: { name: 'think', arguments: '{"oops' } }], function_call: null },
      { role: 'tool', tool_call_id: 'c2', name: 'think', content: [{ type: 'text', text: 'Errors are not expected' }] },
    ];
    expect(read(record({ traj })).trajectories[0]).toMatchObject({
      taskId: '3',
      trial: 0,
      isSuccess: true,
      startedAtNanos: null,
      agentCost: { kind: 'unknown' },
      messages: [
        { role: 'system' },
        { role: 'user', text: 'hello' },
        { role: 'assistant', text: '', toolCalls: [{ id: 'c1', name: 'cancel', arguments: { id: 'R1' } }] },
        { role: 'tool', callId: 'c1', name: 'cancel', isError: true, requestor: 'agent' },
        { role: 'assistant', toolCalls: [{ name: 'think', arguments: {} }] },
        { role: 'tool', isError: false },
      ],
    });
  });

  it('scores what ended unscored or in an error 0, as tau-bench does, and says so', () => {
    const file = read(
      record({ reward: 0, info: { reward_info: null } }),
      record({ trial: 1, reward: 0, info: { error: 'rate limit', traceback: '...' }, traj: [] }),
      record({ trial: 2, reward: 0.5 }),
    );
    expect(file.trajectories.map(({ isSuccess, exclusion, termination }) => [isSuccess, exclusion, termination])).toEqual([
      [false, null, null],
      [false, null, 'error'],
      [false, null, null],
    ]);
    expect(file.warnings).toEqual([
      '1 of 3 trials ended in an error of the run; tau-bench scores them 0, and so does this',
      '1 of 3 trials ended without scoring; they count as reward 0',
    ]);
  });

  it('tells conversations of other domains with the same task number apart, and the same one again the same', () => {
    const [airline, retail] = [record({ traj: [{ role: 'user', content: 'a flight' }] }), record({ traj: [{ role: 'user', content: 'a shoe' }] })];
    const identity = (each: object) => read(each).trajectories[0]?.identity;
    expect(identity(airline)).toBe(identity(airline));
    expect(identity(airline)).not.toBe(identity(retail));
    expect(new Set(read(airline, airline).trajectories.map((each) => each.identity)).size).toBe(2);
  });
});
