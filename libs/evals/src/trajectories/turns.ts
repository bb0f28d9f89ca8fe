import type { AssistantMessage, Trajectory, TrajectoryMessage, ToolMessage } from './trajectory.js';

/**
 * Cuts a conversation into the agent's turns and gives every message a time.
 *
 * A turn is what the agent did between two messages of the user: its model calls and its own tools. The simulated user's messages and
 * tools end a turn and belong to none. A message runs from the end of the one before it to its own time, so the spans of a
 * turn tile it. Times never run backwards, because a span with a negative duration is refused by receivers.
 */
export interface Turn {
  /** When the user's message that it answers was complete, Unix nanoseconds. */
  startNanos: bigint;
  endNanos: bigint;
  steps: readonly TurnStep[];
}

export interface TurnStep {
  /** Index in the trajectory's messages. */
  position: number;
  message: AssistantMessage | ToolMessage;
  startNanos: bigint;
  endNanos: bigint;
}

/** How a conversation without times is laid out: one message a second from `startNanos`. */
const SYNTHETIC_STEP_NANOS = 1_000_000_000n;

/** The turns of a conversation; one that has none (the agent never got to act) is one empty turn, so that it is not lost. */
export function turnsOf(trajectory: Trajectory, syntheticStartNanos: bigint): { turns: Turn[]; isSynthetic: boolean } {
  const { ends, start, isSynthetic } = timesOf(trajectory, syntheticStartNanos);
  const turns: Turn[] = [];
  let steps: TurnStep[] = [];
  const endTurn = () => {
    const [first, last] = [steps[0], steps.at(-1)];
    if (first && last) turns.push({ startNanos: first.startNanos, endNanos: last.endNanos, steps });
    steps = [];
  };
  trajectory.messages.forEach((message, position) => {
    if (message.role === 'user') endTurn();
    if (!isAgents(message) || isGreeting(trajectory.messages, position)) return;
    steps.push({ position, message, startNanos: ends[position - 1] ?? start, endNanos: ends[position] ?? start });
  });
  endTurn();
  if (turns.length === 0) turns.push({ startNanos: start, endNanos: ends.at(-1) ?? start, steps: [] });
  return { turns, isSynthetic };
}

/** A canned opening ("Hi! How can I help you today?") that no model wrote: it has no usage and comes before the user has spoken. */
export function isGreeting(messages: readonly TrajectoryMessage[], position: number): boolean {
  const message = messages[position];
  if (message?.role !== 'assistant' || message.usage !== null || message.toolCalls.length > 0) return false;
  return messages.slice(0, position).every(({ role }) => role === 'system' || role === 'assistant');
}

function isAgents(message: TrajectoryMessage): message is AssistantMessage | ToolMessage {
  return message.role === 'assistant' || (message.role === 'tool' && message.requestor === 'agent');
}

// ends[i] is when message i was complete; a message without a time takes that of the one before.
function timesOf(trajectory: Trajectory, syntheticStartNanos: bigint): { ends: bigint[]; start: bigint; isSynthetic: boolean } {
  const { messages, startedAtNanos } = trajectory;
  const firstKnown = messages.find(({ atNanos }) => atNanos !== null)?.atNanos ?? null;
  if (firstKnown === null) {
    const start = startedAtNanos ?? syntheticStartNanos;
    return { ends: messages.map((_, position) => start + BigInt(position + 1) * SYNTHETIC_STEP_NANOS), start, isSynthetic: true };
  }
  const start = startedAtNanos !== null && startedAtNanos < firstKnown ? startedAtNanos : firstKnown;
  let latest = start;
  const ends = messages.map(({ atNanos }) => (latest = atNanos !== null && atNanos > latest ? atNanos : latest));
  return { ends, start, isSynthetic: false };
}
