import { DomainError, canonicalJson, sha256Hex } from '#platform';
import { decideAgentCost } from './agent-cost.js';
import { slicesOfTask } from './task-slices.js';
import { readTau2Messages } from './tau2-messages.js';
import { tau2Results, type Tau2Results, type Tau2Simulation } from './tau2-schema.js';
import { hasZone, parseTimestamp } from './timestamp.js';
import { readBySchema } from './trajectory-json.js';
import { numberTrials } from './trial-numbers.js';
import { isGreeting } from './turns.js';
import type { Trajectory, TrajectoryFile } from './trajectory.js';

/** Not a result of the agent at all: the run broke. Everything else that is no regular end scores 0. */
const EXCLUDED = new Set(['infrastructure_error']);
const REGULAR_ENDS = new Set(['user_stop', 'agent_stop']);

/**
 * Reads tau2-bench's results. A trial succeeds when |reward - 1| <= 1e-6 and the user or the agent ended it; `infrastructure_error` is
 * excluded; a cost of 0 or null for used tokens is unknown. Times without a zone are read as UTC, with a warning.
 */
export function readTau2(name: string, json: unknown): TrajectoryFile {
  const results = readBySchema(name, json, tau2Results);
  if (results.simulations.length === 0) {
    throw new DomainError({
      kind: 'invalid',
      code: 'trajectory_file_without_trials',
      message: `${name} at $.simulations: the list is empty; expected at least one simulation (are they in files of their own beside this one?)`,
    });
  }
  const digests = new Map((results.tasks ?? []).map((task) => [String(task.id), sha256Hex(canonicalJson(task.user_scenario ?? null))]));
  const keys = numberTrials(
    results.simulations.map((each) => ({
      taskId: String(each.task_id),
      trial: each.trial ?? null,
      fingerprint: sha256Hex(canonicalJson([each.task_id, each.trial ?? null, each.id ?? each.messages ?? []])),
    })),
  );
  return {
    format: 'tau2',
    name,
    agentModel: results.info?.agent_info?.llm ?? null,
    domain: results.info?.environment_info?.domain_name ?? null,
    settings: settingsOf(results.info),
    trajectories: results.simulations.map((each, index) =>
      toTrajectory(each, keys[index] ?? { trial: 0, identity: '' }, digests.get(String(each.task_id)) ?? null),
    ),
    warnings: warningsOf(results.simulations),
  };
}

function toTrajectory(each: Tau2Simulation, key: { trial: number; identity: string }, taskDigest: string | null): Trajectory {
  const taskId = String(each.task_id);
  const termination = terminationOf(each);
  const exclusion = termination !== null && EXCLUDED.has(termination) ? termination : null;
  const reward = each.reward_info?.reward ?? 0;
  const messages = readTau2Messages(each.messages ?? []);
  const usages = messages.flatMap((message) => (message.role === 'assistant' && message.usage ? [message.usage] : []));
  return {
    taskId,
    ...key,
    seed: each.seed ?? null,
    taskDigest,
    reward,
    isSuccess: exclusion === null && Math.abs(reward - 1) <= 1e-6 && termination !== null && REGULAR_ENDS.has(termination),
    exclusion,
    termination,
    slices: slicesOfTask(taskId),
    agentCost: decideAgentCost(each.agent_cost ?? null, {
      modelCalls: messages.filter((message, index) => message.role === 'assistant' && !isGreeting(messages, index)).length,
      tokens: usages.reduce((total, usage) => total + (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0), 0),
    }),
    startedAtNanos: typeof each.start_time === 'string' ? parseTimestamp(each.start_time) : null,
    messages,
  };
}

// Some versions print the enum's member (`TerminationReason.USER_STOP`) in place of its value.
function terminationOf(each: Tau2Simulation): string | null {
  return each.termination_reason?.toLowerCase().replace(/^terminationreason\./, '') ?? null;
}

function settingsOf(info: Tau2Results['info']): Map<string, string> {
  const user = info?.user_info;
  const environment = info?.environment_info;
  const digest = (text: string | null | undefined) => (text == null ? null : sha256Hex(text).slice(0, 12));
  const given: [string, string | number | null | undefined][] = [
    ['domain', environment?.domain_name],
    ['policy', digest(environment?.policy)],
    ['user simulator', user?.implementation],
    ['user simulator model', user?.llm],
    ['user simulator arguments', user?.llm_args == null ? null : canonicalJson(user.llm_args)],
    ['user simulator guidelines', digest(user?.global_simulation_guidelines)],
    ['seed', info?.seed],
    ['git commit', info?.git_commit],
    ['steps allowed', info?.max_steps],
    ['errors allowed', info?.max_errors],
  ];
  return new Map(given.flatMap(([setting, value]) => (value == null ? [] : [[setting, String(value)] as const])));
}

function warningsOf(simulations: readonly Tau2Simulation[]): string[] {
  const count = simulations.length;
  const excluded = simulations.filter((each) => EXCLUDED.has(terminationOf(each) ?? '')).length;
  const unscored = simulations.filter((each) => each.reward_info?.reward == null && !EXCLUDED.has(terminationOf(each) ?? '')).length;
  const endless = simulations.filter((each) => terminationOf(each) === null).length;
  const overflowed = simulations.filter((each) => terminationOf(each) === 'context_window_exceeded').length;
  const times = simulations.flatMap((each) => [each.start_time, ...(each.messages ?? []).map(({ timestamp }) => timestamp)]);
  const texts = times.filter((time) => typeof time === 'string');
  const unreadable = texts.filter((time) => parseTimestamp(time) === null).length;
  const warning = (holds: boolean, text: string) => (holds ? [text] : []);
  return [
    ...warning(excluded > 0, `${excluded} of ${count} trials ended in infrastructure_error; they are no result and are left out`),
    ...warning(unscored > 0, `${unscored} of ${count} trials have no reward; they count as reward 0`),
    ...warning(endless > 0, `${endless} of ${count} trials do not say how they ended; they count as failed`),
    ...warning(overflowed > 0, `${overflowed} of ${count} trials ended in context_window_exceeded; they count as failed (newer tau2-bench leaves them out)`),
    ...warning(texts.some((time) => parseTimestamp(time) !== null && !hasZone(time)), 'the times have no zone; they are read as UTC'),
    ...warning(unreadable > 0, `${unreadable} times are not ISO 8601; those messages take the time of the one before`),
  ];
}
