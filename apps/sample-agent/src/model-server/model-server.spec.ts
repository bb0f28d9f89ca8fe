import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { MODEL_IDS } from './model-profiles.js';
import { startModelServer, type ModelServer, type ModelServerOptions } from './model-server.js';
import { NO_FAULTS } from './script-call.js';
import { SCRIPTED_KEY_HEADER, formatScriptedKey } from './scripted-key.js';

let server: ModelServer | undefined;

async function connect(options: Partial<ModelServerOptions> = {}, maxRetries = 0): Promise<OpenAI> {
  server = await startModelServer({ seed: 5, latencyScale: 0.002, faults: NO_FAULTS, ...options });
  return new OpenAI({ baseURL: server.url, apiKey: 'x', maxRetries, logLevel: 'off' });
}

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const keyed = (task: string, ordinal: number): { headers: Record<string, string> } => ({
  headers: { [SCRIPTED_KEY_HEADER]: formatScriptedKey({ conversation: 'c-ü', turn: 1, task, ordinal }) },
});
const classify = (message: string) => ({
  model: 'gpt-4.1-nano',
  messages: [{ role: 'user' as const, content: JSON.stringify({ message, offerOpen: false }) }],
});
const phrase = {
  model: 'gpt-4.1-mini',
  messages: [{ role: 'user' as const, content: JSON.stringify({ situation: 'welcome', locale: 'en-GB', values: {} }) }],
};

function intentOf(answer: OpenAI.ChatCompletion): string {
  return (JSON.parse(answer.choices[0]?.message.content ?? '') as { intent: string }).intent;
}

describe('model server', () => {
  it('answers the same whatever else is in flight', async () => {
    const client = await connect();
    const call = (ordinal: number) => client.chat.completions.create(classify('I want a refund.'), keyed('classify-intent', ordinal));
    const ordinals = Array.from({ length: 40 }, (_, index) => index);
    const oneByOne: OpenAI.ChatCompletion[] = [];
    for (const ordinal of ordinals) oneByOne.push(await call(ordinal));
    const atOnce = await Promise.all(ordinals.toReversed().map(call));
    expect(atOnce.toReversed()).toEqual(oneByOne);
    // A classifier that is never wrong, or always, would not be scripted by its key.
    const intents = new Set(oneByOne.map(intentOf));
    expect(intents.size).toBeGreaterThan(1);
    expect(intents).toContain('refund');
  });

  it('reports cached and reasoning tokens as parts of the whole', async () => {
    const client = await connect();
    const input = {
      facts: { intent: 'complaint', locale: 'en-GB', bookingReference: null, booking: null, subscription: null, date: null },
      proposed: { decision: 'decline', arguments: {}, confidence: 1 },
    };
    const { usage, model } = await client.chat.completions.create(
      { model: 'o4-mini', messages: [{ role: 'user', content: JSON.stringify(input) }] },
      keyed('verify', 0),
    );
    expect(model).toBe('o4-mini-2025-04-16');
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    expect(usage?.completion_tokens).toBeGreaterThan(usage?.completion_tokens_details?.reasoning_tokens ?? Infinity);
    expect(usage?.prompt_tokens).toBeGreaterThanOrEqual(usage?.prompt_tokens_details?.cached_tokens ?? Infinity);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  });

  it('streams, with the usage in the last chunk only when it was asked for', async () => {
    const client = await connect();
    const read = async (includeUsage: boolean): Promise<{ text: string; usages: number }> => {
      const options = includeUsage ? { stream_options: { include_usage: true } } : {};
      const stream = await client.chat.completions.create({ ...phrase, stream: true, ...options }, keyed('phrase', 0));
      let text = '';
      let usages = 0;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (chunk.usage != null) usages += 1;
      }
      return { text, usages };
    };
    const text = 'Hello, this is Northwind Travel. How can I help?';
    expect(await read(true)).toEqual({ text, usages: 1 });
    expect(await read(false)).toEqual({ text, usages: 0 });
  });

  it('breaks a stream off before the usage', async () => {
    const client = await connect({ faults: { ...NO_FAULTS, abortedStream: 1 } });
    const body = { ...phrase, stream: true as const, stream_options: { include_usage: true } };
    const stream = await client.chat.completions.create(body, keyed('phrase', 0));
    let text = '';
    const reading = (async () => {
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        expect(chunk.usage ?? null).toBeNull();
      }
    })();
    await expect(reading).rejects.toThrow('terminated');
    expect(text.length).toBeGreaterThan(0);
    expect('Hello, this is Northwind Travel. How can I help?'.startsWith(text)).toBe(true);
  });

  it('rate-limits with Retry-After, and answers the retry by its own draw', async () => {
    const faults = { ...NO_FAULTS, rateLimit: 0.5 };
    const impatient = await connect({ faults });
    const call = (client: OpenAI, ordinal: number) => client.chat.completions.create(phrase, keyed('phrase', ordinal));
    const ordinals = Array.from({ length: 20 }, (_, index) => index);
    const first = await Promise.allSettled(ordinals.map((ordinal) => call(impatient, ordinal)));
    const refused = first.flatMap((result) => (result.status === 'rejected' ? [result.reason as InstanceType<typeof OpenAI.APIError>] : []));
    // Half of twenty, give or take: none or all has a chance of one in a million.
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(20);
    expect(refused.every((error) => error.status === 429 && error.headers?.get('retry-after') === '1')).toBe(true);
    const patient = new OpenAI({ baseURL: server?.url ?? '', apiKey: 'x', maxRetries: 12, logLevel: 'off' });
    await expect(Promise.all(ordinals.map((ordinal) => call(patient, ordinal)))).resolves.toHaveLength(20);
  });

  it('keeps failing a call that is in an outage', async () => {
    const client = await connect({ faults: { ...NO_FAULTS, outage: 1 } }, 2);
    await expect(client.chat.completions.create(phrase, keyed('phrase', 0))).rejects.toMatchObject({ status: 500 });
  });

  it('embeds texts that share words near one another, and lists its models', async () => {
    const client = await connect();
    const input = ['refund fares', 'refund fares', 'heavy suitcase'];
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input });
    const vector = (index: number): number[] => data[index]?.embedding ?? [];
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
    expect(dot(vector(0), vector(1))).toBeCloseTo(1, 5);
    expect(dot(vector(0), vector(2))).toBeLessThan(0.9);
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(MODEL_IDS);
  });

  it('says what is wrong with a request', async () => {
    const client = await connect();
    const ask = (changes: object) => client.chat.completions.create({ ...phrase, ...changes }, keyed('phrase', 0));
    await expect(ask({ model: 'gpt-99' })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(ask({ messages: [] })).rejects.toMatchObject({ status: 400 });
    await expect(ask({ messages: [{ role: 'user', content: 'no JSON' }] })).rejects.toMatchObject({ status: 400 });
  });
});
