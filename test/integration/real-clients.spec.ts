import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CATALOGUE_VERSION } from '#pricing';
import { ClientBench, EMBEDDING_MODEL, MODEL, SAID, type PlannedCall, type RawUsage, type StoredSpan } from './clients/client-bench.js';
import type { Destination, SeenCall } from './clients/client-program.js';

/*
 * What real client libraries send, followed to the store. Each library runs in a program of its own (clients/*.mjs) and talks to the scripted
 * model server; what it should have reported is read from that server's raw answer, and what it costs is worked out here from the list price.
 * Where a library leaves something out, the test says so: an update that mends it fails here, and is then to be welcomed.
 */


type Exporter = Pick<Destination, 'protocol' | 'compression'>;

const HTTP_EXPORTERS: Exporter[] = [
  { protocol: 'http/protobuf', compression: 'none' },
  { protocol: 'http/protobuf', compression: 'gzip' },
  { protocol: 'http/json', compression: 'none' },
  { protocol: 'http/json', compression: 'gzip' },
];
const GRPC_EXPORTERS: Exporter[] = [
  { protocol: 'grpc', compression: 'none' },
  { protocol: 'grpc', compression: 'gzip' },
];
const CONTENT_TYPES: Record<Exporter['protocol'], string> = { 'http/protobuf': 'application/x-protobuf', 'http/json': 'application/json', grpc: 'application/grpc' };

const ANSWERED_BY = `${MODEL}-2025-04-16`;

// OpenAI's list prices in pico-USD per token. o4-mini: 1.10 USD per million tokens of input, 0.275 cached, 4.40 of output, reasoning included.
const PRICE = { input: 1_100_000, cached: 275_000, output: 4_400_000 };
// text-embedding-3-small: 0.02 USD per million tokens.
const EMBEDDING_PRICE = 20_000;

/** The columns of a call of MODEL whose usage is known. */
function priced({ prompt, cached, completion, reasoning }: RawUsage) {
  return {
    charge: 'leaf',
    tokens_input: String(prompt - cached),
    tokens_cache_read: String(cached),
    tokens_cache_write: '0',
    tokens_output: String(completion - reasoning),
    tokens_reasoning: String(reasoning),
    tokens_audio_input: '0',
    tokens_audio_output: '0',
    token_rule: 'inclusive',
    cost_usd: usdOf((prompt - cached) * PRICE.input + cached * PRICE.cached + completion * PRICE.output),
    cost_source: 'catalogue',
    cost_unknown_reason: '',
    price_version: `${CATALOGUE_VERSION}/openai/${MODEL}`,
  };
}

/** The columns of a model call that says nothing of its usage: not known, which is not zero. */
const UNKNOWN = {
  charge: 'leaf',
  tokens_input: null,
  tokens_cache_read: null,
  tokens_cache_write: null,
  tokens_output: null,
  tokens_reasoning: null,
  tokens_audio_input: null,
  tokens_audio_output: null,
  token_rule: '',
  cost_usd: null,
  cost_source: '',
  cost_unknown_reason: 'no_usage',
  price_version: '',
};

function usdOf(picoUsd: number): string {
  const digits = String(picoUsd).padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '');
}

const ownersOf = (session: string) => ({ conversation_id: session, end_user_id: `user of ${session}`, customer_id: `customer of ${session}` });
const NOBODY = { conversation_id: '', end_user_id: '', customer_id: '' };

function only(rows: StoredSpan[], operation: string): StoredSpan {
  const found = rows.filter((row) => row.operation === operation);
  expect(found).toHaveLength(1);
  return found[0] as StoredSpan;
}

/** Between the script's delay and what the program saw: a wrong unit, or another moment, is outside. */
function expectFirstToken(row: StoredSpan, seen: SeenCall | undefined, { firstPartMs }: PlannedCall): void {
  const firstTokenMs = Number(row.first_token_ns ?? Number.NaN) / 1e6;
  // A timer may fire up to a millisecond early.
  expect(firstTokenMs).toBeGreaterThan(firstPartMs - 1);
  expect(firstTokenMs).toBeLessThan(seen?.firstPartMs ?? 0);
}

describe('real clients', () => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await ClientBench.open();
  });
  afterAll(() => bench.close());

  /** The spans of a session, of which no more than one may be charged, and none may hold what was said. */
  const storedOf = async (session: string): Promise<StoredSpan[]> => {
    const rows = await bench.storedOf(session);
    expect(rows.filter((row) => JSON.stringify(row).includes(SAID)).map(({ name }) => name)).toEqual([]);
    return rows;
  };
  const chargedOf = (rows: StoredSpan[]) => rows.filter(({ isCharged }) => isCharged).map(({ operation, cost_usd }) => ({ operation, cost_usd }));

  /** Runs a program once with one call for each name. Names are kept apart by the program's, since all write to one store. */
  const runAll = async (program: string, calls: Record<string, Parameters<ClientBench['plan']>[1]>, by: Exporter, names?: 'ai.*' | 'gen_ai.*') => {
    const planned = new Map<string, PlannedCall>();
    for (const [name, call] of Object.entries(calls)) {
      const changes = call === 'embed' ? { model: EMBEDDING_MODEL } : name === 'enriched' ? { enrich: true } : {};
      planned.set(name, await bench.plan(`${program} ${names ?? ''} ${name}`, call, changes));
    }
    const seen = await bench.run(program, { calls: [...planned.values()].map(({ order }) => order), ...(names && { names }) }, by);
    return new Map([...planned].map(([name, plan], index) => [name, { plan, session: plan.order.sessionId, seen: seen[index] as SeenCall }] as const));
  };
  type Ran = Awaited<ReturnType<typeof runAll>>;
  const get = (ran: Ran, name: string) => {
    const found = ran.get(name);
    if (!found) throw new Error(`no call ${name} was made`);
    return found;
  };

  describe('spans written by hand with the OpenTelemetry SDK', () => {
    it.each([...HTTP_EXPORTERS, ...GRPC_EXPORTERS])('arrive over $protocol with compression "$compression"', async (exporter) => {
      const session = `manual ${exporter.protocol} ${exporter.compression}`;
      const plan = await bench.plan(session, 'stream');
      const [seen] = await bench.run('manual-spans', { calls: [plan.order] }, exporter);
      expect(seen?.text).toContain(SAID);
      if (exporter.protocol !== 'grpc') {
        // More than one request where the machine is so busy that the exporter's clock comes first.
        for (const request of bench.received) expect(request).toEqual({ type: CONTENT_TYPES[exporter.protocol], encoding: exporter.compression === 'gzip' ? 'gzip' : undefined });
      }

      const rows = await storedOf(session);
      expect(rows).toHaveLength(3);
      const call = only(rows, 'chat');
      expect(call).toMatchObject({ kind: 'client', provider: 'openai', request_model: MODEL, response_model: ANSWERED_BY, ...priced(plan.usage) });
      expectFirstToken(call, seen, plan);
      expect(chargedOf(rows)).toEqual([{ operation: 'chat', cost_usd: priced(plan.usage).cost_usd }]);
      expect(only(rows, 'invoke_agent')).toMatchObject({ charge: 'aggregate', agent: 'concierge', service: 'manual-spans', ...ownersOf(session) });
      expect(only(rows, 'execute_tool')).toMatchObject({ charge: 'none', tool: 'lookup_booking', tool_call_id: 'call-1', cost_usd: null, cost_unknown_reason: '' });
    });

    it('leave the cost of a stream that ends early unknown', async () => {
      const ran = await runAll('manual-spans', { abort: 'abort', broken: 'broken' }, { protocol: 'http/protobuf', compression: 'gzip' });
      expect(get(ran, 'broken').seen.error).toContain('terminated');
      for (const { session } of ran.values()) {
        const rows = await storedOf(session);
        expect(only(rows, 'chat')).toMatchObject(UNKNOWN);
        expect(chargedOf(rows)).toEqual([{ operation: 'chat', cost_usd: null }]);
      }
    });
  });

  describe('the Vercel AI SDK, by the GenAI conventions', () => {
    let ran: Ran;
    beforeAll(async () => {
      const calls = { generate: 'generate', stream: 'stream', abort: 'abort', broken: 'broken', embed: 'embed', enriched: 'generate' } as const;
      ran = await runAll('vercel-ai', calls, { protocol: 'http/json', compression: 'none' }, 'gen_ai.*');
    });

    it.each(['generate', 'stream'])('charges what %s used once, on the model call', async (name) => {
      const { plan, session, seen } = get(ran, name);
      expect(seen).toMatchObject({ text: expect.stringContaining(SAID) });
      const rows = await storedOf(session);
      expect(rows.map(({ operation, charge }) => [operation, charge])).toEqual([['agent_step', 'aggregate'], ['chat', 'leaf'], ['invoke_agent', 'aggregate']]);
      expect(only(rows, 'chat')).toMatchObject({ kind: 'client', provider: 'openai', request_model: MODEL, response_model: ANSWERED_BY, ...priced(plan.usage) });
      expect(chargedOf(rows)).toEqual([{ operation: 'chat', cost_usd: priced(plan.usage).cost_usd }]);
    });

    it('takes the ids from the runtime context, which stands on the spans around the model call', async () => {
      const { session } = get(ran, 'generate');
      const rows = await storedOf(session);
      expect(only(rows, 'invoke_agent')).toMatchObject({ agent: 'concierge', ...ownersOf(session) });
      expect(only(rows, 'agent_step')).toMatchObject(ownersOf(session));
      expect(only(rows, 'chat')).toMatchObject(NOBODY);
    });

    it('takes the ids from every span where enrichSpan puts them there', async () => {
      const { session } = get(ran, 'enriched');
      const rows = await storedOf(session);
      expect(rows).toHaveLength(3);
      for (const row of rows) expect(row).toMatchObject(ownersOf(session));
    });

    it('knows when the first token of a stream came, and of nothing else', async () => {
      const { plan, session, seen } = get(ran, 'stream');
      expectFirstToken(only(await storedOf(session), 'chat'), seen, plan);
      expect(only(await storedOf(get(ran, 'generate').session), 'chat').first_token_ns).toBeNull();
    });

    it.each([['abort', 'unset'], ['broken', 'error']])('leaves the cost of a stream unknown: %s', async (name, status) => {
      const { session, seen } = get(ran, name);
      expect(seen.text).not.toContain(SAID);
      const rows = await storedOf(session);
      expect(only(rows, 'chat')).toMatchObject({ status, request_model: MODEL, ...UNKNOWN });
      expect(chargedOf(rows)).toEqual([{ operation: 'chat', cost_usd: null }]);
    });

    it('prices an embedding once, though both of its spans call themselves the embedding', async () => {
      const rows = await storedOf(get(ran, 'embed').session);
      expect(rows.map(({ operation }) => operation)).toEqual(['embeddings', 'embeddings']);
      expect(rows.map(({ cost_usd }) => cost_usd)).toEqual([null, usdOf((await bench.embeddingTokens()) * EMBEDDING_PRICE)]);
    });
  });

  describe('the Vercel AI SDK, by its own older names', () => {
    let ran: Ran;
    beforeAll(async () => {
      const calls = { generate: 'generate', stream: 'stream', abort: 'abort', broken: 'broken', embed: 'embed' } as const;
      ran = await runAll('vercel-ai', calls, { protocol: 'http/json', compression: 'gzip' }, 'ai.*');
    });

    it.each([
      ['generate', 'ai.generateText', 'ai.generateText.doGenerate'],
      ['stream', 'ai.streamText', 'ai.streamText.doStream'],
    ])('charges what %s used once, on the model call', async (name, outer, inner) => {
      const { plan, session, seen } = get(ran, name);
      expect(seen).toMatchObject({ text: expect.stringContaining(SAID) });
      const rows = await storedOf(session);
      const shared = { agent: 'concierge', provider: 'openai.chat', request_model: MODEL, ...ownersOf(session) };
      expect(rows).toHaveLength(2);
      expect(only(rows, outer)).toMatchObject({ ...shared, ...priced(plan.usage), charge: 'aggregate' });
      expect(only(rows, inner)).toMatchObject({ ...shared, response_model: ANSWERED_BY, ...priced(plan.usage) });
      expect(chargedOf(rows)).toEqual([{ operation: inner, cost_usd: priced(plan.usage).cost_usd }]);
      if (name === 'stream') expectFirstToken(only(rows, inner), seen, plan);
      else expect(only(rows, inner).first_token_ns).toBeNull();
    });

    it.each([['abort', 'unset'], ['broken', 'error']])('leaves the cost of a stream unknown: %s', async (name, status) => {
      const { session, seen } = get(ran, name);
      expect(seen.text).not.toContain(SAID);
      const rows = await storedOf(session);
      expect(only(rows, 'ai.streamText.doStream')).toMatchObject({ status, request_model: MODEL, ...UNKNOWN });
      expect(chargedOf(rows)).toEqual([{ operation: 'ai.streamText.doStream', cost_usd: null }]);
    });

    it('charges an embedding once', async () => {
      const rows = await storedOf(get(ran, 'embed').session);
      expect(only(rows, 'ai.embed')).toMatchObject({ charge: 'aggregate' });
      const cost_usd = usdOf((await bench.embeddingTokens()) * EMBEDDING_PRICE);
      expect(only(rows, 'ai.embed.doEmbed')).toMatchObject({ provider: 'openai.embedding', token_rule: 'input_only', cost_usd, price_version: `${CATALOGUE_VERSION}/openai/${EMBEDDING_MODEL}` });
      expect(chargedOf(rows)).toEqual([{ operation: 'ai.embed.doEmbed', cost_usd }]);
    });
  });

  describe('the OpenAI client under OpenInference', () => {
    let ran: Ran;
    beforeAll(async () => {
      const calls = { generate: 'generate', 'by-hand': 'by-hand', stream: 'stream', abort: 'abort', broken: 'broken', embed: 'embed' } as const;
      ran = await runAll('openinference-openai', calls, { protocol: 'http/protobuf', compression: 'gzip' });
    });

    it('says everything of a call that is not streamed', async () => {
      const { plan, session } = get(ran, 'generate');
      const [row, ...others] = await storedOf(session);
      // It writes the model that answered over the one asked for; a server on loopback has no provider, so that the system names it.
      expect(row).toMatchObject({ operation: 'LLM', provider: 'openai', request_model: ANSWERED_BY, response_model: '', isCharged: true, ...priced(plan.usage), ...ownersOf(session) });
      expect(others).toEqual([]);
    });

    it('tells the model asked for from the one that answered, where the helpers of its core are used', async () => {
      const { plan, session } = get(ran, 'by-hand');
      const [row, ...others] = await storedOf(session);
      // The helpers have no word for reasoning tokens, which are part of the completion.
      expect(row).toMatchObject({ operation: 'LLM', provider: 'openai', request_model: MODEL, response_model: ANSWERED_BY, ...priced({ ...plan.usage, reasoning: 0 }), ...ownersOf(session) });
      expect(others).toEqual([]);
    });

    it.each(['stream', 'abort'])('says nothing of what a stream used, nor when its first token came: %s', async (name) => {
      const { session } = get(ran, name);
      const [row, ...others] = await storedOf(session);
      expect(row).toMatchObject({ operation: 'LLM', request_model: MODEL, first_token_ns: null, isCharged: true, ...UNKNOWN, ...ownersOf(session) });
      expect(others).toEqual([]);
    });

    it('never ends the span of a stream that breaks off', async () => {
      const { session, seen } = get(ran, 'broken');
      expect(seen).toMatchObject({ error: expect.stringContaining('terminated'), unhandled: expect.stringContaining('terminated') });
      // The program went on and exported: what it did afterwards is there.
      expect(await storedOf(get(ran, 'embed').session)).toHaveLength(1);
      expect(await storedOf(session)).toEqual([]);
    });

    it('says nothing of what an embedding used', async () => {
      const { session } = get(ran, 'embed');
      const [row, ...others] = await storedOf(session);
      expect(row).toMatchObject({ operation: 'EMBEDDING', provider: 'openai', request_model: EMBEDDING_MODEL, isCharged: true, ...UNKNOWN, ...ownersOf(session) });
      expect(others).toEqual([]);
    });
  });

  describe('the OpenAI client under OpenLLMetry', () => {
    let ran: Ran;
    beforeAll(async () => {
      const calls = { generate: 'generate', stream: 'stream', abort: 'abort', broken: 'broken', after: 'generate' } as const;
      ran = await runAll('openllmetry-openai', calls, { protocol: 'grpc', compression: 'gzip' });
    });

    it('says what a call used that is not streamed, without what of it was cached or reasoning', async () => {
      const { plan, session } = get(ran, 'generate');
      const rows = await storedOf(session);
      expect(rows).toHaveLength(2);
      const call = only(rows, 'chat');
      const models = { provider: 'openai', request_model: MODEL, response_model: ANSWERED_BY };
      expect(call).toMatchObject({ kind: 'client', agent: 'support', ...models, ...priced({ ...plan.usage, cached: 0, reasoning: 0 }), ...ownersOf(session) });
      expect(chargedOf(rows)).toEqual([{ operation: 'chat', cost_usd: call.cost_usd }]);
      expect(only(rows, 'workflow')).toMatchObject({ charge: 'aggregate', agent: 'support', tool: '', ...ownersOf(session) });
    });

    it('says nothing of what a stream used, even where the client asked for it', async () => {
      const { session, seen } = get(ran, 'stream');
      expect(seen.text).toContain(SAID);
      const rows = await storedOf(session);
      expect(only(rows, 'chat')).toMatchObject({ request_model: MODEL, response_model: ANSWERED_BY, first_token_ns: null, ...UNKNOWN, ...ownersOf(session) });
      expect(chargedOf(rows)).toEqual([{ operation: 'chat', cost_usd: null }]);
    });

    it('never ends the span of a stream that the client leaves, so that only the workflow arrives, at no known cost', async () => {
      const { session, seen } = get(ran, 'abort');
      expect(seen.text).not.toContain(SAID);
      const rows = await storedOf(session);
      expect(rows).toHaveLength(1);
      expect(only(rows, 'workflow')).toMatchObject({ ...UNKNOWN, charge: 'aggregate', isCharged: false, ...ownersOf(session) });
    });

    it('never ends any span around a stream that breaks off', async () => {
      const { session, seen } = get(ran, 'broken');
      expect(seen.error).toContain('terminated');
      expect(await storedOf(get(ran, 'after').session)).toHaveLength(2);
      expect(await storedOf(session)).toEqual([]);
    });
  });
});
