import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '#platform';
import { observedToolCall, type ObservedTurn } from '../suites/observation.js';
import type { RunVariant } from './run.js';

/**
 * The protocol that an agent under test speaks: `POST {agentUrl}/converse` with
 * `{ conversationId, message, variant?: { name, value? }, scenario?: { initialState?, locale?, channel? } }`, answered by
 * `{ reply, toolCalls, state, ended, traceId }`. `scenario` comes with the first message of a conversation alone. A W3C `traceparent` names
 * the trace of the turn. 503 and 429 mean that the message was not taken.
 */
export interface AgentMessage {
  conversationId: string;
  message: string;
  variant: RunVariant;
  scenario?: { initialState?: Record<string, unknown>; locale?: string; channel?: string };
}

/** How a call ended; what is not a reply says whether asking again helps. */
export type AgentAnswer =
  | { kind: 'replied'; turn: ObservedTurn; state: unknown }
  /** The message was not taken: it may be sent again. */
  | { kind: 'refused'; reason: string; retryAfterMs: number }
  /** Nobody knows whether it was taken: only a new conversation is sound. */
  | { kind: 'lost'; reason: string }
  /** Not the protocol, or not this agent: the same call would end the same way. */
  | { kind: 'unusable'; reason: string };

export interface AgentCall {
  agentUrl: string;
  fetch: typeof fetch;
  turnTimeoutMs: number;
  signal: AbortSignal;
}

const REFUSING_STATUSES = [429, 503];
const LOST_STATUSES = [408, 425];
// Without a connection no byte of the message can have arrived.
const NO_CONNECTION = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

const agentReply = z.object({
  reply: z.string(),
  toolCalls: z.array(observedToolCall).default([]),
  state: z.unknown().default(null),
  ended: z.boolean().default(false),
  traceId: z.string().optional(),
});

/** Sends one message. Throws only what `signal` was aborted with. */
export async function callAgent(message: AgentMessage, { agentUrl, fetch, turnTimeoutMs, signal }: AgentCall): Promise<AgentAnswer> {
  // Random, not derived: a trial that is played again must not write into the trace of the first time.
  const traceId = randomBytes(16).toString('hex');
  try {
    const response = await fetch(new URL('converse', agentUrl.endsWith('/') ? agentUrl : `${agentUrl}/`), {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` },
      body: JSON.stringify(message),
      signal: AbortSignal.any([signal, AbortSignal.timeout(turnTimeoutMs)]),
    });
    const body = await response.text();
    return response.ok ? readReply(body, message.message, traceId) : refusalOf(response, body);
  } catch (error) {
    signal.throwIfAborted();
    return failureOf(error, turnTimeoutMs);
  }
}

function readReply(body: string, message: string, traceId: string): AgentAnswer {
  const parsed = agentReply.safeParse(parseJson(body));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`).join('; ');
    return { kind: 'unusable', reason: `The agent's answer is not { reply, toolCalls, state, ended, traceId } (${problems}): ${excerpt(body)}` };
  }
  const { reply, toolCalls, ended, state } = parsed.data;
  return { kind: 'replied', turn: { message, reply, toolCalls, ended, traceId: parsed.data.traceId ?? traceId }, state };
}

function refusalOf(response: Response, body: string): AgentAnswer {
  const reason = `The agent answered ${response.status}: ${excerpt(body)}`;
  if (REFUSING_STATUSES.includes(response.status)) return { kind: 'refused', reason, retryAfterMs: retryAfterMsOf(response) };
  return { kind: response.status >= 500 || LOST_STATUSES.includes(response.status) ? 'lost' : 'unusable', reason };
}

function failureOf(error: unknown, turnTimeoutMs: number): AgentAnswer {
  if (error instanceof DOMException && error.name === 'TimeoutError') return { kind: 'lost', reason: `The agent did not answer within ${turnTimeoutMs} ms` };
  // fetch hides what happened in the cause; with several addresses tried it is an AggregateError that carries the code.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as { code?: unknown } | null)?.code;
  const reason = `The agent cannot be reached: ${typeof code === 'string' ? code : messageOf(cause)}`;
  return typeof code === 'string' && NO_CONNECTION.includes(code) ? { kind: 'refused', reason, retryAfterMs: 0 } : { kind: 'lost', reason };
}

/** Seconds are honoured; a date, which agents do not send, is taken as no wish. */
function retryAfterMsOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function excerpt(body: string): string {
  const EXCERPT_CHARACTERS = 200;
  return body.trim() === '' ? '(empty body)' : body.trim().slice(0, EXCERPT_CHARACTERS);
}
