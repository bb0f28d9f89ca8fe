import { describe, expect, it } from '@jest/globals';
import { checkScenario, isPass, passedByEmptyAgent } from './check-scenario.js';
import type { Observation, ObservedToolCall } from './observation.js';
import { parseSuite } from './parse-suite.js';

const suiteOf = (...expectations: string[]) =>
  parseSuite(`name: s\nscenarios:\n${expectations.map((expect, index) => `  - { id: s${index}, script: [hi, bye], initial_state: { refunds: [] }, expect: ${expect} }`).join('\n')}`, 's.yaml');

const call = (name: string, args: Record<string, unknown> = {}, succeeded = true): ObservedToolCall => ({ name, arguments: args, result: null, succeeded });

function judge(expectation: string, { replies = ['ok'], calls = [], state = null }: { replies?: string[]; calls?: ObservedToolCall[]; state?: unknown }) {
  const [scenario] = suiteOf(expectation).scenarios;
  if (!scenario) throw new Error('the suite has no scenario');
  const observation: Observation = {
    turns: replies.map((reply, index) => ({ message: 'm', reply, toolCalls: index === 0 ? calls : [], ended: false, traceId: '' })),
    finalState: state,
  };
  return checkScenario(scenario, observation);
}
const passes = (...[expectation, seen]: Parameters<typeof judge>) => isPass(judge(expectation, seen));

describe('checkScenario', () => {
  it('gives one verdict per expectation, in the order of the checks', () => {
    const verdicts = judge('{ turns_max: 1, said: [done, sorry], tools: { forbidden: [x], required: [a, b], order: [a, b] }, state: { v: 1 } }', {
      replies: ['Done.'],
      calls: [call('b'), call('a')],
      state: { v: 1, w: 2 },
    });
    expect(verdicts.map(({ kind, passed }) => [kind, passed])).toEqual([
      ['state', true],
      ['tool_required', true],
      ['tool_required', true],
      ['tool_forbidden', true],
      ['tool_order', false],
      ['said', true],
      ['said', false],
      ['turns_max', true],
    ]);
  });

  it('compares state whatever the order of lists and keys, and explains a difference', () => {
    const state = { refunds: [{ id: 2, eur: 20 }, { eur: 10, id: 1 }] };
    expect(passes('{ state: { refunds: [{ id: 1 }, { id: 2 }] } }', { state })).toBe(true);
    expect(passes('{ state_exactly: { refunds: [{ id: 1, eur: 10 }, { id: 2, eur: 20 }] } }', { state })).toBe(true);
    expect(passes('{ state_exactly: { refunds: [{ id: 1 }, { id: 2, eur: 20 }] } }', { state })).toBe(false);
    expect(judge('{ state: { refunds: [{ id: 1, eur: 11 }, { id: 2 }] } }', { state })[0]?.explanation).toBe('state.refunds[].eur is 10, should be 11');
    expect(judge('{ state: { a: 1 } }', { state: null })[0]?.explanation).toBe('state is null, should be {"a":1}');
  });

  it('wants a required call to have succeeded, with the named arguments, once per expectation', () => {
    const wanted = '{ tools: { required: [{ name: refund, arguments: { eur: 10 } }] } }';
    expect(passes(wanted, { calls: [call('refund', { eur: 10, to: 'card' })] })).toBe(true);
    expect(passes(wanted, { calls: [call('refund', { eur: 20 })] })).toBe(false);
    expect(judge(wanted, { calls: [call('refund', { eur: 10 }, false)] })).toEqual([
      { kind: 'tool_required', passed: false, explanation: 'refund with {"eur":10} was not called with success; called: refund {"eur":10} (refused)' },
    ]);
    expect(judge('{ tools: { required: [refund, refund] } }', { calls: [call('refund')] }).map(({ passed }) => passed)).toEqual([true, false]);
  });

  it('counts an attempt at a forbidden tool even if the tool refused it', () => {
    expect(passes('{ tools: { forbidden: [refund] } }', { calls: [call('refund', {}, false)] })).toBe(false);
    expect(passes('{ tools: { forbidden: [{ name: refund, arguments: { eur: 10 } }] } }', { calls: [call('refund', { eur: 9 })] })).toBe(true);
  });

  it('wants the order of tools, with others between, among calls that succeeded', () => {
    const order = '{ tools: { order: [look, pay] } }';
    expect(passes(order, { calls: [call('look'), call('ask'), call('pay')] })).toBe(true);
    expect(passes(order, { calls: [call('pay'), call('look')] })).toBe(false);
    expect(passes(order, { calls: [call('look', {}, false), call('pay')] })).toBe(false);
  });

  it('finds phrases in any reply, whatever the case, the line breaks and the composition of letters', () => {
    expect(passes('{ said: ["sind ÜBERWIESEN"] }', { replies: ['Hallo', 'Die 240 EUR sind\nu\u0308berwiesen.'] })).toBe(true);
    expect(passes('{ never_said: [guarantee] }', { replies: ['I Guarantee it'] })).toBe(false);
    expect(judge('{ never_said: [guarantee] }', { replies: ['I Guarantee it'] })[0]?.explanation).toBe('The agent said "guarantee" in reply 1: "I Guarantee it"');
  });

  it('bounds the number of turns', () => {
    expect(passes('{ turns_max: 2 }', { replies: ['a', 'b'] })).toBe(true);
    expect(passes('{ turns_max: 1 }', { replies: ['a', 'b'] })).toBe(false);
  });
});

describe('passedByEmptyAgent', () => {
  it('fails the empty agent wherever something is required, and names the scenarios that doing nothing passes', () => {
    const suite = suiteOf(
      '{ state: { refunds: [{ id: 1 }] } }',
      '{ tools: { required: [refund] } }',
      '{ tools: { order: [refund] } }',
      '{ said: [sorry], never_said: [refund] }',
      '{ never_said: [refund], tools: { forbidden: [refund] } }',
      '{ state_exactly: { refunds: [] } }',
      '{ turns_max: 1 }',
    );
    expect(passedByEmptyAgent(suite)).toEqual(['s4', 's5']);
  });
});
