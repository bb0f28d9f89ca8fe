import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PluginTransformResultArgs } from 'kysely';
import { ApiKeys, createLogger, httpAdapter, listen, ManualClock, PlatformModule, ProblemFilter, type Scope } from '#platform';
import { OtlpIntake } from '#traces';
import { ApiModule } from '../../apps/api/src/api.module.js';
import { registerHttpReceiver } from '../../apps/ingest/src/http-receiver.js';
import { OtlpReceiver } from '../../apps/ingest/src/receive.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const clock = new ManualClock('2026-11-02T12:00:00Z');
const admin = ApiKeys.newSecret();
const rival = ApiKeys.newSecret();

let stores: TestStores;
let intake: OtlpIntake;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  stores = await openTestStores({ STRIPE_API_URL: 'http://127.0.0.1:1' });
  const { config, clickhouse, postgres } = stores;
  const logger = createLogger('silent', 'test');
  intake = await OtlpIntake.open({ config, clickhouse, postgres, clock, logger });
  const root = { module: class Root {}, imports: [PlatformModule.with({ config, stores, clock, logger }), ApiModule] };
  app = await NestFactory.create<NestFastifyApplication>(root, httpAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  const keys = app.get(ApiKeys);
  await registerHttpReceiver(app.getHttpAdapter().getInstance(), new OtlpReceiver({ intake, keys, clock, config, logger }));
  url = await listen(app, '127.0.0.1', 0);
  await keys.ensure('acme', 'first', admin, ['admin']);
  await keys.ensure('rival', 'first', rival, ['admin']);
});
afterAll(async () => {
  await app.close();
  await intake.close();
  await stores.close();
});

async function ask(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, { method, redirect: 'manual', headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...sent });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown> };
}
const call = (method: string, path: string, key: string, body?: unknown) => ask(method, path, { authorization: `Bearer ${key}` }, body);
const create = async (name: string, scopes: Scope[], by = admin) => (await call('POST', '/api/v1/keys', by, { name, scopes })).body as { id: string; secret: string };
const listed = async (by = admin) => (await call('GET', '/api/v1/keys', by)).body['keys'] as { id: string; name: string; revokedAt: string | null }[];

/** One request for each scope. What comes after the guard is another matter: only whether it lets through. */
const NEEDS: Record<Scope, (key: string) => ReturnType<typeof call>> = {
  ingest: (key) => call('POST', '/v1/traces', key, { resourceSpans: [] }),
  read: (key) => call('GET', '/api/v1/contracts', key),
  operate: (key) => call('POST', '/api/v1/contracts', key, {}),
  admin: (key) => call('GET', '/api/v1/keys', key),
};
const mayDo = async (key: string) => {
  const allowed: string[] = [];
  for (const [scope, request] of Object.entries(NEEDS)) if (![401, 403].includes((await request(key)).status)) allowed.push(scope);
  return allowed;
};

describe('keys over HTTP', () => {
  it('are made for a purpose, may do that and no more, and are shown once', async () => {
    const answer = await call('POST', '/api/v1/keys', admin, { name: ' my-agent ', scopes: ['read', 'ingest', 'read'] });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({ id: expect.stringMatching(/^key_/), name: 'my-agent', scopes: ['ingest', 'read'], secret: expect.stringMatching(/^astk_[0-9a-f]{64}$/) });
    const { id, secret } = answer.body as { id: string; secret: string };
    expect(await mayDo(secret)).toEqual(['ingest', 'read']);
    expect(await mayDo(admin)).toEqual(['ingest', 'read', 'operate', 'admin']);
    const list = await call('GET', '/api/v1/keys', admin);
    expect(list.body['keys']).toContainEqual({ id, name: 'my-agent', scopes: ['ingest', 'read'], createdAt: '2026-11-02T12:00:00.000Z', revokedAt: null });
    expect(list.text).not.toMatch(/astk_|secret/i);
  });

  it.each<[string, unknown]>([
    ['no name', { scopes: ['read'] }],
    ['an empty name', { name: ' ', scopes: ['read'] }],
    ['no scope', { name: 'x', scopes: [] }],
    ['an unknown scope', { name: 'x', scopes: ['write'] }],
    ['another organization', { name: 'x', scopes: ['read'], organizationId: 'rival' }],
  ])('are refused with %s', async (_what, body) => {
    const before = await listed();
    expect(await call('POST', '/api/v1/keys', admin, body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(await listed()).toEqual(before);
  });

  it('are for admins alone', async () => {
    const { secret } = await create('everything but admin', ['ingest', 'read', 'operate']);
    const before = await listed();
    const path = `/api/v1/keys/${before[0]?.id ?? ''}`;
    for (const refused of [await call('POST', '/api/v1/keys', secret, { name: 'more', scopes: ['read'] }), await call('GET', '/api/v1/keys', secret), await call('DELETE', path, secret)]) {
      expect(refused).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    }
    expect(await listed()).toEqual(before);
  });

  it('stop working at once when they are revoked, and stay so', async () => {
    const { id, secret } = await create('short', ['read']);
    expect(await mayDo(secret)).toEqual(['read']);
    const revokedAt = clock.now().toISOString();
    expect(await call('DELETE', `/api/v1/keys/${id}`, admin)).toMatchObject({ status: 204, text: '' });
    expect(await NEEDS.read(secret)).toMatchObject({ status: 401, body: { code: 'unknown_api_key' } });
    clock.advance(60_000);
    expect((await call('DELETE', `/api/v1/keys/${id}`, admin)).status).toBe(204);
    expect((await listed()).find((key) => key.id === id)).toMatchObject({ name: 'short', revokedAt });
  });

  it('of another organization are not there', async () => {
    const { id, secret } = await create('acme reader', ['read']);
    expect((await listed(rival)).map(({ name }) => name)).toEqual(['first']);
    const [foreign, none] = [await call('DELETE', `/api/v1/keys/${id}`, rival), await call('DELETE', '/api/v1/keys/key_none', rival)];
    for (const refused of [foreign, none]) expect(refused).toMatchObject({ status: 404, body: { code: 'api_key_not_found' } });
    expect(await mayDo(secret)).toEqual(['read']);
    const theirs = await create('rival reader', ['admin'], rival);
    expect((await listed(theirs.secret)).map(({ name }) => name)).toEqual(['first', 'rival reader']);
  });

  it('are not brought back by a request that read them just before', async () => {
    const { id, secret } = await create('raced', ['read']);
    const wasRead = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    // Holds back the first answer of the database, which is the key as it was.
    let isFirst = true;
    const transformResult = async ({ result }: PluginTransformResultArgs) => {
      if (isFirst) {
        isFirst = false;
        wasRead.resolve();
        await goOn.promise;
      }
      return result;
    };
    const keys = new ApiKeys(stores.postgres.withPlugin({ transformQuery: ({ node }) => node, transformResult }), clock);
    const underWay = keys.authenticate(secret, 'read');
    await wasRead.promise;
    await keys.revoke('acme', id);
    goOn.resolve();
    expect(await underWay).toMatchObject({ keyId: id });
    await expect(keys.authenticate(secret, 'read')).rejects.toMatchObject({ code: 'unknown_api_key' });
  });
});

describe('where a key is taken from', () => {
  const WRITES: [string, string, unknown][] = [
    ['POST', '/api/v1/keys', { name: 'sneaked in', scopes: ['admin'] }],
    ['POST', '/api/v1/contracts', { source: 'contract: x' }],
    ['PUT', '/api/v1/rollouts/f', {}],
    ['GET', '/api/v1/contracts', undefined],
    ['POST', '/ofrep/v1/evaluate/flags/f', { context: { targetingKey: 'c' } }],
    ['POST', '/v1/traces', { resourceSpans: [] }],
  ];

  it.each(WRITES)('%s %s takes it from a header, not from the address or a cookie', async (method, path, body) => {
    const before = await listed();
    expect((await ask(method, `${path}?key=${admin}`, {}, body)).status).toBe(401);
    expect((await ask(method, path, { cookie: `astrolabe_key=${admin}` }, body)).status).toBe(401);
    expect(await listed()).toEqual(before);
    expect((await ask(method, path, { authorization: `Bearer ${admin}` }, body)).status).not.toBe(401);
    expect((await ask(method, path, { 'x-api-key': admin }, body)).status).not.toBe(401);
  });

  it('a page takes it from a link, keeps it in the cookie and takes it from there', async () => {
    const { secret } = await create('pages', ['read']);
    const opened = await ask('GET', `/runs?key=${secret}`, {});
    expect([opened.status, opened.headers.get('set-cookie')]).toEqual([200, `astrolabe_key=${secret}; Path=/; HttpOnly; SameSite=Lax`]);
    expect((await ask('GET', '/runs', { cookie: `other=1; astrolabe_key=${secret}` })).status).toBe(200);
    const withHeader = await ask('GET', '/runs', { authorization: `Bearer ${secret}` });
    expect([withHeader.status, withHeader.headers.get('set-cookie')]).toEqual([200, null]);
    expect((await ask('GET', '/runs', {})).status).toBe(303);
  });
});
