import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, type Postgres } from '#platform';
import { bucketOf, FlagService, FLAG_SET_TTL_MS, readRollout, RolloutStore } from '#rollouts';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const fields = {
  flag: 'reason-model',
  agent: 'support',
  task: 'reason',
  base: { name: 'sonnet', value: { model: 'sonnet', nested: { camelCase: 1, snake_case: [true, null] } } },
  candidate: { name: 'mini', value: { model: 'mini' } },
  exposure: '25%',
};

describe('rollouts in PostgreSQL', () => {
  let stores: TestStores;
  let db: Postgres;
  const clock = new ManualClock('2026-11-01T00:00:00Z');

  beforeAll(async () => {
    stores = await openTestStores();
    db = stores.postgres;
    for (const id of ['acme', 'globex', 'race', 'cache']) await db.insertInto('organizations').values({ id, name: id, createdAt: clock.now() }).execute();
  });
  afterAll(() => stores.close());

  const eventsOf = (organizationId: string) =>
    db.selectFrom('rolloutEvents').select(['kind', 'detail', 'happenedAt']).where('organizationId', '=', organizationId).orderBy('sequence').execute();

  it('keeps its salt over every change and every new store, and records each change once', async () => {
    const store = new RolloutStore(db, clock);
    const created = await store.put('acme', readRollout(fields), 'key_1');
    expect(created).toMatchObject({ kind: 'created', rollout: { ...readRollout(fields), updatedAt: new Date('2026-11-01T00:00:00Z') } });
    expect(created.rollout.salt).toMatch(/^salt_[0-9a-f]{32}$/);

    clock.advance(60_000);
    expect(await store.put('acme', readRollout(fields), 'key_2')).toEqual({ kind: 'unchanged', rollout: created.rollout });

    const wider = { ...fields, exposure: '50%', candidate: { name: 'nano', value: { model: 'nano' } } };
    const restarted = new RolloutStore(db, clock);
    const changed = await restarted.put('acme', readRollout(wider), 'key_3');
    expect(changed).toEqual({
      kind: 'changed',
      rollout: { ...readRollout(wider), salt: created.rollout.salt, updatedAt: new Date('2026-11-01T00:01:00Z') },
    });
    expect(await restarted.get('acme', 'reason-model')).toEqual(changed.rollout);

    const written = { ...fields, enabled: true };
    expect(await eventsOf('acme')).toEqual([
      { kind: 'created', detail: { to: written, changedBy: 'key_1' }, happenedAt: new Date('2026-11-01T00:00:00Z') },
      { kind: 'changed', detail: { from: written, to: { ...wider, enabled: true }, changedBy: 'key_3' }, happenedAt: new Date('2026-11-01T00:01:00Z') },
    ]);
  });

  it('shows an organization only its own, each with a salt of its own', async () => {
    const store = new RolloutStore(db, clock);
    await expect(store.get('globex', 'reason-model')).rejects.toMatchObject({ kind: 'not_found', code: 'rollout_not_found' });
    expect(await store.list('globex')).toEqual([]);
    const { rollout } = await store.put('globex', readRollout(fields), 'key_9');
    expect(rollout.salt).not.toBe((await store.get('acme', 'reason-model')).salt);
    await store.put('globex', readRollout({ ...fields, flag: 'a-flag' }), 'key_9');
    expect((await store.list('globex')).map((each) => each.flagKey)).toEqual(['a-flag', 'reason-model']);
    expect((await store.list('acme')).map((each) => each.exposureBp)).toEqual([5000]);
  });

  it('comes out whole when many put at the same time', async () => {
    const stores = Array.from({ length: 8 }, () => new RolloutStore(db, clock));
    const definitionOf = (index: number) => readRollout({ ...fields, candidate: { name: `c${index % 4}`, value: { index: index % 4 } } });
    const results = await Promise.all(stores.map((store, index) => store.put('race', definitionOf(index), 'key')));
    expect(results.filter((result) => result.kind === 'created')).toHaveLength(1);
    expect(new Set(results.map((result) => result.rollout.salt)).size).toBe(1);
    const events = await eventsOf('race');
    expect(events).toHaveLength(results.filter((result) => result.kind !== 'unchanged').length);
    // Each change starts from what the one before it left.
    const details = events.map((event) => event.detail as { from?: unknown; to: unknown });
    expect(details.slice(1).map((detail) => detail.from)).toEqual(details.slice(0, -1).map((detail) => detail.to));
    const left = await new RolloutStore(db, clock).get('race', 'reason-model');
    expect(left.candidate.name).toBe(`c${(left.candidate.value as { index: number }).index}`);
  });

  it('answers from memory for a second, from the store after it, and at once after a put of its own', async () => {
    const store = new RolloutStore(db, clock);
    const flags = new FlagService(store, clock);
    const exposureSeen = async () => (await flags.evaluate('cache', 'reason-model', { targetingKey: 'c' })).flagMetadata['exposureBp'];
    await expect(exposureSeen()).rejects.toMatchObject({ code: 'flag_not_found' });
    await flags.put('cache', readRollout(fields), 'key');
    expect(await exposureSeen()).toBe(2500);

    await store.put('cache', readRollout({ ...fields, exposure: '50%' }), 'key');
    clock.advance(FLAG_SET_TTL_MS - 1);
    expect(await exposureSeen()).toBe(2500);
    clock.advance(1);
    expect(await exposureSeen()).toBe(5000);
    await flags.put('cache', readRollout({ ...fields, exposure: '75%' }), 'key');
    expect(await exposureSeen()).toBe(7500);
  });

  it('keeps every conversation of the candidate when exposure is widened', async () => {
    const store = new RolloutStore(db, clock);
    const flags = new FlagService(store, clock);
    const conversations = Array.from({ length: 500 }, (_, index) => `conversation-${index}`);
    const exposed = async (exposure: string) => {
      await flags.put('cache', readRollout({ ...fields, flag: 'widened', exposure }), 'key');
      const seen = await Promise.all(conversations.map(async (id) => ({ id, ...(await flags.evaluate('cache', 'widened', { targetingKey: id })) })));
      return seen.filter((each) => each.variant === 'mini').map((each) => each.id);
    };
    const narrow = await exposed('10%');
    const wide = await exposed('60%');
    const { salt } = await store.get('cache', 'widened');
    expect(narrow).toEqual(conversations.filter((targetingKey) => bucketOf({ flagKey: 'widened', salt, targetingKey }) < 1000));
    expect(wide).toEqual(expect.arrayContaining(narrow));
    expect(wide.length).toBeGreaterThan(narrow.length);
  });
});
