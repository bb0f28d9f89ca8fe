import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { ErrorCode, OpenFeature, type Client } from '@openfeature/server-sdk';
import { ApiKeys, createLogger, listen, ManualClock, PlatformModule, ProblemFilter } from '#platform';
import { bucketOf, FLAG_SET_TTL_MS } from '#rollouts';
import { RolloutsApiModule } from '../../apps/api/src/rollouts/rollouts-api.module.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const reasonModel = {
  flag: 'reason-model',
  agent: 'support',
  task: 'reason',
  base: { name: 'sonnet', value: { model: 'claude-sonnet-4-5', params: { temperature: 0.2 } } },
  candidate: { name: 'mini', value: { model: 'gpt-4.1-mini', params: { temperature: 0 } } },
  exposure: '50%',
  enabled: true,
};
const fallback = { model: 'in the code' };

describe('rollouts over HTTP', () => {
  let stores: TestStores;
  let app: NestFastifyApplication;
  let url: string;
  const clock = new ManualClock('2026-11-01T00:00:00Z');
  const agentKey = ApiKeys.newSecret();
  const operatorKey = ApiKeys.newSecret();
  const readerKey = ApiKeys.newSecret();
  const strangerKey = ApiKeys.newSecret();

  beforeAll(async () => {
    stores = await openTestStores();
    const logger = createLogger('silent', 'test');
    const keys = new ApiKeys(stores.postgres, clock);
    await keys.ensure('acme', 'agent', agentKey, ['ingest']);
    await keys.ensure('acme', 'operator', operatorKey, ['operate', 'read']);
    await keys.ensure('acme', 'reader', readerKey, ['read']);
    await keys.ensure('globex', 'admin', strangerKey, ['admin']);

    const platform = PlatformModule.with({ config: stores.config, stores, clock, logger });
    app = await NestFactory.create<NestFastifyApplication>(
      { module: class TestApp {}, imports: [platform, RolloutsApiModule] },
      new FastifyAdapter(),
      { logger: false },
    );
    app.useGlobalFilters(new ProblemFilter(logger));
    url = await listen(app, '127.0.0.1', 0);
  });
  afterAll(async () => {
    await OpenFeature.close();
    await app.close();
    await stores.close();
  });

  const call = async (method: string, path: string, key?: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(key && { authorization: `Bearer ${key}` }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, type: response.headers.get('content-type'), etag: response.headers.get('etag'), body: text === '' ? undefined : JSON.parse(text) };
  };
  const put = (rollout: { flag: string; exposure: string }) => call('PUT', `/api/v1/rollouts/${rollout.flag}`, operatorKey, rollout);
  const evaluate = (key: string | undefined, flag: string, body: unknown, headers?: Record<string, string>) =>
    call('POST', `/ofrep/v1/evaluate/flags/${flag}`, key, body, headers);
  const evaluateAll = (key: string | undefined, body: unknown, headers?: Record<string, string>) => call('POST', '/ofrep/v1/evaluate/flags', key, body, headers);
  const conversation = (targetingKey: string) => ({ context: { targetingKey } });

  describe('REST', () => {
    it('creates, changes, leaves alone, and gives back what it was given', async () => {
      const created = await put(reasonModel);
      expect(created).toMatchObject({ status: 201, body: { kind: 'created', rollout: reasonModel, updatedAt: '2026-11-01T00:00:00.000Z' } });
      const changed = await put({ ...reasonModel, exposure: '25%' });
      expect(changed).toMatchObject({ status: 200, body: { kind: 'changed', rollout: { exposure: '25%' }, salt: created.body.salt } });
      expect((await put(reasonModel)).body).toMatchObject({ kind: 'changed', salt: created.body.salt });
      expect((await put(reasonModel)).body).toMatchObject({ kind: 'unchanged', salt: created.body.salt });

      const shown = await call('GET', '/api/v1/rollouts/reason-model', readerKey);
      expect(shown).toMatchObject({ status: 200, body: { rollout: reasonModel, salt: created.body.salt } });
      expect((await call('GET', '/api/v1/rollouts', readerKey)).body).toEqual({ rollouts: [shown.body] });
    });

    it('refuses with a problem that says why', async () => {
      expect(await call('PUT', '/api/v1/rollouts/other', operatorKey, reasonModel)).toMatchObject({ status: 400, body: { code: 'flag_key_mismatch' } });
      expect(await call('PUT', '/api/v1/rollouts/reason-model', operatorKey, { ...reasonModel, exposure: 25 })).toMatchObject({
        status: 400,
        type: expect.stringContaining('application/problem+json'),
        body: { code: 'invalid_input', detail: expect.stringContaining('exposure: must say its unit') },
      });
      expect(await call('PUT', '/api/v1/rollouts/reason-model', operatorKey, '{')).toMatchObject({ status: 400, type: expect.stringContaining('application/problem+json') });
      expect(await call('PUT', '/api/v1/rollouts/reason-model', readerKey, reasonModel)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
      expect(await call('GET', '/api/v1/rollouts', agentKey)).toMatchObject({ status: 403 });
      expect(await call('GET', '/api/v1/rollouts/nothing', readerKey)).toMatchObject({ status: 404, body: { code: 'rollout_not_found' } });
    });

    it('shows nothing of another organization', async () => {
      expect((await call('GET', '/api/v1/rollouts', strangerKey)).body).toEqual({ rollouts: [] });
      expect(await call('GET', '/api/v1/rollouts/reason-model', strangerKey)).toMatchObject({ status: 404 });
    });
  });

  describe('OFREP on the wire', () => {
    it('answers 200 with the shape of the protocol, by Bearer and by X-API-Key', async () => {
      const answer = await evaluate(agentKey, 'reason-model', conversation('c-1'));
      expect(answer).toMatchObject({ status: 200, type: expect.stringMatching(/^application\/json/) });
      const { salt } = (await call('GET', '/api/v1/rollouts/reason-model', readerKey)).body;
      const expected = bucketOf({ flagKey: 'reason-model', salt, targetingKey: 'c-1' }) < 5000 ? reasonModel.candidate : reasonModel.base;
      expect(answer.body).toEqual({
        key: 'reason-model',
        value: expected.value,
        variant: expected.name,
        reason: 'SPLIT',
        metadata: { agent: 'support', task: 'reason', exposureBp: 5000 },
      });
      expect(await evaluate(undefined, 'reason-model', conversation('c-1'), { 'x-api-key': agentKey })).toMatchObject({ status: 200, body: answer.body });
    });

    it.each([
      ['no JSON', '{"context":', 400, 'PARSE_ERROR'],
      ['an empty body', '', 400, 'PARSE_ERROR'],
      ['a body that is no object', '[]', 400, 'PARSE_ERROR'],
      ['a context that is no object', { context: 'c' }, 400, 'INVALID_CONTEXT'],
      ['a targeting key that is no text', { context: { targetingKey: 1 } }, 400, 'INVALID_CONTEXT'],
      ['no targeting key', { context: { plan: 'gold' } }, 400, 'TARGETING_KEY_MISSING'],
      ['no context', {}, 400, 'TARGETING_KEY_MISSING'],
    ])('refuses %s, for one flag and for all', async (_what, body, status, errorCode) => {
      const type = expect.stringMatching(/^application\/json/);
      expect(await evaluate(agentKey, 'reason-model', body)).toMatchObject({ status, type, body: { key: 'reason-model', errorCode, errorDetails: expect.any(String) } });
      const bulk = await evaluateAll(agentKey, body);
      expect(bulk).toMatchObject({ status, type, body: { errorCode, errorDetails: expect.any(String) } });
      expect(bulk.body).not.toHaveProperty('key');
    });

    it('refuses a body of another type or beyond the limit as one that it cannot read', async () => {
      expect(await evaluate(agentKey, 'reason-model', 'a=b', { 'content-type': 'text/csv' })).toMatchObject({ status: 400, body: { errorCode: 'PARSE_ERROR' } });
      const large = { context: { targetingKey: 'c', padding: 'x'.repeat(1024 * 1024) } };
      expect(await evaluate(agentKey, 'reason-model', large)).toMatchObject({ status: 400, body: { key: 'reason-model', errorCode: 'PARSE_ERROR' } });
    });

    it('answers 404, 401 and 403', async () => {
      expect(await evaluate(agentKey, 'no-such-flag', conversation('c'))).toMatchObject({ status: 404, body: { key: 'no-such-flag', errorCode: 'FLAG_NOT_FOUND' } });
      expect(await evaluate(ApiKeys.newSecret(), 'reason-model', conversation('c'))).toMatchObject({ status: 401, type: expect.stringMatching(/^application\/json/) });
      expect(await evaluate(undefined, 'reason-model', conversation('c'))).toMatchObject({ status: 401, body: { errorDetails: expect.stringContaining('API key') } });
      expect(await evaluate(readerKey, 'reason-model', conversation('c'))).toMatchObject({ status: 403, body: { errorDetails: expect.stringContaining('"ingest"') } });
    });

    it('never shows a flag to another organization', async () => {
      expect(await evaluate(strangerKey, 'reason-model', conversation('c'))).toMatchObject({ status: 404, body: { errorCode: 'FLAG_NOT_FOUND' } });
      expect((await evaluateAll(strangerKey, conversation('c'))).body).toEqual({ flags: [], metadata: { flagSetId: 'globex' } });
    });

    it('answers 304 to the ETag of the same context and flags, and to no other', async () => {
      const first = await evaluateAll(agentKey, conversation('c-1'));
      expect(first).toMatchObject({ status: 200, body: { flags: [{ key: 'reason-model', reason: 'SPLIT' }], metadata: { flagSetId: 'acme' } } });
      const etag = first.etag ?? '';
      expect(etag).toMatch(/^"[0-9a-f]{64}"$/);

      expect(await evaluateAll(agentKey, conversation('c-1'), { 'if-none-match': etag })).toMatchObject({ status: 304, etag, body: undefined });
      expect(await evaluateAll(agentKey, conversation('c-1'), { 'if-none-match': `"other", W/${etag}` })).toMatchObject({ status: 304 });
      expect(await evaluateAll(agentKey, conversation('c-2'), { 'if-none-match': etag })).toMatchObject({ status: 200 });
      expect(await evaluateAll(strangerKey, conversation('c-1'), { 'if-none-match': etag })).toMatchObject({ status: 200 });

      await put({ ...reasonModel, exposure: '51%' });
      expect(await evaluateAll(agentKey, conversation('c-1'), { 'if-none-match': etag })).toMatchObject({ status: 200 });
      await put(reasonModel);
      expect(await evaluateAll(agentKey, conversation('c-1'), { 'if-none-match': etag })).toMatchObject({ status: 304 });
    });

    it('answers 500 with nothing but errorDetails when the store fails', async () => {
      await stores.postgres.schema.alterTable('variants').renameTo('variants_away').execute();
      try {
        clock.advance(FLAG_SET_TTL_MS);
        const answer = await evaluate(agentKey, 'reason-model', conversation('c'));
        expect(answer).toMatchObject({ status: 500, type: expect.stringMatching(/^application\/json/) });
        expect(answer.body).toEqual({ errorDetails: expect.not.stringContaining('variants') });
      } finally {
        await stores.postgres.schema.alterTable('variants_away').renameTo('variants').execute();
      }
      expect(await evaluate(agentKey, 'reason-model', conversation('c'))).toMatchObject({ status: 200 });
    });
  });

  describe('an OpenFeature client', () => {
    const clientOf = async (domain: string, key: string, baseUrl = url): Promise<Client> => {
      await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl, headers: { authorization: `Bearer ${key}` } }));
      return OpenFeature.getClient(domain);
    };

    it('splits conversations between two object values, each staying where it is', async () => {
      const client = await clientOf('split', agentKey);
      const { salt } = (await call('GET', '/api/v1/rollouts/reason-model', readerKey)).body;
      const seen = new Set<string | undefined>();
      for (let index = 0; index < 40; index += 1) {
        const targetingKey = `conversation-${index}`;
        const expected = bucketOf({ flagKey: 'reason-model', salt, targetingKey }) < 5000 ? reasonModel.candidate : reasonModel.base;
        const details = await client.getObjectDetails('reason-model', fallback, { targetingKey });
        expect(details).toMatchObject({ value: expected.value, variant: expected.name, reason: 'SPLIT', flagMetadata: { agent: 'support', exposureBp: 5000 } });
        expect(details.errorCode).toBeUndefined();
        expect(await client.getObjectValue('reason-model', fallback, { targetingKey, attempt: index })).toEqual(expected.value);
        seen.add(details.variant);
      }
      // 40 fair draws miss one side once in 2^39.
      expect(seen).toEqual(new Set(['sonnet', 'mini']));
    });

    it('reads texts, numbers and booleans, at the ends of the exposure and when disabled', async () => {
      const client = await clientOf('types', agentKey);
      const flag = (name: string, base: unknown, candidate: unknown, rest: object) =>
        put({ ...reasonModel, flag: name, base: { name: 'a', value: base }, candidate: { name: 'b', value: candidate }, ...rest } as typeof reasonModel);
      await flag('text', 'old', 'new', { exposure: '100%' });
      await flag('number', 1, 2.5, { exposure: '0%' });
      await flag('switch', false, true, { exposure: '100%', enabled: false });
      const context = { targetingKey: 'c' };
      expect(await client.getStringDetails('text', 'code', context)).toMatchObject({ value: 'new', variant: 'b', reason: 'STATIC' });
      expect(await client.getNumberDetails('number', 7, context)).toMatchObject({ value: 1, variant: 'a', reason: 'STATIC' });
      expect(await client.getBooleanDetails('switch', true, context)).toMatchObject({ value: false, variant: 'a', reason: 'DISABLED' });
      expect(await client.getStringDetails('number', 'code', context)).toMatchObject({ value: 'code', errorCode: ErrorCode.TYPE_MISMATCH });
    });

    it('falls back to the default of the code with the right error', async () => {
      const client = await clientOf('errors', agentKey);
      const context = { targetingKey: 'c' };
      expect(await client.getObjectDetails('reason-model', fallback)).toMatchObject({ value: fallback, reason: 'ERROR', errorCode: ErrorCode.TARGETING_KEY_MISSING });
      expect(await client.getObjectDetails('no-such-flag', fallback, context)).toMatchObject({ value: fallback, reason: 'ERROR', errorCode: ErrorCode.FLAG_NOT_FOUND });

      const stranger = await clientOf('stranger', strangerKey);
      expect(await stranger.getObjectDetails('reason-model', fallback, context)).toMatchObject({ value: fallback, errorCode: ErrorCode.FLAG_NOT_FOUND });
      const unknown = await clientOf('unknown', ApiKeys.newSecret());
      expect(await unknown.getObjectDetails('reason-model', fallback, context)).toMatchObject({ value: fallback, reason: 'ERROR', errorCode: ErrorCode.GENERAL });
    });

    it('falls back when the server is gone, and comes back with it', async () => {
      // A second server on the same stores, so that this one can go.
      const platform = PlatformModule.with({ config: stores.config, stores, clock, logger: createLogger('silent', 'test') });
      const start = async (port: number) => {
        const other = await NestFactory.create<NestFastifyApplication>({ module: class Other {}, imports: [platform, RolloutsApiModule] }, new FastifyAdapter(), { logger: false });
        return { other, address: await listen(other, '127.0.0.1', port) };
      };
      const first = await start(0);
      const client = await clientOf('gone', agentKey, first.address);
      const ask = () => client.getObjectDetails('reason-model', fallback, { targetingKey: 'c-1' });
      const before = await ask();
      expect(before).toMatchObject({ reason: 'SPLIT' });
      await first.other.close();
      expect(await ask()).toMatchObject({ value: fallback, reason: 'ERROR', errorCode: ErrorCode.GENERAL });
      const second = await start(Number(new URL(first.address).port));
      expect(await ask()).toEqual(before);
      await second.other.close();
    });
  });
});
