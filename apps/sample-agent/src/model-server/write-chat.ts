import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallScript, ScriptedUsage } from './script-call.js';

type Answer = Extract<CallScript, { kind: 'answer' }>;

// A response that is a function of the request has no time of its own.
const CREATED_AT_S = 1_790_000_000;
const CHUNKS = 4;

/** The completion as one JSON document, in the shape of the OpenAI API reference, "The chat completion object". */
export function chatCompletion(answer: Answer, responseModel: string): object {
  return {
    id: `chatcmpl-${answer.id}`,
    object: 'chat.completion',
    created: CREATED_AT_S,
    model: responseModel,
    choices: [
      { index: 0, message: { role: 'assistant', content: answer.content, refusal: null }, finish_reason: 'stop', logprobs: null },
    ],
    usage: usageObject(answer.usage),
  };
}

/**
 * The completion as server-sent events: content chunks, the finish, the usage when it was asked for, `[DONE]`. An answer that aborts
 * loses its connection half way through the content, as when a provider's instance dies: no finish, no usage.
 */
export async function streamChat(
  response: ServerResponse,
  answer: Answer,
  options: { responseModel: string; includeUsage: boolean; latencyScale: number },
): Promise<void> {
  const chunk = (choices: object[], usage: object | null): string =>
    `data: ${JSON.stringify({
      id: `chatcmpl-${answer.id}`,
      object: 'chat.completion.chunk',
      created: CREATED_AT_S,
      model: options.responseModel,
      choices,
      ...(options.includeUsage ? { usage } : {}),
    })}\n\n`;
  const delta = (content: string): string => chunk([{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }], null);

  const parts = splitEvenly(answer.content, CHUNKS);
  await sleep(answer.firstChunkMs * options.latencyScale);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const pauseMs = ((answer.latencyMs - answer.firstChunkMs) / parts.length) * options.latencyScale;
  for (const [index, part] of parts.entries()) {
    if (response.destroyed) return;
    if (answer.aborts && index >= parts.length / 2) {
      response.destroy();
      return;
    }
    response.write(delta(part));
    await sleep(pauseMs);
  }
  if (response.destroyed) return;
  response.write(chunk([{ index: 0, delta: {}, finish_reason: 'stop' }], null));
  if (options.includeUsage) response.write(chunk([], usageObject(answer.usage)));
  response.end('data: [DONE]\n\n');
}

function usageObject(usage: ScriptedUsage): object {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

function splitEvenly(text: string, parts: number): string[] {
  const size = Math.max(1, Math.ceil(text.length / parts));
  return Array.from({ length: Math.max(2, Math.ceil(text.length / size)) }, (_, index) => text.slice(index * size, (index + 1) * size));
}
