import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { gunzipSync } from 'node:zlib';
import { planConversations } from '../customers/plan-conversations.js';
import { startModelServer, type ModelServer } from '../model-server/model-server.js';
import { playConversations, type PlayOptions, type PlayProgress } from './play-conversations.js';

const PLAN = planConversations({ seed: 11, count: 4 });
const TURNS = PLAN.reduce((sum, { moves }) => sum + moves.length, 0);

let models: ModelServer;
let receiver: FastifyInstance;
let received: { headers: Record<string, unknown>; body: Buffer }[];
let held: Map<string, number>;
/** A path that is answered with an error, and with which. */
let broken: { prefix: string; status: number } | undefined;
let options: PlayOptions;

/** As much of Astrolabe as a sender sees: traces in, and how many turns of a conversation are held. */
beforeEach(async () => {
  models = await startModelServer({ seed: 11, latencyScale: 0.002 });
  received = [];
  held = new Map();
  broken = undefined;
  receiver = fastify({ forceCloseConnections: true });
  receiver.addHook('onRequest', async (request, reply) => {
    if (broken !== undefined && request.url.startsWith(broken.prefix)) await reply.code(broken.status).send({});
  });
  receiver.addContentTypeParser('application/x-protobuf', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  receiver.post('/v1/traces', (request, reply) => {
    received.push({ headers: request.headers, body: gunzipSync(request.body as Buffer) });
    return reply.type('application/x-protobuf').send(Buffer.alloc(0));
  });
  receiver.get<{ Params: { id: string } }>('/api/v1/conversations/:id', (request, reply) => {
    const turns = held.get(request.params.id);
    return turns === undefined ? reply.code(404).send({}) : { turns };
  });
  const url = await receiver.listen({ port: 0, host: '127.0.0.1' });
  options = { seed: 11, conversations: 4, concurrency: 4, modelUrl: models.url, server: { url, key: 'secret' } };
});
afterEach(async () => {
  await receiver.close();
  await models.close();
});

describe('playConversations', () => {
  it('plays the plan and sends it as gzipped protobuf with the key', async () => {
    const lines: PlayProgress[] = [];
    const report = await playConversations({ ...options, onProgress: (progress) => lines.push(progress) });
    expect(report).toMatchObject({ done: 4, total: 4, conversations: 4, turns: TURNS, skipped: 0 });
    expect(report.modelCalls).toBeGreaterThanOrEqual(TURNS * 10);
    expect(report.spansExported).toBeGreaterThan(report.modelCalls + TURNS);
    expect(lines.map(({ done }) => done)).toEqual([1, 2, 3, 4]);
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      authorization: 'Bearer secret',
    });
    // ExportTraceServiceRequest: field 1, resource_spans, length-delimited.
    expect(received.every(({ body }) => body[0] === 0x0a)).toBe(true);
    for (const { id } of PLAN) expect(received.some(({ body }) => body.includes(id))).toBe(true);
  });

  it('skips what is held in full and plays what is held in part', async () => {
    const [first, second] = PLAN;
    held.set(first?.id ?? '', first?.moves.length ?? 0);
    held.set(second?.id ?? '', (second?.moves.length ?? 0) - 1);
    const report = await playConversations(options);
    expect(report).toMatchObject({ done: 4, conversations: 3, skipped: 1, turns: TURNS - (first?.moves.length ?? 0) });
    expect(received.some(({ body }) => body.includes(first?.id ?? 'none'))).toBe(false);
  });

  it('fails when the spans do not arrive', async () => {
    broken = { prefix: '/v1/traces', status: 401 };
    await expect(playConversations(options)).rejects.toMatchObject({ kind: 'unavailable', code: 'spans_not_exported' });
  });

  it('fails when the server cannot say what it holds', async () => {
    broken = { prefix: '/api/', status: 500 };
    await expect(playConversations(options)).rejects.toMatchObject({ kind: 'unavailable', code: 'held_turns_unknown' });
  });
});
