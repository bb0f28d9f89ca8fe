import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { ApiKeys, SystemClock, createLogger } from '#platform';
import { OtlpIntake, TraceReader } from '#traces';
import { startReceivers, type Receivers } from '../../../apps/ingest/src/start-receivers.js';
import { startModelServer, type ModelServer } from '../../../apps/sample-agent/src/index.js';
import { modelProfile } from '../../../apps/sample-agent/src/model-server/model-profiles.js';
import { NO_FAULTS, scriptChat } from '../../../apps/sample-agent/src/model-server/script-call.js';
import { SCRIPTED_KEY_HEADER, formatScriptedKey, type ScriptedKey } from '../../../apps/sample-agent/src/model-server/scripted-key.js';
import { openTestStores, type TestStores } from '../../support/test-stores.js';
import { runClient, type Destination, type OrderedCall, type SeenCall } from './client-program.js';

/** What an answer of the model server says it used. Cached tokens are part of the prompt's, reasoning tokens of the completion's. */
export interface RawUsage {
  prompt: number;
  cached: number;
  completion: number;
  reasoning: number;
}

/** A span as it is stored, and whether readers charge it. */
export interface StoredSpan {
  span_id_hex: string;
  name: string;
  operation: string;
  isCharged: boolean;
  /** A decimal string in USD. */
  cost_usd: string | null;
  first_token_ns: string | null;
  [column: string]: unknown;
}

/** A call to order, and what the model server answers to it. */
export interface PlannedCall {
  order: OrderedCall;
  usage: RawUsage;
  /** How long the model server waits before the first part of a stream. */
  firstPartMs: number;
}

export const MODEL = 'o4-mini';
export const EMBEDDING_MODEL = 'text-embedding-3-small';
/** Part of every prompt and of every answer: the script sums up what it was told. */
export const SAID = 'my card number';
const PROMPT = JSON.stringify({ history: [`Please note ${SAID}.`] });
const SEED = 7;
const SLOW_SCALE = 0.05;
// A client that leaves after the first part has to be gone before the last one is sent, on a busy machine, too.
const LINGERING_SCALE = 0.5;

const SERVER_OF = { stream: 'slow', abort: 'lingering', broken: 'breaking', generate: 'prompt', embed: 'prompt', 'by-hand': 'prompt' } as const;

/** Our receiver on real stores, and model servers that answer at once, slowly enough to measure or to leave, or break off every stream. */
export class ClientBench {
  readonly #key = ApiKeys.newSecret();
  /** Of the requests of the last run. */
  received: { type: string | undefined; encoding: string | undefined }[] = [];
  private constructor(
    readonly stores: TestStores,
    readonly intake: OtlpIntake,
    private readonly http: FastifyInstance,
    private readonly receivers: Receivers,
    private readonly models: Record<'prompt' | 'slow' | 'lingering' | 'breaking', ModelServer>,
  ) {}

  static async open(): Promise<ClientBench> {
    const stores = await openTestStores();
    const logger = createLogger('silent', 'test');
    const keys = new ApiKeys(stores.postgres, new SystemClock());
    const intake = await OtlpIntake.open({ ...stores, clock: new SystemClock(), logger });
    const http = fastify();
    const receivers = await startReceivers(http, { intake, keys, clock: new SystemClock(), config: stores.config, logger });
    const models = {
      prompt: await startModelServer({ seed: SEED, latencyScale: 0, faults: NO_FAULTS }),
      slow: await startModelServer({ seed: SEED, latencyScale: SLOW_SCALE, faults: NO_FAULTS }),
      lingering: await startModelServer({ seed: SEED, latencyScale: LINGERING_SCALE, faults: NO_FAULTS }),
      breaking: await startModelServer({ seed: SEED, latencyScale: 0, faults: { ...NO_FAULTS, abortedStream: 1 } }),
    };
    const bench = new ClientBench(stores, intake, http, receivers, models);
    await keys.ensure('acme', 'agents', bench.#key, ['ingest']);
    http.addHook('onRequest', async ({ headers }) => {
      bench.received.push({ type: headers['content-type'], encoding: headers['content-encoding'] });
    });
    await http.listen({ host: '127.0.0.1', port: 0 });
    return bench;
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.models).map((server) => server.close()));
    await this.receivers.close();
    await this.http.close();
    await this.intake.close();
    await this.stores.close();
  }

  /** Runs a client program to its end, and waits until what it sent can be read. */
  async run(name: string, orders: Parameters<typeof runClient>[1], by: Pick<Destination, 'protocol' | 'compression'>): Promise<SeenCall[]> {
    this.received = [];
    const httpUrl = `http://127.0.0.1:${(this.http.server.address() as AddressInfo).port}`;
    const seen = await runClient(name, orders, { ...by, endpoint: by.protocol === 'grpc' ? `http://${this.receivers.grpcAddress ?? ''}` : httpUrl, key: this.#key });
    await this.intake.drain();
    return seen;
  }

  /** A call in a session of its own, whose answer uses every kind of token that the model has. `broken`: a stream that the server breaks off. */
  async plan(session: string, call: OrderedCall['call'] | 'broken', changes: Partial<OrderedCall> = {}): Promise<PlannedCall> {
    for (let ordinal = 0; ordinal < 20; ordinal++) {
      const key: ScriptedKey = { conversation: session, turn: 1, task: 'summarise-history', ordinal };
      const headers = { [SCRIPTED_KEY_HEADER]: formatScriptedKey(key) };
      const usage = await this.#askRaw(headers);
      if (usage.cached === 0 || usage.reasoning === 0) continue;
      const ids = { sessionId: session, userId: `user of ${session}`, customerId: `customer of ${session}` };
      const order: OrderedCall = { call: call === 'broken' ? 'stream' : call, url: this.models[SERVER_OF[call]].url, headers, model: MODEL, prompt: PROMPT, ...ids, ...changes };
      return { order, usage, firstPartMs: firstPartMs(key) };
    }
    throw new Error(`The script caches nothing for ${session}.`);
  }

  /** The tokens that embedding the prompt takes, as the model server counts them. */
  async embeddingTokens(): Promise<number> {
    const answer = await this.#post('embeddings', {}, { model: EMBEDDING_MODEL, input: PROMPT });
    return (answer as { usage: { prompt_tokens: number } }).usage.prompt_tokens;
  }

  /** All spans of a conversation, by operation: spans that start one in another may do so in the same millisecond. */
  async storedOf(session: string): Promise<StoredSpan[]> {
    const spans = await new TraceReader(this.stores.clickhouse).spansOf('acme', [session]);
    const charged = new Set(spans.filter(({ is_charged }) => is_charged === 1).map(({ span_id }) => span_id));
    const rows = await this.stores.clickhouse.rows<StoredSpan>({
      query: `SELECT * EXCEPT (trace_id, span_id, parent_span_id, started_at, ended_at) FROM v_spans
              WHERE organization_id = 'acme' AND span_id_hex IN {ids: Array(String)} ORDER BY operation, cost_usd NULLS FIRST`,
      query_params: { ids: spans.map(({ span_id }) => span_id) },
    });
    return rows.map((row) => ({ ...row, isCharged: charged.has(row.span_id_hex) }));
  }

  async #askRaw(headers: Record<string, string>): Promise<RawUsage> {
    const answer = await this.#post('chat/completions', headers, { model: MODEL, messages: [{ role: 'user', content: PROMPT }] });
    const { usage } = answer as {
      usage: { prompt_tokens: number; completion_tokens: number; prompt_tokens_details: { cached_tokens: number }; completion_tokens_details: { reasoning_tokens: number } };
    };
    return {
      prompt: usage.prompt_tokens,
      cached: usage.prompt_tokens_details.cached_tokens,
      completion: usage.completion_tokens,
      reasoning: usage.completion_tokens_details.reasoning_tokens,
    };
  }

  async #post(path: string, headers: Record<string, string>, body: object): Promise<unknown> {
    const response = await fetch(`${this.models.prompt.url}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return response.json();
  }
}

function firstPartMs(key: ScriptedKey): number {
  const profile = modelProfile(MODEL);
  if (!profile) throw new Error(`${MODEL} is not scripted`);
  const script = scriptChat({ seed: SEED, faults: NO_FAULTS, key, attempt: 0, model: MODEL, profile, promptVersion: '', input: PROMPT, stream: true });
  if (script.kind !== 'answer') throw new Error('The script answers with an error.');
  return script.firstChunkMs * SLOW_SCALE;
}
