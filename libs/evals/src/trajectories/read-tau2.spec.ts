import { describe, expect, it } from '@jest/globals';
import { readTrajectories } from './read-trajectories.js';

const simulation = (over: object = {}) => ({
  id: 'sim-1',
  task_id: '7',
  termination_reason: 'user_stop',
  agent_cost: 0.5,
  trial: 0,
  seed: 300,
  reward_info: { reward: 1 },
  messages: [],
  ...over,
});
const read = (simulations: readonly object[], info: unknown = {}) =>
  readTrajectories({ format: 'tau2', name: 'run.json', text: JSON.stringify({ info, tasks: [], simulations }) });
const readOne = (over: object) => read([simulation(over)]).trajectories[0];

describe('readTau2: what counts as success', () => {
  it.each([
    ['user_stop', 1, true],
    ['agent_stop', 1, true],
    ['agent_stop', 1 - 5e-7, true],
    ['user_stop', 0.999, false],
    ['user_stop', 0, false],
    ['max_steps', 1, false],
    ['too_many_errors', 1, false],
    ['TerminationReason.USER_STOP', 1, true],
  ])('%s with reward %d: %s', (termination_reason, reward, isSuccess) => {
    expect(readOne({ termination_reason, reward_info: { reward } })).toMatchObject({ isSuccess, exclusion: null });
  });

  it('leaves an infrastructure error out, whatever its reward', () => {
    const file = read([simulation({ termination_reason: 'infrastructure_error', reward_info: null }), simulation({ id: 'b', trial: 1 })]);
    expect(file.trajectories[0]).toMatchObject({ exclusion: 'infrastructure_error', isSuccess: false });
    expect(file.warnings).toEqual(['1 of 2 trials ended in infrastructure_error; they are no result and are left out']);
  });

  it('counts a missing reward or ending as failed, and says so', () => {
    const file = read([simulation({ reward_info: null }), simulation({ termination_reason: undefined })]);
    expect(file.trajectories.map(({ isSuccess }) => isSuccess)).toEqual([false, false]);
    expect(file.warnings).toEqual(['1 of 2 trials have no reward; they count as reward 0', '1 of 2 trials do not say how they ended; they count as failed']);
  });
});

describe('readTau2: cost', () => {
  const call = { role: 'assistant', content: 'x', usage: { prompt_tokens: 100, completion_tokens: 5 } };
  it.each([
    ['a price', 0.5, [call], { kind: 'known', usd: 0.5 }],
    ['0 for used tokens', 0, [call], { kind: 'unknown', reason: 'the file says 0 although tokens were used: the model had no price' }],
    ['null for used tokens', null, [call], { kind: 'unknown', reason: 'the file says nothing although tokens were used: the model had no price' }],
    ['null', null, [], { kind: 'unknown', reason: 'the file gives no cost' }],
    ['0, and nothing but a greeting', 0, [{ role: 'assistant', content: 'Hi!' }], { kind: 'known', usd: 0 }],
    ['0, and a call that did not say its usage', 0, [{ role: 'user', content: 'x' }, { role: 'assistant', content: 'y' }], { kind: 'unknown', reason: 'the file says 0 and no token usage' }],
  ])('%s', (_, agent_cost, messages, expected) => {
    expect(readOne({ agent_cost, messages })?.agentCost).toEqual(expected);
  });
});

describe('readTau2: messages', () => {
  it('joins answers to calls, lays nested answers flat, and keeps the two requestors apart', () => {
    const messages = [
      { role: 'assistant', content: null, tool_calls: [{ id: 'a', name: 'look_up', arguments: { id: 1 }, requestor: 'assistant' }] },
      { role: 'tool', id: 'a', content: [{ type: 'text', text: 'Error: ' }, 'no such row'], requestor: 'assistant', error: true },
      { role: 'user', content: null, tool_calls: [{ id: '', name: 'toggle', arguments: {} }, { id: '', name: 'reboot', arguments: {} }] },
      { role: 'tool', tool_messages: [{ role: 'tool', id: '', content: 'on', requestor: 'user' }, { role: 'tool', id: '', content: null, requestor: 'user', error: null }] },
    ];
    expect(readOne({ messages })?.messages).toMatchObject([
      { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'look_up', arguments: { id: 1 } }], usage: null },
      { role: 'tool', requestor: 'agent', callId: 'a', name: 'look_up', isError: true, text: 'Error: \nno such row' },
      { role: 'user', toolCalls: [{ name: 'toggle' }, { name: 'reboot' }] },
      { role: 'tool', requestor: 'user', callId: null, name: 'toggle', isError: false, text: 'on' },
      { role: 'tool', requestor: 'user', callId: null, name: 'reboot', isError: false, text: '' },
    ]);
  });

  it('reads times without a zone as UTC, to the microsecond, and says so', () => {
    const file = read([simulation({ start_time: '1970-01-01T00:00:01', messages: [{ role: 'user', content: 'x', timestamp: '1970-01-01T00:00:02.000003' }] })]);
    expect(file.trajectories[0]).toMatchObject({ startedAtNanos: 1_000_000_000n, messages: [{ atNanos: 2_000_003_000n }] });
    expect(file.warnings).toEqual(['the times have no zone; they are read as UTC']);
    const zoned = read([simulation({ start_time: '1970-01-01T02:00:01+02:00' })]);
    expect(zoned).toMatchObject({ warnings: [], trajectories: [{ startedAtNanos: 1_000_000_000n }] });
  });

  it('takes the provider at its word about the model, and does not make up a token count', () => {
    const messages = [{ role: 'assistant', content: 'x', usage: { prompt_tokens: 3 }, raw_data: { model: 'gpt-4.1-2025-04-14' } }, { role: 'assistant', content: 'x', usage: {} }];
    expect(readOne({ messages })?.messages).toMatchObject([
      { usage: { inputTokens: 3, outputTokens: null, cacheReadTokens: null }, responseModel: 'gpt-4.1-2025-04-14' },
      { usage: null, responseModel: null },
    ]);
  });
});

describe('readTau2: what varies between versions', () => {
  it('needs no more than a task id', () => {
    const file = readTrajectories({ format: 'tau2', name: 'run.json', text: '{"simulations": [{"task_id": 3}, {"task_id": 3}]}' });
    expect(file).toMatchObject({ agentModel: null, domain: null });
    expect(file.trajectories.map(({ taskId, trial }) => [taskId, trial])).toEqual([['3', 0], ['3', 1]]);
    expect(new Set(file.trajectories.map(({ identity }) => identity)).size).toBe(2);
  });

  it('gives an unnumbered trial the number that is free', () => {
    expect(read([simulation({ trial: null }), simulation({ id: 'b', trial: 0 })]).trajectories.map(({ trial }) => trial)).toEqual([1, 0]);
  });

  it('reads slices from telecom ids and the set-up from info', () => {
    const info = { git_commit: 'abc', seed: 300, user_info: { llm: 'gpt-4.1', llm_args: { temperature: 0 } }, agent_info: { llm: 'o4-mini' }, environment_info: { domain_name: 'telecom' } };
    const file = read([simulation({ task_id: '[mms_issue]bad_vpn|x[PERSONA:None]' })], info);
    expect(file).toMatchObject({ agentModel: 'o4-mini', domain: 'telecom' });
    expect(file.trajectories[0]?.slices).toEqual([{ name: 'persona', value: 'None' }, { name: 'issue', value: 'mms_issue' }]);
    expect(Object.fromEntries(file.settings)).toEqual({ domain: 'telecom', seed: '300', 'git commit': 'abc', 'user simulator model': 'gpt-4.1', 'user simulator arguments': '{"temperature":0}' });
  });
});
