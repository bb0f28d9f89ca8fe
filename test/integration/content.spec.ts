import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, ManualClock, PlatformModule, ProblemFilter, createLogger, httpAdapter, listen } from '#platform';
import { ContentErasures, OtlpIntake } from '#traces';
import { ApiModule } from '../../apps/api/src/api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { attributesOf, protobufOf, requestOf, type OtlpSpan } from '../../libs/traces/src/testing/encode-request.js';
import { awaitMutations } from '../support/await-mutations.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const DAY_MS = 24 * 3_600_000;
const admin = ApiKeys.newSecret();
const reader = ApiKeys.newSecret();
const rival = ApiKeys.newSecret();
// `now()` of the store is not ours to turn: what its TTL deletes is old by the machine's clock.
const clock = new ManualClock(new Date());
const logger = createLogger('silent', 'test');

let stores: TestStores;
let intake: OtlpIntake;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  stores = await openTestStores({ STRIPE_API_URL: 'http://127.0.0.1:1' });
  const { config, clickhouse, postgres } = stores;
  intake = await OtlpIntake.open({ config, clickhouse, postgres, clock, logger });
  const root = { module: class Root {}, imports: [PlatformModule.with({ config, stores, clock, logger }), ApiModule] };
  app = await NestFactory.create<NestFastifyApplication>(root, httpAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  url = await listen(app, '127.0.0.1', 0);
  const keys = app.get(ApiKeys);
  await keys.ensure('acme', 'admin', admin, ['admin']);
  await keys.ensure('acme', 'reader', reader, ['read']);
  await keys.ensure('rival', 'admin', rival, ['admin']);
});
afterAll(async () => {
  await app.close();
  await intake.close();
  await stores.close();
});

async function ask(method: string, path: string, key: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Changes settings and lets the receiver's memory of them run out. */
async function set(key: string, settings: Record<string, unknown>): Promise<void> {
  expect((await ask('PATCH', 'telemetry/settings', key, settings)).status).toBe(200);
  clock.advance(11_000);
}

let spans = 0;
const traceId = (n: number) => n.toString(16).padStart(32, '0');
function said(trace: number, attributes: Record<string, string>, ageMs = 60_000): OtlpSpan {
  const start = BigInt(clock.now().getTime() - ageMs) * 1_000_000n;
  return { traceId: traceId(trace), spanId: (++spans).toString(16).padStart(16, '0'), name: 'chat', startTimeUnixNano: String(start), endTimeUnixNano: String(start + 1000n), attributes: attributesOf(attributes) };
}
async function send(organizationId: string, ...list: OtlpSpan[]): Promise<void> {
  await intake.accept('traces', await intake.senderOf(organizationId), protobufOf(requestOf(list)), 'protobuf');
  await intake.drain();
}
const bodiesOf = async (organizationId: string) => {
  const rows = await stores.clickhouse.rows<{ value: string }>({ query: 'SELECT value FROM span_contents WHERE organization_id = {organizationId: String} ORDER BY started_at, span_id, name', query_params: { organizationId } });
  return rows.map(({ value }) => value);
};
const contentsOf = async (conversation: string, key = reader) => ((await ask('GET', `conversations/${conversation}/contents`, key)).body['contents'] as { value: string }[]).map(({ value }) => value);
const cli = async (...argv: string[]) => {
  let out = '';
  const sink = { write: (text: string) => (out += text) };
  const code = await run([...argv, '--endpoint', url, '--key', admin], { stdout: sink, stderr: sink, env: {} });
  return { code, out };
};

describe('message bodies', () => {
  it('are not kept unless the organization says so, and then apart from the spans', async () => {
    const secret = 'my card is 4111-1111';
    await send('acme', said(1, { 'gen_ai.conversation.id': 'c-1', 'gen_ai.input.messages': secret }));
    expect(await bodiesOf('acme')).toEqual([]);
    await set(admin, { keepsContent: true });
    await send('acme', said(2, { 'gen_ai.conversation.id': 'c-1', 'gen_ai.input.messages': secret }));
    expect(await contentsOf('c-1')).toEqual([secret]);
    const [row] = await stores.clickhouse.rows<{ text: string }>({ query: "SELECT toString(groupArray(tuple(*))) AS text FROM spans WHERE organization_id = 'acme'", query_params: {} });
    expect(row?.text).not.toContain('4111');
  });

  it('are redacted and cut by rule before they are stored', async () => {
    await set(admin, { keepsContent: true, redactPatterns: ['\\b\\d{4}-\\d{4}\\b'], redactKeys: ['password'], contentBytesMax: 64 });
    await send('acme', said(3, { 'gen_ai.conversation.id': 'c-3', 'gen_ai.input.messages': `{"text":"card 4111-1111","Password":"hunter2"}`, 'gen_ai.output.messages': 'ä'.repeat(40) }));
    expect(await contentsOf('c-3')).toEqual(['{"text":"card [redacted]","Password":"[redacted]"}', 'ä'.repeat(32)]);
    const rows = await stores.clickhouse.rows({ query: 'SELECT redactions, bytes_cut FROM span_contents WHERE trace_id = unhex({trace: String}) ORDER BY name', query_params: { trace: traceId(3) } });
    expect(rows).toEqual([{ redactions: 2, bytes_cut: 0 }, { redactions: 0, bytes_cut: 16 }]);
    await set(admin, { redactPatterns: [], redactKeys: [], contentBytesMax: 16_384 });
  });

  it('of a conversation are erased, also those that are loaded later, and nothing else is', async () => {
    await set(rival, { keepsContent: true });
    const turn = (trace: number, conversation: string, text: string, ageMs?: number) => said(trace, { 'gen_ai.conversation.id': conversation, 'gen_ai.input.messages': text }, ageMs);
    await send('rival', turn(10, 'c-10', 'of a rival'));
    // The conversation's id stands on the root alone, and what was said on another span of the trace.
    await send('acme', said(10, { 'gen_ai.conversation.id': 'c-10' }), said(10, { 'gen_ai.input.messages': 'first' }), turn(11, 'c-10', 'second'), turn(12, 'c-12', 'another conversation'));
    const spansBefore = await ask('GET', 'usage', reader);
    const late = turn(13, 'c-10', 'said before, loaded after');

    expect((await ask('POST', 'telemetry/erasures', admin, { conversationId: 'c-10', dryRun: true })).body).toEqual({ id: null, bodies: 2 });
    expect(await contentsOf('c-10')).toEqual(['first', 'second']);
    expect((await ask('POST', 'telemetry/erasures', admin, { conversationId: 'c-10' })).body).toEqual({ id: expect.stringMatching(/^era_/), bodies: 2 });
    expect([await contentsOf('c-10'), await contentsOf('c-12'), await contentsOf('c-10', rival)]).toEqual([[], ['another conversation'], ['of a rival']]);
    expect(await ask('GET', 'usage', reader)).toEqual(spansBefore);

    await send('acme', late);
    expect(await contentsOf('c-10')).toEqual(['said before, loaded after']);
    clock.advance(60_000);
    await send('acme', turn(14, 'c-10', 'a new request of the same person', 0));
    expect(await app.get(ContentErasures).repeat('acme')).toBe(1);
    expect(await contentsOf('c-10')).toEqual(['a new request of the same person']);
    expect(await app.get(ContentErasures).repeat('acme')).toBe(0);
  });

  it('of an end user are erased in every conversation that names them', async () => {
    await send('acme', said(20, { 'gen_ai.conversation.id': 'c-20', 'user.id': 'u-1', 'gen_ai.input.messages': 'one' }), said(21, { 'gen_ai.conversation.id': 'c-20', 'gen_ai.input.messages': 'two, by the same person' }));
    await send('acme', said(22, { 'user.id': 'u-1', 'gen_ai.input.messages': 'three, in no conversation' }), said(23, { 'gen_ai.conversation.id': 'c-23', 'user.id': 'u-2', 'gen_ai.input.messages': 'somebody else' }));
    const dry = await cli('content', 'erase', '--end-user', 'u-1');
    expect(dry).toEqual({ code: 0, out: expect.stringContaining('3 message bodies would be deleted') });
    expect(await cli('content', 'erase', '--end-user', 'u-1', '--yes')).toEqual({ code: 0, out: expect.stringContaining('3 message bodies were deleted (era_') });
    expect([await contentsOf('c-20'), await contentsOf('c-23')]).toEqual([[], ['somebody else']]);
    expect((await bodiesOf('acme')).filter((body) => body.startsWith('three'))).toEqual([]);
    expect((await cli('content', 'erasures')).out).toContain('end user u-1');
  });

  it('are for admins of the organization to set and to erase', async () => {
    for (const [method, path, body] of [['PATCH', 'telemetry/settings', { keepsContent: false }], ['POST', 'telemetry/erasures', { conversationId: 'c-12' }]] as const) {
      expect((await ask(method, path, reader, body)).status).toBe(403);
    }
    expect((await ask('POST', 'telemetry/erasures', rival, { conversationId: 'c-12' })).body).toMatchObject({ bodies: 0 });
    expect(await contentsOf('c-12')).toEqual(['another conversation']);
    expect((await ask('GET', 'telemetry/erasures', rival)).body).toEqual({ erasures: [expect.objectContaining({ conversationId: 'c-12' })] });
  });

  it.each([
    [{ redactPatterns: ['(unclosed'] }, 'invalid_redaction_pattern', '(unclosed'],
    [{ contentBytesMax: 0 }, 'invalid_input', 'contentBytesMax'],
    [{ keepContent: true }, 'invalid_input', 'keepContent'],
  ])('refuses the settings %j', async (settings, code, words) => {
    const before = (await ask('GET', 'telemetry/settings', reader)).body;
    expect(await ask('PATCH', 'telemetry/settings', admin, settings)).toMatchObject({ status: 400, body: { code, detail: expect.stringContaining(words) } });
    expect((await ask('GET', 'telemetry/settings', reader)).body).toEqual(before);
  });

  it('refuses an erasure of nobody and of two at once', async () => {
    for (const body of [{}, { conversationId: 'c', endUserId: 'u' }]) expect(await ask('POST', 'telemetry/erasures', admin, body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(await cli('content', 'erase')).toMatchObject({ code: 2 });
  });
});

describe('retention', () => {
  it('deletes what is older than the organization keeps it, bodies before spans, and nobody else\'s', async () => {
    const agesDays = [1, 20, 50];
    for (const [organizationId, key] of [['acme', admin], ['rival', rival]] as const) {
      await set(key, { keepsContent: true, contentRetentionDays: 0 });
      for (const age of agesDays) await send(organizationId, said(100 + age, { 'gen_ai.conversation.id': 'c-old', 'gen_ai.input.messages': `${age} days` }, age * DAY_MS));
    }
    expect((await cli('content', 'settings', '--content-days', '10', '--span-days', '30')).out).toContain('bodies are deleted after 10 days, spans after 30 days');
    clock.advance(11_000);
    // What comes later follows the same rule, and what is too old already is told to the sender.
    await send('acme', said(200, { 'gen_ai.conversation.id': 'c-old', 'gen_ai.input.messages': '15 days' }, 15 * DAY_MS));
    const tooOld = await intake.accept('traces', await intake.senderOf('acme'), protobufOf(requestOf([said(201, {}, 31 * DAY_MS)])), 'protobuf');
    expect(tooOld).toMatchObject({ accepted: 0, rejected: 1, rejection: expect.stringContaining('the oldest that is taken') });

    const agesOf = async (table: string, organizationId: string) => {
      const query = `SELECT DISTINCT intDiv(dateDiff('hour', started_at, now()) + 12, 24) AS days FROM ${table} WHERE organization_id = {organizationId: String} AND trace_id IN (SELECT trace_id FROM conversations WHERE conversation_id = 'c-old') ORDER BY days`;
      const rows = await stores.clickhouse.rows<{ days: string }>({ query, query_params: { organizationId } });
      return rows.map(({ days }) => Number(days));
    };
    for (const table of ['spans', 'span_contents'] as const) {
      await awaitMutations(stores.clickhouse, table);
      await stores.clickhouse.run({ query: `OPTIMIZE TABLE ${table} FINAL`, query_params: {} });
    }
    expect(await agesOf('spans', 'acme')).toEqual([1, 15, 20]);
    expect(await agesOf('span_contents', 'acme')).toEqual([1]);
    expect([await agesOf('spans', 'rival'), await agesOf('span_contents', 'rival')]).toEqual([agesDays, agesDays]);
  });
});
