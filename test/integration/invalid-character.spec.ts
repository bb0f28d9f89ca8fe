import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, createLogger, httpAdapter, ManualClock, PlatformModule, ProblemFilter } from '#platform';
import { ApiModule } from '../../apps/api/src/api.module.js';
import { invalidCharacter } from '../../libs/platform/src/postgres/invalid-character.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

class TestModule {}

describe('a NUL character, which PostgreSQL cannot store', () => {
  const secret = ApiKeys.newSecret();
  let stores: TestStores;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    stores = await openTestStores();
    const clock = new ManualClock('2026-11-10T12:00:00Z');
    const logger = createLogger('silent', 'test');
    app = await NestFactory.create<NestFastifyApplication>(
      { module: TestModule, imports: [PlatformModule.with({ config: stores.config, stores, clock, logger }), ApiModule] },
      httpAdapter(),
      { logger: false },
    );
    app.useGlobalFilters(new ProblemFilter(logger));
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    await app.get(ApiKeys).ensure('acme', 'reader', secret, ['read']);
  });
  afterAll(async () => {
    await app.close();
    await stores.close();
  });

  it.each(['/api/v1/runs/%00', '/api/v1/margin?customer=%00'])("is the caller's error in %s", async (url) => {
    const response = await app.inject({ url, headers: { authorization: `Bearer ${secret}` } });
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.json()).toMatchObject({ status: 400, code: 'invalid_character', detail: expect.stringContaining('%00') });
    expect(response.statusCode).toBe(400);
  });

  it('is one in jsonb too', async () => {
    const insert = stores.postgres
      .insertInto('rolloutEvents')
      .values({ organizationId: 'acme', flagKey: 'f', kind: 'k', detail: JSON.stringify({ note: '\0' }), happenedAt: new Date() })
      .execute();
    const error: unknown = await insert.catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: '22P05' });
    expect(invalidCharacter(error)).toMatchObject({ kind: 'invalid', code: 'invalid_character' });
    expect(invalidCharacter(new Error('22P05'))).toBeUndefined();
  });
});
