import { DomainError, canonicalJson, sha256Hex } from '#platform';
import { z } from 'zod';
import { decideAgentCost } from './agent-cost.js';
import { messageText, toolArguments } from './message-text.js';
import { slicesOfTask } from './task-slices.js';
import { readBySchema } from './trajectory-json.js';
import { numberTrials } from './trial-numbers.js';
import type { Trajectory, TrajectoryFile, TrajectoryMessage } from './trajectory.js';

const functionCall = z.object({ name: z.string(), arguments: z.unknown().optional() });

const message = z.object({
  role: z.string(),
  content: z.unknown().optional(),
  tool_calls: z.array(z.object({ id: z.string().nullish(), function: functionCall })).nullish(),
  function_call: functionCall.nullish(),
  tool_call_id: z.string().nullish(),
  name: z.string().nullish(),
});

const record = z.object({
  task_id: z.union([z.string(), z.number()]),
  reward: z.number().nullish(),
  trial: z.number().int().nonnegative().nullish(),
  info: z
    .object({
      task: z.object({ instruction: z.string().nullish() }).nullish(),
      reward_info: z.unknown().optional(),
      error: z.unknown().optional(),
    })
    .nullish(),
  traj: z.array(message).nullish(),
});

type Tau1Message = z.infer<typeof message>;
type Tau1Record = z.infer<typeof record>;

/**
 * Reads tau-bench's list of results. A trial that ended without scoring, or in an error that tau-bench caught, counts as reward 0, as it
 * does in tau-bench's own figures; the file says neither times, nor token usage, nor the model.
 */
export function readTau1(name: string, json: unknown): TrajectoryFile {
  const records = readBySchema(name, json, z.array(record));
  if (records.length === 0) {
    const message = `${name} at $: the list is empty; expected at least one result`;
    throw new DomainError({ kind: 'invalid', code: 'trajectory_file_without_trials', message });
  }
  const keys = numberTrials(
    records.map((each) => ({
      taskId: String(each.task_id),
      trial: each.trial ?? null,
      // There is no id: task numbers repeat from domain to domain, so the conversation itself is part of its identity.
      fingerprint: sha256Hex(canonicalJson([each.task_id, each.trial ?? null, each.traj ?? []])),
    })),
  );
  return {
    format: 'tau1',
    name,
    agentModel: null,
    domain: null,
    settings: new Map(),
    trajectories: records.map((each, index) => toTrajectory(each, keys[index] ?? { trial: 0, identity: '' })),
    warnings: warningsOf(records),
  };
}

function toTrajectory(each: Tau1Record, key: { trial: number; identity: string }): Trajectory {
  const taskId = String(each.task_id);
  const messages = (each.traj ?? []).map(toMessage);
  const modelCalls = messages.filter(({ role }) => role === 'assistant').length;
  const instruction = each.info?.task?.instruction;
  const reward = each.reward ?? 0;
  return {
    taskId,
    ...key,
    seed: null,
    taskDigest: instruction ? sha256Hex(instruction) : null,
    reward,
    // tau-bench's is_successful.
    isSuccess: Math.abs(reward - 1) <= 1e-6,
    exclusion: null,
    termination: endedInError(each) ? 'error' : null,
    slices: slicesOfTask(taskId),
    agentCost: decideAgentCost(null, { modelCalls, tokens: 0 }),
    startedAtNanos: null,
    messages,
  };
}

function toMessage(given: Tau1Message): TrajectoryMessage {
  const text = messageText(given.content);
  const calls = [...(given.tool_calls ?? []), ...(given.function_call ? [{ id: null, function: given.function_call }] : [])];
  const toolCalls = calls.map((call) => ({ id: call.id ?? null, name: call.function.name, arguments: toolArguments(call.function.arguments) }));
  switch (given.role) {
    case 'user':
      return { role: 'user', text, toolCalls: [], atNanos: null };
    case 'assistant':
      return { role: 'assistant', text, toolCalls, usage: null, responseModel: null, atNanos: null };
    case 'tool':
    case 'function':
      return {
        role: 'tool',
        text,
        requestor: 'agent',
        callId: given.tool_call_id ?? null,
        name: given.name ?? null,
        // tau-bench has no flag: its tools answer "Error: ..." in the text.
        isError: /^Error\b/.test(text),
        atNanos: null,
      };
    default:
      return { role: 'system', text, atNanos: null };
  }
}

function warningsOf(records: readonly Tau1Record[]): string[] {
  const errors = records.filter(endedInError).length;
  const unscored = records.filter((each) => !endedInError(each) && (each.reward == null || each.info?.reward_info === null)).length;
  return [
    ...(errors > 0 ? [`${errors} of ${records.length} trials ended in an error of the run; tau-bench scores them 0, and so does this`] : []),
    ...(unscored > 0 ? [`${unscored} of ${records.length} trials ended without scoring; they count as reward 0`] : []),
  ];
}

function endedInError(each: Tau1Record): boolean {
  return each.info?.error != null;
}
