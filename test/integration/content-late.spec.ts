import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULT_TELEMETRY_SETTINGS } from '../../libs/traces/src/content/content-policy.js';
import { RedactionTime } from '../../libs/traces/src/content/redaction-time.js';
import { SenderStore } from '../../libs/traces/src/sender-store.js';
import { attributesOf, protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';
import { ManualClock, createLogger } from '#platform';
import { ContentErasures, OtlpIntake, TelemetrySettingsService } from '#traces';
import { awaitMutations } from '../support/await-mutations.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

/* What comes after an erasure was asked for, or after settings were changed, and should have been there before. */

const DAY_MS = 24 * 3_600_000;
const clock = new ManualClock(new Date());

let stores: TestStores;
let intake: OtlpIntake;
let erasures: ContentErasures;
let settings: TelemetrySettingsService;
let organizationId = '';
let count = 0;

beforeAll(async () => {
  stores = await openTestStores();
  intake = await OtlpIntake.open({ ...stores, clock, logger: createLogger('silent', 'test') });
  erasures = new ContentErasures(stores.postgres, stores.clickhouse, clock);
  settings = new TelemetrySettingsService(stores.postgres, stores.clickhouse, clock);
});
afterAll(async () => {
  await intake.close();
  await stores.close();
});
beforeEach(async () => {
  organizationId = `org-${(count += 1)}`;
  await stores.postgres.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt: clock.now() }).execute();
  await settings.write(organizationId, { ...DEFAULT_TELEMETRY_SETTINGS, keepsContent: true, contentRetentionDays: 0 });
});

async function send(trace: number, attributes: Record<string, string>, startedAt = clock.now()): Promise<void> {
  const start = BigInt(startedAt.getTime()) * 1_000_000n;
  const traceId = trace.toString(16).padStart(32, '0');
  const span = { traceId, spanId: (count += 1).toString(16).padStart(16, '0'), name: 'chat', startTimeUnixNano: String(start), endTimeUnixNano: String(start + 1000n), attributes: attributesOf(attributes) };
  await intake.accept('traces', await intake.senderOf(organizationId), protobufOf(requestOf([span])), 'protobuf');
  await intake.drain();
}
const said = (body: string, conversation?: string, user?: string) => ({ 'gen_ai.input.messages': body, ...(conversation && { 'gen_ai.conversation.id': conversation }), ...(user && { 'user.id': user }) });
const bodies = async () => {
  const rows = await stores.clickhouse.rows<{ value: string }>({ query: 'SELECT value FROM span_contents WHERE organization_id = {organizationId: String} ORDER BY value', query_params: { organizationId } });
  return rows.map(({ value }) => value);
};
const setErasedThrough = (erasedThrough: Date | null) => stores.postgres.updateTable('contentErasures').set({ erasedThrough }).where('organizationId', '=', organizationId).execute();

describe('an erasure', () => {
  it('has no last day: a sender that was away for long changes nothing', async () => {
    await erasures.erase(organizationId, { conversationId: 'c' }, 'key');
    await erasures.erase(organizationId, { endUserId: 'u' }, 'key');
    const before = clock.now();
    clock.advance(400 * DAY_MS);
    await send(1, said('of the conversation', 'c'), before);
    await send(2, said('of the user', 'd', 'u'), before);
    await send(3, said('later', 'c', 'u'));
    expect(await erasures.repeat(organizationId)).toBe(2);
    expect(await bodies()).toEqual(['later']);
    clock.advance(-400 * DAY_MS);
  });

  it('takes what came before it was asked for, also when the sender\'s clock is ahead', async () => {
    await send(1, said('from the future', 'c'), new Date(clock.now().getTime() + 60_000));
    expect(await erasures.erase(organizationId, { conversationId: 'c' }, 'key')).toMatchObject({ bodies: 1 });
    expect(await bodies()).toEqual([]);
  });

  it('finds what comes late without a name, by what named it before or after', async () => {
    await send(1, { 'gen_ai.conversation.id': 'c', 'user.id': 'u' });
    await erasures.erase(organizationId, { conversationId: 'c' }, 'key');
    await erasures.erase(organizationId, { endUserId: 'u' }, 'key');
    await erasures.erase(organizationId, { endUserId: 'v' }, 'key');
    const before = clock.now();
    clock.advance(60_000);
    await send(1, said('in a trace that is known'), before);
    await send(2, said('in another of the conversation', 'c'), before);
    await send(3, said('of nobody yet'), before);
    expect(await erasures.repeat(organizationId)).toBe(2);
    expect(await bodies()).toEqual(['of nobody yet']);
    await send(3, { 'gen_ai.conversation.id': 'd' }, before);
    await send(4, { 'gen_ai.conversation.id': 'd', 'user.id': 'v' }, before);
    expect(await erasures.repeat(organizationId)).toBe(1);
    expect(await bodies()).toEqual([]);
  });

  it('takes bodies that are loaded long after their spans', async () => {
    await send(1, said('loaded late', 'c', 'u'));
    const params = { organizationId };
    await stores.clickhouse.run({ query: 'CREATE TABLE kept_aside AS span_contents', query_params: {} });
    await stores.clickhouse.run({ query: 'INSERT INTO kept_aside SELECT * FROM span_contents WHERE organization_id = {organizationId: String}', query_params: params });
    for (const table of ['span_contents', 'trace_changes', 'content_changes']) {
      await stores.clickhouse.run({ query: `ALTER TABLE ${table} DELETE WHERE organization_id = {organizationId: String} SETTINGS mutations_sync = 2`, query_params: params });
    }
    expect(await erasures.erase(organizationId, { endUserId: 'u' }, 'key')).toMatchObject({ bodies: 0 });
    await stores.clickhouse.run({ query: 'INSERT INTO span_contents SELECT * FROM kept_aside', query_params: {} });
    expect(await bodies()).toEqual(['loaded late']);
    expect(await erasures.repeat(organizationId)).toBe(1);
    expect(await bodies()).toEqual([]);
  });

  it('looks at what changed alone, and at everything where that is not known', async () => {
    await erasures.erase(organizationId, { conversationId: 'c' }, 'key');
    await erasures.erase(organizationId, { endUserId: 'u' }, 'key');
    await send(1, said('late', 'c', 'u'));
    // As if both had been carried out long after the load.
    await setErasedThrough(new Date(Date.now() + 3_600_000));
    const rows = jest.spyOn(stores.clickhouse, 'rows');
    expect(await erasures.repeat(organizationId)).toBe(0);
    // The store's time, the conversations and the end users of which something was loaded: however many erasures there are.
    expect(rows).toHaveBeenCalledTimes(3);
    rows.mockRestore();
    for (const unknown of [null, new Date(Date.now() - 31 * DAY_MS)]) {
      await send(2, said('late too', 'c'));
      await stores.clickhouse.run({ query: 'ALTER TABLE content_changes DELETE WHERE organization_id = {organizationId: String} SETTINGS mutations_sync = 2', query_params: { organizationId } });
      await setErasedThrough(unknown);
      expect(await erasures.repeat(organizationId)).toBeGreaterThan(0);
      expect(await bodies()).toEqual([]);
    }
    const [row] = await stores.postgres.selectFrom('contentErasures').select('erasedThrough').where('organizationId', '=', organizationId).execute();
    expect(Math.abs((row?.erasedThrough?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });
});

it('an organization\'s patterns are compiled again when they changed, and not every ten seconds', async () => {
  const senders = new SenderStore(stores.postgres, clock);
  const read = async () => {
    clock.advance(11_000);
    return (await senders.get(organizationId)).contentPolicy;
  };
  const first = await read();
  expect(await read()).toBe(first);
  await settings.write(organizationId, { ...DEFAULT_TELEMETRY_SETTINGS, keepsContent: true, redactPatterns: ['secret'] });
  expect((await read()).apply('body', 'a secret', new RedactionTime()).value).toBe('a [redacted]');
});

describe('a changed retention', () => {
  const days = async (table: 'spans' | 'span_contents') => {
    const rows = await stores.clickhouse.rows<{ retention_days: number }>({ query: `SELECT retention_days FROM ${table} WHERE organization_id = {organizationId: String} ORDER BY started_at, retention_days`, query_params: { organizationId } });
    return rows.map((row) => row.retention_days);
  };
  const allWritten = async () => {
    for (const table of ['spans', 'span_contents'] as const) await awaitMutations(stores.clickhouse, table);
  };
  const mutations = async () => (await stores.clickhouse.rows<{ n: string }>({ query: 'SELECT count() AS n FROM system.mutations WHERE database = currentDatabase()', query_params: {} }))[0]?.n;

  it('holds for what was stored before, and for what a receiver took in by the earlier settings', async () => {
    await send(1, said('before'));
    await settings.write(organizationId, { ...DEFAULT_TELEMETRY_SETTINGS, keepsContent: true, contentRetentionDays: 7, spanRetentionDays: 90 });
    // The receiver has not noticed.
    await send(2, said('meanwhile'), new Date(clock.now().getTime() + 1));
    expect([(await days('spans'))[1], (await days('span_contents'))[1]]).toEqual([0, 0]);
    await allWritten();
    await settings.applyRetention(organizationId);
    await allWritten();
    expect([await days('spans'), await days('span_contents')]).toEqual([[90, 90], [7, 7]]);
  });

  it('is written in the background, and not asked for again until it is', async () => {
    await send(1, said('before'));
    await stores.postgres.updateTable('telemetrySettings').set({ spanRetentionDays: 90, contentRetentionDays: 90 }).where('organizationId', '=', organizationId).execute();
    // What was asked for before is none of it.
    await allWritten();
    const before = Number(await mutations());
    // Mutations rest with the merges.
    await stores.clickhouse.run({ query: 'SYSTEM STOP MERGES spans', query_params: {} });
    try {
      await settings.applyRetention(organizationId);
      await settings.applyRetention(organizationId);
      // One of each table.
      expect(Number(await mutations())).toBe(before + 2);
      expect(await days('spans')).toEqual([0]);
    } finally {
      await stores.clickhouse.run({ query: 'SYSTEM START MERGES spans', query_params: {} });
    }
    await awaitMutations(stores.clickhouse, 'spans');
    expect(await days('spans')).toEqual([90]);
  });

  it('changes no part of a table when every row follows it', async () => {
    await send(1, said('before'));
    await settings.applyRetention(organizationId);
    const before = await mutations();
    await settings.applyRetention(organizationId);
    expect(await mutations()).toBe(before);
  });
});
