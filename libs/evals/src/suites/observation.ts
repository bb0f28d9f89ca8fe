import { z } from 'zod';

/** A tool call as the agent reports it. */
export const observedToolCall = z.object({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
  result: z.unknown().default(null),
  /** False: the tool was asked and refused, or broke. */
  succeeded: z.boolean(),
});
export type ObservedToolCall = z.output<typeof observedToolCall>;

/** What the customer said and what the agent did about it. */
export const observedTurn = z.object({
  message: z.string(),
  reply: z.string(),
  toolCalls: z.array(observedToolCall),
  /** The agent closed the conversation with this reply. */
  ended: z.boolean(),
  traceId: z.string(),
});
export type ObservedTurn = z.output<typeof observedTurn>;

/** All that a check may look at. */
export interface Observation {
  turns: readonly ObservedTurn[];
  /** The systems of record as the agent left them; `null` where it told nothing of them. */
  finalState: unknown;
}

/** The answer of one check about one trial. */
export const verdictSchema = z.object({
  kind: z.enum(['state', 'tool_required', 'tool_forbidden', 'tool_order', 'said', 'never_said', 'turns_max']),
  passed: z.boolean(),
  /** Why, in a sentence that stands alone. */
  explanation: z.string(),
});
export type Verdict = z.output<typeof verdictSchema>;
