import { messageText, toolArguments } from './message-text.js';
import type { Tau2Message, Tau2Usage } from './tau2-schema.js';
import { parseTimestamp } from './timestamp.js';
import type { Requestor, TokenUsage, ToolCall, TrajectoryMessage } from './trajectory.js';

/** tau2's messages in the normalised shape: nested tool answers laid flat, and each answer joined to the call that it answers. */
export function readTau2Messages(given: readonly Tau2Message[]): TrajectoryMessage[] {
  const open: Record<Requestor, ToolCall[]> = { agent: [], user: [] };
  const messages: TrajectoryMessage[] = [];
  for (const each of given.flatMap((message) => message.tool_messages ?? [message])) {
    messages.push(toMessage(each, open));
  }
  return messages;
}

function toMessage(given: Tau2Message, open: Record<Requestor, ToolCall[]>): TrajectoryMessage {
  const text = messageText(given.content);
  const atNanos = typeof given.timestamp === 'string' ? parseTimestamp(given.timestamp) : null;
  switch (given.role) {
    case 'user':
      return { role: 'user', text, toolCalls: openCalls(given, open, 'user'), atNanos };
    case 'assistant':
      return {
        role: 'assistant',
        text,
        toolCalls: openCalls(given, open, 'agent'),
        usage: given.usage ? usageOf(given.usage) : null,
        responseModel: responseModelOf(given.raw_data),
        atNanos,
      };
    case 'tool': {
      const requestor: Requestor = given.requestor === 'user' ? 'user' : 'agent';
      const call = answeredCall(open[requestor], given.id ?? null);
      return {
        role: 'tool',
        text,
        requestor,
        callId: given.id || call?.id || null,
        name: call?.name ?? null,
        isError: given.error ?? /^Error\b/.test(text),
        atNanos,
      };
    }
    default:
      return { role: 'system', text, atNanos };
  }
}

function openCalls(given: Tau2Message, open: Record<Requestor, ToolCall[]>, requestor: Requestor): ToolCall[] {
  const calls = (given.tool_calls ?? []).map((call) => ({ id: call.id || null, name: call.name, arguments: toolArguments(call.arguments) }));
  open[requestor] = [...calls];
  return calls;
}

// By id where there is one; some servers give calls no id, and then the answers come in the order of the calls.
function answeredCall(open: ToolCall[], id: string | null): ToolCall | undefined {
  const index = open.findIndex((call) => call.id === (id || null));
  return index < 0 ? undefined : open.splice(index, 1)[0];
}

function usageOf(usage: Tau2Usage): TokenUsage | null {
  // An object without a count says nothing; 0 in its place would be a claim.
  if (usage.prompt_tokens == null && usage.completion_tokens == null) return null;
  return {
    inputTokens: usage.prompt_tokens ?? null,
    outputTokens: usage.completion_tokens ?? null,
    cacheReadTokens: usage.prompt_tokens_details?.cached_tokens ?? null,
  };
}

function responseModelOf(raw: unknown): string | null {
  const model = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>).model : null;
  return typeof model === 'string' && model !== '' ? model : null;
}
