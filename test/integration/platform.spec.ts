import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys, JobLeases, ManualClock, openStores } from '#platform';
import { openTestStores, type TestStores } from '../support/test-stores.js';

describe('stores', () => {
  let stores: TestStores;
  const clock = new ManualClock('2026-11-01T00:00:00Z');

  beforeAll(async () => {
    stores = await openTestStores();
  });
  afterAll(() => stores.close());

  it('answers from both, with exact integers and decimals', async () => {
    const rows = await stores.clickhouse.rows<{ i: string; d: string }>({ query: "SELECT 9007199254740993::UInt64 AS i, '0.000000000001'::Decimal(18, 12) AS d", query_params: {} });
    expect(rows).toEqual([{ i: '9007199254740993', d: '0.000000000001' }]);
  });

  it('refuses a second owner of the data directory and says what to do', async () => {
    await expect(openStores(stores.config)).rejects.toMatchObject({ code: 'data_directory_in_use', message: expect.stringContaining('DATA_DIR') });
  });

  it('gives a lease to one holder until it ends or runs out', async () => {
    const first = new JobLeases(stores.postgres, clock);
    const second = new JobLeases(stores.postgres, clock);
    const seen = await first.withLease('decide', 1000, async () => (await second.withLease('decide', 1000, async () => 'ran')).kind);
    expect(seen).toEqual({ kind: 'done', result: 'held_elsewhere' });
    await first.withLease('decide', 1000, async () => {
      clock.advance(1001);
      expect(await second.withLease('decide', 1000, async () => 'ran')).toEqual({ kind: 'done', result: 'ran' });
    });
    expect(await second.withLease('decide', 1000, async () => 'again')).toEqual({ kind: 'done', result: 'again' });
  });

  it('knows a key by its hash, with its scopes and organization', async () => {
    const keys = new ApiKeys(stores.postgres, clock);
    const secret = ApiKeys.newSecret();
    await keys.ensure('acme', 'reader', secret, ['read']);
    await keys.ensure('acme', 'reader', secret, ['read']);
    expect(await keys.authenticate(secret, 'read')).toMatchObject({ organizationId: 'acme', scopes: ['read'] });
    await expect(keys.authenticate(secret, 'ingest')).rejects.toMatchObject({ kind: 'forbidden', code: 'scope_missing' });
    await expect(keys.authenticate(ApiKeys.newSecret(), 'read')).rejects.toMatchObject({ kind: 'unauthenticated', code: 'unknown_api_key' });
    await expect(keys.authenticate(undefined, 'read')).rejects.toMatchObject({ code: 'missing_api_key' });
    const stored = await stores.postgres.selectFrom('apiKeys').selectAll().execute();
    expect(stored).toHaveLength(1);
    expect(JSON.stringify(stored, (_k, v) => (typeof v === 'bigint' ? String(v) : v))).not.toContain(secret.slice(5));
  });

  it('refuses to change what is append-only', async () => {
    await expect(stores.postgres.insertInto('organizations').values({ id: 'x', name: 'x', createdAt: new Date() }).execute()).resolves.toBeDefined();
    await stores.postgres.insertInto('rolloutEvents').values({ organizationId: 'x', flagKey: 'f', kind: 'k', detail: '{}', happenedAt: new Date() }).execute();
    await expect(stores.postgres.updateTable('rolloutEvents').set({ kind: 'other' }).execute()).rejects.toThrow('rollout_events is append-only: UPDATE refused');
    await expect(stores.postgres.deleteFrom('rolloutEvents').execute()).rejects.toThrow('append-only: DELETE refused');
  });
});
