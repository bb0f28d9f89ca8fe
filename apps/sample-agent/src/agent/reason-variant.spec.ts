import { afterEach, describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { DEFAULT_VARIANT, VariantSource } from './reason-variant.js';

const app = { close: async (): Promise<void> => undefined };
afterEach(() => app.close());

/** An OFREP service that gives one answer and remembers what it was asked. */
async function flagService(status: number, answer: object): Promise<{ url: string; asked: { path: string; auth: unknown; body: unknown }[] }> {
  const asked: { path: string; auth: unknown; body: unknown }[] = [];
  const server = fastify({ forceCloseConnections: true });
  server.post('/ofrep/v1/evaluate/flags/:key', (request, reply) => {
    asked.push({ path: request.url, auth: request.headers.authorization, body: request.body });
    return reply.code(status).send(answer);
  });
  app.close = async () => server.close();
  return { url: await server.listen({ port: 0, host: '127.0.0.1' }), asked };
}

const context = { conversationId: 'c-1', customerId: 'northwind-travel', locale: 'de-DE', channel: 'chat' };
const key = 'northwind-concierge.reason';

describe('VariantSource', () => {
  it('asks for the conversation and takes the variant it is given', async () => {
    const value = { model: 'gpt-4.1-mini', promptVersion: 'reason-v2' };
    const { url, asked } = await flagService(200, { key, reason: 'SPLIT', variant: 'candidate', value });
    const source = await VariantSource.connect({ url, key: 'secret' });
    expect(await source.choose(context)).toEqual({ flagKey: key, name: 'candidate', value });
    expect(asked).toEqual([
      {
        path: `/ofrep/v1/evaluate/flags/${key}`,
        auth: 'Bearer secret',
        body: { context: { targetingKey: 'c-1', customerId: 'northwind-travel', locale: 'de-DE', channel: 'chat' } },
      },
    ]);
  });

  it.each([
    ['an unknown flag', 404, { key, errorCode: 'FLAG_NOT_FOUND' }],
    ['a refusal', 401, {}],
    ['a value of another shape', 200, { key, reason: 'STATIC', variant: 'odd', value: { model: 4 } }],
  ])('uses the default, and claims no variant, after %s', async (_case, status, answer) => {
    const { url } = await flagService(status, answer);
    const source = await VariantSource.connect({ url });
    expect(await source.choose(context)).toEqual({ flagKey: key, value: DEFAULT_VARIANT });
  });

  it('uses the default when nobody answers or nobody is asked', async () => {
    const { url } = await flagService(200, {});
    await app.close();
    const unreachable = await VariantSource.connect({ url });
    expect(await unreachable.choose(context)).toEqual({ flagKey: key, value: DEFAULT_VARIANT });
    const unconfigured = await VariantSource.connect();
    expect(await unconfigured.choose(context)).toEqual({ flagKey: key, value: DEFAULT_VARIANT });
  });
});
