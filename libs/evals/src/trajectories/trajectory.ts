import type { AgentCost } from './agent-cost.js';

export type TrajectoryFormat = 'tau1' | 'tau2';

/** One results file, whatever its format was: the shape that scoring, comparing and importing work on. */
export interface TrajectoryFile {
  format: TrajectoryFormat;
  /** As given by the caller; it names the file in messages. */
  name: string;
  /** The model of the agent under test; `null` where the format does not say. */
  agentModel: string | null;
  /** Such as airline, retail, telecom; `null` where the format does not say. */
  domain: string | null;
  /** How the run was set up, as printable text by name: two files are comparable where these agree. Absent: not said. */
  settings: ReadonlyMap<string, string>;
  trajectories: readonly Trajectory[];
  /** What a reader of any figure from this file should know. */
  warnings: readonly string[];
}

/** One trial of one task: a conversation, and what came of it. */
export interface Trajectory {
  taskId: string;
  /** From 0, among the trials of the task. */
  trial: number;
  seed: number | null;
  /** Names this conversation wherever the file is read again, and no other one. */
  identity: string;
  /** A digest of what the simulated user was told, to see that "the same task" is the same task; `null` where the file does not say. */
  taskDigest: string | null;
  /** As given; 0 where the file has none. */
  reward: number;
  /** Under the format's own rule; false for an excluded trial. */
  isSuccess: boolean;
  /** Why this trial is no result at all, as `infrastructure_error`; `null` for a trial that counts. */
  exclusion: string | null;
  /** Why the conversation ended, as `user_stop`; `null` where the format does not say. */
  termination: string | null;
  slices: readonly Slice[];
  agentCost: AgentCost;
  /** Unix nanoseconds; `null` where the format has no times. */
  startedAtNanos: bigint | null;
  messages: readonly TrajectoryMessage[];
}

/** A property of a task by which results are broken down. */
export interface Slice {
  name: string;
  value: string;
}

/** Whose doing a tool call is: the agent's, or the simulated user's own (a telecom user toggles things on a phone). */
export type Requestor = 'agent' | 'user';

export type TrajectoryMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

interface MessageTime {
  /** When the message was complete, in Unix nanoseconds; `null` where the file does not say. */
  atNanos: bigint | null;
}

interface SystemMessage extends MessageTime {
  role: 'system';
  text: string;
}

interface UserMessage extends MessageTime {
  role: 'user';
  text: string;
  toolCalls: readonly ToolCall[];
}

export interface AssistantMessage extends MessageTime {
  role: 'assistant';
  text: string;
  toolCalls: readonly ToolCall[];
  /** `null`: not said. A greeting that no model wrote has none either. */
  usage: TokenUsage | null;
  /** The model that the provider says answered. */
  responseModel: string | null;
}

export interface ToolMessage extends MessageTime {
  role: 'tool';
  text: string;
  requestor: Requestor;
  callId: string | null;
  /** Resolved through the call it answers where the format does not repeat it. */
  name: string | null;
  isError: boolean;
}

export interface ToolCall {
  id: string | null;
  name: string;
  arguments: Readonly<Record<string, unknown>>;
}

/** As the provider counted: input includes cached tokens, output includes reasoning. `null`: not said. */
export interface TokenUsage {
  inputTokens: number | null;
  outputTokens: number | null;
  cacheReadTokens: number | null;
}
