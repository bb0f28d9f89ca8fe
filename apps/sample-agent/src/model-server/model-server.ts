import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf } from '#platform';
import { embedText } from './embed-text.js';
import { MODEL_IDS, modelProfile } from './model-profiles.js';
import {
  USUAL_FAULTS,
  keyOfUnscripted,
  scriptChat,
  scriptEmbeddings,
  type CallInput,
  type CallScript,
  type FaultRates,
} from './script-call.js';
import { SCRIPTED_KEY_HEADER, parseScriptedKey } from './scripted-key.js';
import { chatCompletion, streamChat } from './write-chat.js';

export interface ModelServerOptions {
  seed: number;
  /** 0 lets the system choose a free port. */
  port?: number;
  /** Multiplies every latency; 0 answers at once. */
  latencyScale?: number;
  faults?: FaultRates;
}

export interface ModelServer {
  /** What an OpenAI client takes as its base URL, ending in `/v1`. */
  url: string;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 1_048_576;

const chatBody = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
  stream: z.boolean().default(false),
  stream_options: z.object({ include_usage: z.boolean().default(false) }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
const embeddingsBody = z.object({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  encoding_format: z.enum(['float', 'base64']).default('float'),
});

/**
 * Starts the scripted model server on loopback: `/v1/chat/completions`, `/v1/embeddings` and `/v1/models` of the OpenAI API. Every
 * answer, latency, error and broken stream is a pure function of the seed and the request.
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const settings = { seed: options.seed, latencyScale: options.latencyScale ?? 1, faults: options.faults ?? USUAL_FAULTS };
  const server = createServer((request, response) => {
    route(request, response, settings).catch((error: unknown) => {
      // The script could not read what the task was given: that is the caller's mistake.
      if (!response.headersSent) sendError(response, 400, 'invalid_request_error', messageOf(error));
      else response.destroy();
    });
  });
  // Longer than any client keeps an idle connection, so that none is reused while we are closing it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

interface Settings {
  seed: number;
  latencyScale: number;
  faults: FaultRates;
}

async function route(request: IncomingMessage, response: ServerResponse, settings: Settings): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://loopback').pathname;
  if (request.method === 'GET' && path === '/v1/models') {
    sendJson(response, 200, { object: 'list', data: MODEL_IDS.map((id) => ({ id, object: 'model', created: 0, owned_by: 'scripted' })) });
    return;
  }
  if (request.method === 'POST' && path === '/v1/chat/completions') return chat(request, response, settings);
  if (request.method === 'POST' && path === '/v1/embeddings') return embeddings(request, response, settings);
  const routes = '/v1/chat/completions, /v1/embeddings and /v1/models';
  sendError(response, 404, 'unknown_url', `No route ${request.method ?? ''} ${path}; there are ${routes}.`);
}

async function chat(request: IncomingMessage, response: ServerResponse, settings: Settings): Promise<void> {
  const text = await readBody(request);
  const body = chatBody.parse(JSON.parse(text));
  const call = callInput(request, settings, text, {
    model: body.model,
    promptVersion: body.metadata?.prompt_version ?? '',
    input: body.messages.findLast((message) => message.role === 'user')?.content ?? '',
    stream: body.stream,
  });
  if (call?.profile.kind !== 'chat') return unknownModel(response, body.model);
  const script = scriptChat(call);
  if (script.kind === 'error') return sendFault(response, script, settings);
  if (body.stream) {
    const includeUsage = body.stream_options?.include_usage ?? false;
    return streamChat(response, script, { responseModel: call.profile.responseModel, includeUsage, latencyScale: settings.latencyScale });
  }
  await sleep(script.latencyMs * settings.latencyScale);
  sendJson(response, 200, chatCompletion(script, call.profile.responseModel));
}

async function embeddings(request: IncomingMessage, response: ServerResponse, settings: Settings): Promise<void> {
  const text = await readBody(request);
  const body = embeddingsBody.parse(JSON.parse(text));
  const inputs = typeof body.input === 'string' ? [body.input] : body.input;
  const call = callInput(request, settings, text, { model: body.model, promptVersion: '', input: inputs.join(' '), stream: false });
  if (call?.profile.kind !== 'embedding') return unknownModel(response, body.model);
  const script = scriptEmbeddings(call);
  if (script.kind === 'error') return sendFault(response, script, settings);
  await sleep(script.latencyMs * settings.latencyScale);
  const encode = (vector: Float32Array): string | number[] =>
    body.encoding_format === 'base64' ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64') : [...vector];
  sendJson(response, 200, {
    object: 'list',
    model: call.profile.responseModel,
    data: inputs.map((input, index) => ({ object: 'embedding', index, embedding: encode(embedText(input)) })),
    usage: { prompt_tokens: script.usage.promptTokens, total_tokens: script.usage.promptTokens },
  });
}

function callInput(
  request: IncomingMessage,
  settings: Settings,
  bodyText: string,
  asked: Pick<CallInput, 'model' | 'promptVersion' | 'input' | 'stream'>,
): CallInput | undefined {
  const profile = modelProfile(asked.model);
  if (profile === undefined) return undefined;
  const key = parseScriptedKey(headerOf(request, SCRIPTED_KEY_HEADER)) ?? keyOfUnscripted(bodyText);
  const attempt = Number(headerOf(request, 'x-stainless-retry-count') ?? 0);
  return { seed: settings.seed, faults: settings.faults, key, attempt, profile, ...asked };
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new RangeError(`The body is larger than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function sendFault(response: ServerResponse, fault: Extract<CallScript, { kind: 'error' }>, settings: Settings): Promise<void> {
  await sleep(fault.latencyMs * settings.latencyScale);
  // In whole seconds by RFC 9110, and in milliseconds for clients that know the finer header: the official ones read it first.
  response.setHeader('retry-after', Math.ceil(fault.retryAfterMs / 1000));
  response.setHeader('retry-after-ms', Math.max(1, Math.round(fault.retryAfterMs * settings.latencyScale)));
  if (fault.status === 429) sendError(response, 429, 'rate_limit_exceeded', 'Rate limit reached. Try again after the time in Retry-After.');
  else sendError(response, 500, 'server_error', 'The model server had an error while processing the request. Try again.');
}

function unknownModel(response: ServerResponse, model: string): void {
  sendError(response, 404, 'model_not_found', `The model ${model} does not exist for this endpoint; GET /v1/models lists those that do.`);
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { message, type: code, param: null, code } });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
