import { sha256Hex } from '#platform';
import { drawLognormal, drawUniform } from '../draws.js';
import { answerTask, promptTokens } from './answer-task.js';
import { modelProfile, type ModelProfile } from './model-profiles.js';
import type { ScriptedKey } from './scripted-key.js';

/** How often calls go wrong, as probabilities per attempt; an outage outlasts every retry of its call. */
export interface FaultRates {
  rateLimit: number;
  serverError: number;
  outage: number;
  /** Of streams: the connection breaks before the usage chunk. */
  abortedStream: number;
}

export const USUAL_FAULTS: FaultRates = { rateLimit: 0.008, serverError: 0.004, outage: 0.001, abortedStream: 0.012 };
export const NO_FAULTS: FaultRates = { rateLimit: 0, serverError: 0, outage: 0, abortedStream: 0 };

export interface ScriptedUsage {
  promptTokens: number;
  /** Of the prompt tokens. */
  cachedTokens: number;
  completionTokens: number;
  /** Of the completion tokens. */
  reasoningTokens: number;
}

/** What will happen to one attempt. Times are milliseconds at latency scale 1. */
export type CallScript =
  | { kind: 'error'; status: 429 | 500; retryAfterMs: number; latencyMs: number }
  | { kind: 'answer'; id: string; content: string; usage: ScriptedUsage; latencyMs: number; firstChunkMs: number; aborts: boolean };

export interface CallInput {
  seed: number;
  faults: FaultRates;
  key: ScriptedKey;
  /** From 0; the client says how often it has retried. */
  attempt: number;
  model: string;
  profile: ModelProfile;
  promptVersion: string;
  /** The last user message of a chat. */
  input: string;
  stream: boolean;
}

/** The script of one chat attempt: a pure function of its input, whatever else is in flight. */
export function scriptChat(call: CallInput): CallScript {
  const fault = scriptFault(call);
  if (fault !== undefined) return fault;
  const content = answerTask({
    task: call.key.task,
    model: call.model,
    promptVersion: call.promptVersion,
    input: call.input,
    luck: (purpose) => drawUniform(...identity(call), purpose),
  });
  const latencyMs = drawLatency(call);
  return {
    kind: 'answer',
    id: responseId(call),
    content,
    usage: chatUsage(call, content),
    latencyMs,
    firstChunkMs: latencyMs * (0.25 + 0.2 * drawUniform(...identity(call), 'first-chunk')),
    aborts: call.stream && drawUniform(...identity(call), call.attempt, 'abort') < call.faults.abortedStream,
  };
}

/** The script of one embeddings attempt; its content is empty, since vectors depend on the text alone. */
export function scriptEmbeddings(call: CallInput): CallScript {
  const fault = scriptFault(call);
  if (fault !== undefined) return fault;
  const usage = { promptTokens: Math.max(1, Math.ceil(call.input.length / 4)), cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
  const latencyMs = drawLatency(call);
  return { kind: 'answer', id: responseId(call), content: '', usage, latencyMs, firstChunkMs: latencyMs, aborts: false };
}

/** The key of a request that carries none, so that any client of the API is answered the same twice. */
export function keyOfUnscripted(body: string): ScriptedKey {
  return { conversation: sha256Hex(body).slice(0, 16), turn: 1, task: 'unscripted', ordinal: 0 };
}

function scriptFault(call: CallInput): CallScript | undefined {
  const attempt = (purpose: string): number => drawUniform(...identity(call), call.attempt, purpose);
  // Errors come back sooner than answers.
  const latencyMs = drawLatency(call) * 0.3;
  if (drawUniform(...identity(call), 'outage') < call.faults.outage) return { kind: 'error', status: 500, retryAfterMs: 400, latencyMs };
  if (attempt('rate-limit') < call.faults.rateLimit) return { kind: 'error', status: 429, retryAfterMs: 600, latencyMs };
  if (attempt('server-error') < call.faults.serverError) return { kind: 'error', status: 500, retryAfterMs: 300, latencyMs };
  return undefined;
}

function chatUsage(call: CallInput, content: string): ScriptedUsage {
  const profile = modelProfile(call.model);
  const prompt = promptTokens(call.key.task, call.input);
  // The provider caches whole blocks of 128 tokens of prompts of at least 1,024.
  const isCached = prompt >= 1024 && drawUniform(...identity(call), 'cached') < 0.6;
  const reasoningMean = profile?.reasoningTokensMean ?? 0;
  const reasoningTokens = reasoningMean === 0 ? 0 : Math.round(drawLognormal(reasoningMean, 0.4, ...identity(call), 'reasoning'));
  return {
    promptTokens: prompt,
    cachedTokens: isCached ? Math.floor((prompt * 0.8) / 128) * 128 : 0,
    completionTokens: Math.max(1, Math.ceil(content.length / 4)) + reasoningTokens,
    reasoningTokens,
  };
}

function drawLatency(call: CallInput): number {
  return drawLognormal(call.profile.latencyMsMedian, call.profile.latencySigma, ...identity(call), call.attempt, 'latency');
}

function responseId(call: CallInput): string {
  return sha256Hex(JSON.stringify([...identity(call), call.attempt])).slice(0, 24);
}

function identity(call: CallInput): (string | number)[] {
  return [call.seed, call.key.conversation, call.key.turn, call.key.task, call.key.ordinal, call.model, call.promptVersion];
}
