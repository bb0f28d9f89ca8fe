import { differences, matches, pairOff, show, type MatchMode } from './match-value.js';
import type { Observation, ObservedToolCall, Verdict } from './observation.js';
import type { Scenario, Suite, ToolExpectation } from './suite-schema.js';

/**
 * Holds what was observed against what the scenario expects: one verdict per expectation, in the order of the file. A trial passes if all
 * of them pass. Depends on nothing else, so an old transcript can be judged again.
 */
export function checkScenario(scenario: Scenario, observation: Observation): Verdict[] {
  const { expect } = scenario;
  const calls = observation.turns.flatMap((turn) => turn.toolCalls);
  const replies = observation.turns.map((turn) => turn.reply);
  return [
    ...(expect.state ? [checkState(expect.state, observation, 'partial')] : []),
    ...(expect.stateExactly ? [checkState(expect.stateExactly, observation, 'exact')] : []),
    ...checkRequired(expect.tools.required, calls),
    ...expect.tools.forbidden.map((tool) => checkForbidden(tool, calls)),
    ...(expect.tools.order.length > 0 ? [checkOrder(expect.tools.order, calls)] : []),
    ...expect.said.map((phrase) => checkPhrase('said', phrase, replies)),
    ...expect.neverSaid.map((phrase) => checkPhrase('never_said', phrase, replies)),
    ...(expect.turnsMax === undefined ? [] : [checkTurns(expect.turnsMax, replies.length)]),
  ];
}

export function isPass(verdicts: readonly Verdict[]): boolean {
  return verdicts.every((verdict) => verdict.passed);
}

/**
 * The scenarios that an agent passes which stays silent and touches nothing. Each of them rewards doing nothing: whoever reads a pass rate
 * should know how much of it is free (in tau-bench retail it is 11 of 114 tasks).
 */
export function passedByEmptyAgent(suite: Suite): string[] {
  return suite.scenarios.filter((scenario) => isPass(checkScenario(scenario, emptyAgentOn(scenario)))).map((scenario) => scenario.id);
}

function emptyAgentOn(scenario: Scenario): Observation {
  const turns = scenario.script.map((message) => ({ message, reply: '', toolCalls: [], ended: false, traceId: '' }));
  return { turns, finalState: scenario.initialState ?? null };
}

function checkState(expected: Record<string, unknown>, observation: Observation, mode: MatchMode): Verdict {
  const found = differences(expected, observation.finalState, mode, 'state');
  return { kind: 'state', passed: found.length === 0, explanation: found.length === 0 ? 'The state is as expected' : found.join('; ') };
}

// Only a call that succeeded did the job, and each expectation needs a call of its own.
function checkRequired(required: readonly ToolExpectation[], calls: readonly ObservedToolCall[]): Verdict[] {
  const succeeded = calls.filter((call) => call.succeeded);
  const partners = pairOff(required, succeeded, isCallOf);
  return required.map((tool, index) => {
    const passed = partners[index] !== undefined;
    return { kind: 'tool_required', passed, explanation: `${describeTool(tool)} ${passed ? 'was called and succeeded' : `was not called with success; ${describeCalls(calls)}`}` };
  });
}

// An attempt that the tool refused was an attempt all the same.
function checkForbidden(tool: ToolExpectation, calls: readonly ObservedToolCall[]): Verdict {
  const offence = calls.find((call) => isCallOf(tool, call));
  return { kind: 'tool_forbidden', passed: offence === undefined, explanation: offence ? `${describeTool(tool)} is forbidden; ${describeCalls([offence])}` : `${describeTool(tool)} was not called` };
}

/** The named tools must have succeeded in this order; other calls may come between. */
function checkOrder(order: readonly string[], calls: readonly ObservedToolCall[]): Verdict {
  let reached = 0;
  for (const call of calls) if (call.succeeded && call.name === order[reached]) reached++;
  const passed = reached === order.length;
  const rule = order.join(', then ');
  return { kind: 'tool_order', passed, explanation: passed ? `Called in order: ${rule}` : `Should be called in order: ${rule}; ${describeCalls(calls)}` };
}

function checkPhrase(kind: 'said' | 'never_said', phrase: string, replies: readonly string[]): Verdict {
  const where = replies.findIndex((reply) => readable(reply).includes(readable(phrase)));
  const explanation = where < 0 ? `The agent never said ${show(phrase)}` : `The agent said ${show(phrase)} in reply ${where + 1}: ${show(replies[where])}`;
  return { kind, passed: kind === 'said' ? where >= 0 : where < 0, explanation };
}

function checkTurns(turnsMax: number, turns: number): Verdict {
  return { kind: 'turns_max', passed: turns <= turnsMax, explanation: `The conversation took ${turns} turns, at most ${turnsMax} were allowed` };
}

// What a reader takes for the same text: case, line breaks and the two ways to write an umlaut do not count.
function readable(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase();
}

function isCallOf(tool: ToolExpectation, call: ObservedToolCall): boolean {
  return call.name === tool.name && matches(tool.arguments, call.arguments, 'partial');
}

function describeTool({ name, arguments: wanted }: ToolExpectation): string {
  return Object.keys(wanted).length === 0 ? name : `${name} with ${show(wanted)}`;
}

function describeCalls(calls: readonly ObservedToolCall[]): string {
  if (calls.length === 0) return 'no tool was called';
  return `called: ${calls.map((call) => `${call.name} ${show(call.arguments)}${call.succeeded ? '' : ' (refused)'}`).join(', ')}`;
}
