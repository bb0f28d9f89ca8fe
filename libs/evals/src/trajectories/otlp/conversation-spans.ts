import { canonicalJson, sha256Hex } from '#platform';
import type { AssistantMessage, ToolMessage, Trajectory, TrajectoryFile } from '../trajectory.js';
import { turnsOf, type Turn, type TurnStep } from '../turns.js';
import { SPAN_KIND, STATUS_ERROR, toAttributes, type OtlpSpan, type SpanEvent } from './otlp-json.js';
import { providerOfModel } from './provider-of-model.js';

/** What an import says of conversations whose file does not. */
export interface ImportOptions {
  /** The variant that these conversations ran; part of every id, so two variants never collide. */
  variant: string;
  flagKey: string;
  agentName: string;
  channel: string;
  customerId: string | null;
  /** The agent's model where the file does not name it. */
  model: string | null;
  /** Origin of the synthetic timeline, Unix nanoseconds. */
  syntheticOriginNanos: bigint;
}

/** One conversation as spans: every turn a trace. */
export interface ConversationSpans {
  conversationId: string;
  turns: number;
  spans: OtlpSpan[];
}

const HANDOFF_TOOL = 'transfer_to_human_agents';
const NANOS_PER_MINUTE = 60_000_000_000n;
const MINUTES_PER_DAY = 1440n;

/**
 * A conversation's spans: per turn a root `invoke_agent`, with a `chat` for each of the agent's messages and an `execute_tool` for each answer to its
 * tool calls. What the simulated user said or did is no span. The last root carries the verdict (none for an excluded trial)
 * and the end of the conversation. A pure function of the trial and the options: the same input gives the same bytes.
 */
export function toConversationSpans(file: TrajectoryFile, trajectory: Trajectory, options: ImportOptions): ConversationSpans {
  const names = idsOf(file, trajectory, options.variant);
  const { turns, isSynthetic } = turnsOf(trajectory, syntheticStart(trajectory, options.syntheticOriginNanos));
  const modelCalled = providerOfModel(file.agentModel ?? options.model);
  const spans = turns.flatMap((turn, index) => {
    const traceId = names.traceId(index);
    const rootId = names.spanId(index, 'root');
    const root: OtlpSpan = {
      traceId,
      spanId: rootId,
      name: `invoke_agent ${options.agentName}`,
      kind: SPAN_KIND.internal,
      ...timesOf(turn),
      attributes: rootAttributes(names.conversationId, trajectory, options, isSynthetic),
      events: [...handoffsIn(turn), ...(index === turns.length - 1 ? closingEvents(trajectory, turn) : [])],
    };
    const steps = turn.steps.map((step) => ({
      traceId,
      spanId: names.spanId(index, step.position),
      parentSpanId: rootId,
      ...(step.message.role === 'assistant' ? chatSpan(step.message, modelCalled) : toolSpan(step.message)),
      ...timesOf(step),
    }));
    return [root, ...steps];
  });
  return { conversationId: names.conversationId, turns: turns.length, spans };
}

function idsOf(file: TrajectoryFile, trajectory: Trajectory, variant: string) {
  const digest = (...parts: readonly (string | number)[]) => sha256Hex(canonicalJson([file.format, variant, trajectory.identity, ...parts]));
  return {
    conversationId: [file.format, variant, trajectory.taskId, trajectory.trial, digest('conversation').slice(0, 8)].join(':'),
    traceId: (turn: number) => digest('trace', turn).slice(0, 32),
    spanId: (turn: number, part: string | number) => digest('span', turn, part).slice(0, 16),
  };
}

/**
 * Where a conversation without times is put: the trial's day from the origin, the task's minute of it. It follows from the trial alone, so
 * that a file with more or fewer trials in it gives each the same times, and the spans stay the same rows.
 */
function syntheticStart({ taskId, trial }: Trajectory, originNanos: bigint): bigint {
  const minute = /^\d{1,6}$/.test(taskId) ? BigInt(taskId) : 0n;
  return originNanos + (BigInt(trial) * MINUTES_PER_DAY + minute) * NANOS_PER_MINUTE;
}

function timesOf({ startNanos, endNanos }: Turn | TurnStep): { startTimeUnixNano: string; endTimeUnixNano: string } {
  return { startTimeUnixNano: startNanos.toString(), endTimeUnixNano: endNanos.toString() };
}

function rootAttributes(conversationId: string, trajectory: Trajectory, options: ImportOptions, isSynthetic: boolean) {
  return toAttributes({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.conversation.id': conversationId,
    'gen_ai.agent.name': options.agentName,
    'astrolabe.customer.id': options.customerId,
    'astrolabe.channel': options.channel,
    'feature_flag.key': options.flagKey,
    'feature_flag.result.variant': options.variant,
    'astrolabe.simulation.task': trajectory.taskId,
    'astrolabe.simulation.trial': BigInt(trajectory.trial),
    'astrolabe.simulation.termination': trajectory.termination,
    'astrolabe.time.synthetic': isSynthetic ? true : null,
  });
}

function chatSpan(message: AssistantMessage, called: { provider: string; model: string | null }) {
  const { usage } = message;
  return {
    name: called.model === null ? 'chat' : `chat ${called.model}`,
    kind: SPAN_KIND.client,
    attributes: toAttributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': called.provider,
      'gen_ai.request.model': called.model,
      'gen_ai.response.model': message.responseModel ?? called.model,
      'gen_ai.usage.input_tokens': toInteger(usage?.inputTokens),
      'gen_ai.usage.output_tokens': toInteger(usage?.outputTokens),
      'gen_ai.usage.cache_read.input_tokens': toInteger(usage?.cacheReadTokens),
      'astrolabe.task': 'reason',
    }),
  };
}

function toolSpan(message: ToolMessage) {
  const span = {
    name: message.name === null ? 'execute_tool' : `execute_tool ${message.name}`,
    kind: SPAN_KIND.internal,
    attributes: toAttributes({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': message.name,
      'gen_ai.tool.call.id': message.callId,
    }),
  };
  return message.isError ? { ...span, status: { code: STATUS_ERROR, message: cut(message.text) } } : span;
}

function handoffsIn(turn: Turn): SpanEvent[] {
  return turn.steps.flatMap(({ message, endNanos }) => {
    if (message.role !== 'assistant') return [];
    return message.toolCalls
      .filter(({ name, id }) => name === HANDOFF_TOOL && !failed(turn, id))
      .map(({ arguments: { summary } }) => ({
        timeUnixNano: endNanos.toString(),
        name: 'astrolabe.handoff',
        attributes: toAttributes({ 'astrolabe.handoff.reason': typeof summary === 'string' ? cut(summary) : HANDOFF_TOOL }),
      }));
  });
}

function failed(turn: Turn, callId: string | null): boolean {
  return turn.steps.some(
    ({ message }) => message.role === 'tool' && message.name === HANDOFF_TOOL && message.callId === callId && message.isError,
  );
}

function closingEvents(trajectory: Trajectory, turn: Turn): SpanEvent[] {
  const timeUnixNano = turn.endNanos.toString();
  const verdict = {
    timeUnixNano,
    name: 'gen_ai.evaluation.result',
    attributes: toAttributes({
      'gen_ai.evaluation.name': 'task_success',
      'gen_ai.evaluation.score.value': trajectory.reward,
      'gen_ai.evaluation.score.label': trajectory.isSuccess ? 'pass' : 'fail',
    }),
  };
  const end = { timeUnixNano, name: 'astrolabe.conversation.end', attributes: [] };
  return trajectory.exclusion === null ? [verdict, end] : [end];
}

function toInteger(count: number | null | undefined): bigint | null {
  return count == null ? null : BigInt(Math.round(count));
}

/** A tool's error or a summary may quote a whole conversation; a status and a reason should not. */
function cut(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 499)}…`;
}
