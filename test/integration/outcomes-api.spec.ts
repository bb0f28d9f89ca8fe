import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, createLogger, listen, ManualClock, PlatformModule, ProblemFilter } from '#platform';
import { OutcomesApiModule } from '../../apps/api/src/outcomes/outcomes-api.module.js';
import { bookNothing, CONTRACT, handoff, refund, startOutcomesService, type OutcomesService } from './outcomes-service.js';

const clock = new ManualClock('2026-11-02T12:00:00Z');
const secrets = { operator: ApiKeys.newSecret(), reader: ApiKeys.newSecret(), sender: ApiKeys.newSecret(), stranger: ApiKeys.newSecret() };
const ACTIVATE = 'contracts/support/versions/1/activate';

let service: OutcomesService;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  service = await startOutcomesService(clock);
  const { stores } = service;
  const logger = createLogger('silent', 'test');
  class TestModule {}
  const platform = PlatformModule.with({ config: stores.config, stores, clock, logger });
  app = await NestFactory.create<NestFastifyApplication>({ module: TestModule, imports: [platform, OutcomesApiModule] }, new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  url = await listen(app, '127.0.0.1', 0);
  const keys = app.get(ApiKeys);
  await keys.ensure('acme', 'operator', secrets.operator, ['operate', 'read']);
  await keys.ensure('acme', 'reader', secrets.reader, ['read']);
  await keys.ensure('acme', 'sender', secrets.sender, ['ingest']);
  await keys.ensure('rival', 'all', secrets.stranger, ['admin']);
});
afterAll(async () => {
  await app.close();
  await service.close();
});

async function call(method: string, path: string, key: string, body?: unknown, type = 'application/json') {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${url}/api/v1/${path}`, { method, headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': type }) }, ...sent });
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: (await response.json()) as Record<string, unknown> };
}
const get = (path: string, key = secrets.reader) => call('GET', path, key);
const post = (path: string, body?: unknown, type?: string, key = secrets.operator) => call('POST', path, key, body, type);

describe('contracts over HTTP', () => {
  it('are stored as drafts, as JSON or as the file itself, and activated', async () => {
    const draft = { id: 'support', version: 1, customerId: 'acme', status: 'draft' };
    expect(await post('contracts', { source: CONTRACT })).toMatchObject({ status: 200, body: draft });
    for (const type of ['text/yaml', 'application/yaml; charset=utf-8', 'text/plain']) expect(await post('contracts', CONTRACT, type)).toMatchObject({ status: 200, body: draft });
    expect(await post(ACTIVATE)).toMatchObject({ status: 200, body: { id: 'support', version: 1, status: 'active' } });
    expect(await post(ACTIVATE)).toMatchObject({ status: 200 });
    expect((await get('contracts')).body).toEqual({
      contracts: [{ id: 'support', version: 1, customerId: 'acme', status: 'active', source: CONTRACT, createdAt: '2026-11-02T12:00:00.000Z', activatedAt: '2026-11-02T12:00:00.000Z' }],
    });
  });

  it('are refused with the line and what would be right', async () => {
    const wrong = await post('contracts', CONTRACT.replace('quiet_window: 1h', 'quiet_window: soon'), 'text/yaml');
    expect(wrong).toMatchObject({ status: 400, type: expect.stringMatching(/^application\/problem\+json/), body: { status: 400, code: 'invalid_contract' } });
    expect(wrong.body['detail']).toContain('contract:7:1: quiet_window must be a whole number and a unit, such as 30m, 72h or 3d');
    const named = await post('contracts', { source: 'contract: [', fileName: 'terms/acme.yaml' });
    expect(named.body['detail']).toContain('terms/acme.yaml:1:');
    for (const body of [{}, { source: '' }, '[]']) expect(await post('contracts', body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(await post('contracts', CONTRACT.replace('"1.80"', '"9.00"'), 'text/yaml')).toMatchObject({ status: 409, body: { code: 'contract_version_immutable' } });
    expect(await post('contracts/support/versions/2/activate')).toMatchObject({ status: 404, body: { code: 'contract_not_found' } });
    expect(await post('contracts/support/versions/first/activate')).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('are checked, shown and compared, and nothing of it is stored', async () => {
    const next = CONTRACT.replace('version: 1', 'version: 2').replace('"1.80"', '"2.40"');
    const read = (path: string, body?: unknown, type?: string) => call('POST', `contracts/${path}`, secrets.reader, body, type);
    expect(await read('check', next, 'text/yaml')).toMatchObject({ status: 200, body: { id: 'support', version: 2, customerId: 'acme', terms: { 'refunded: price': '2.40 USD' } } });
    const wrong = await read('check', { source: CONTRACT.replace('"1.80"', '"much"'), fileName: 'terms/acme.yaml' });
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_contract', detail: expect.stringMatching(/terms\/acme\.yaml:\d+:\d+: policies/) } });
    expect(await get('contracts/support/versions/1')).toMatchObject({ status: 200, body: { id: 'support', version: 1, status: 'active', source: CONTRACT, terms: { 'refunded: price': '1.80 USD' } } });
    const version = { id: 'support', version: 1 };
    expect(await read('diff', { before: version, after: { source: next } })).toEqual({
      ...{ status: 200, type: expect.anything() },
      body: { before: version, after: { id: 'support', version: 2 }, changes: [{ name: 'refunded: price', before: '1.80 USD', after: '2.40 USD' }] },
    });
    expect((await read('diff', { before: { source: CONTRACT }, after: version })).body).toMatchObject({ changes: [] });
    expect(await read('diff', { before: version, after: { id: 'support', version: 2 } })).toMatchObject({ status: 404, body: { code: 'contract_not_found' } });
    expect(await read('diff', { before: version, after: {} })).toMatchObject({ status: 400, body: { code: 'invalid_input', detail: expect.stringContaining('or a file such as') } });
    expect((await get('contracts')).body['contracts']).toHaveLength(1);
  });

  it('need the scope', async () => {
    for (const path of ['contracts/check', 'contracts/diff']) expect(await post(path, {}, undefined, secrets.sender)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    for (const key of [secrets.reader, secrets.sender]) {
      expect(await post('contracts', CONTRACT, 'text/yaml', key)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
      expect(await post(ACTIVATE, undefined, undefined, key)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    }
    for (const path of ['contracts', 'contracts/support/versions/1', 'conversations', 'conversations/c', 'outcomes/summary', 'usage']) {
      expect(await get(path, secrets.sender)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
      expect(await get(path, 'astk_wrong')).toMatchObject({ status: 401, body: { code: 'unknown_api_key' } });
    }
  });
});

describe('conversations and outcomes over HTTP', () => {
  const at = '2026-11-02T12:00:00.000Z';

  beforeAll(async () => {
    await service.send(
      'acme',
      { conversationId: 'run-1/trial 3', turn: 'a', at, events: refund },
      { conversationId: 'handed', turn: 'a', at: '2026-11-02T12:01:00.000Z', events: handoff },
      { conversationId: 'silent', turn: 'a', at: '2026-11-02T12:02:00.000Z' },
      { conversationId: 'silent', turn: 'b', at: '2026-11-02T12:03:00.000Z' },
      { conversationId: 'going-on', turn: 'a', at: '2026-11-02T14:00:00.000Z' },
    );
    clock.advance(2 * 3_600_000 + 30 * 60_000);
    await service.decider().run('acme', bookNothing);
  });

  it('lists conversations, the latest first, page by page', async () => {
    const { body } = await get('conversations?limit=2');
    expect(body).toEqual({
      conversations: [
        { conversationId: 'going-on', customerId: 'acme', turns: 1, firstSeenAt: '2026-11-02T14:00:00.000Z', lastSeenAt: '2026-11-02T14:00:01.000Z' },
        { conversationId: 'silent', customerId: 'acme', turns: 2, firstSeenAt: '2026-11-02T12:02:00.000Z', lastSeenAt: '2026-11-02T12:03:01.000Z' },
      ],
    });
    const next = (await get('conversations?limit=2&offset=2')).body['conversations'] as { conversationId: string }[];
    expect(next.map(({ conversationId }) => conversationId)).toEqual(['handed', 'run-1/trial 3']);
    expect(await get('conversations?limit=0')).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('gives one conversation with its decisions, whatever characters its id has', async () => {
    const { status, body } = await get(`conversations/${encodeURIComponent('run-1/trial 3')}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      conversationId: 'run-1/trial 3',
      customerId: 'acme',
      turns: 1,
      firstSeenAt: at,
      lastSeenAt: '2026-11-02T12:00:01.000Z',
      decisions: [{ episode: 1, revision: 1, contractId: 'support', contractVersion: 1, outcome: 'refunded', isBillable: true, grade: 'system_verified', amountMicros: '1800000', currency: 'USD', modelCostUsd: '0.002800000000' }],
    });
    expect((await get('conversations/going-on')).body).toMatchObject({ turns: 1, decisions: [] });
    expect(await get('conversations/nobody')).toMatchObject({ status: 404, type: expect.stringMatching(/^application\/problem\+json/), body: { code: 'conversation_not_found' } });
  });

  it('sums up outcomes: the billable by name and grade, the others by reason', async () => {
    expect((await get('outcomes/summary')).body).toEqual({
      billable: 2,
      notBillable: 1,
      testTraffic: 0,
      byName: { refunded: 1, resolved: 1 },
      byGrade: { system_verified: 1, inferred: 1 },
      byReason: { handed_over: 1 },
      byVariant: { none: { billable: 2, notBillable: 1 } },
      pending: 1,
    });
  });

  it('totals usage', async () => {
    // Five turns: each a root and one call of 1000 tokens in ($2 the million) and 100 out ($8 the million).
    const totals = { conversations: 4, turns: 5, spans: 10, modelCalls: 5, unknownCostSpans: 0, unknownWastedSpans: 0 };
    const { body } = await get('usage');
    expect(body).toMatchObject(totals);
    expect(Number(body['knownCostUsd'])).toBe(0.014);
    expect(Number(body['wastedCostUsd'])).toBe(0);
    expect((await get('usage?environment=nowhere')).body).toMatchObject({ conversations: 0, spans: 0, modelCalls: 0 });
  });

  it('shows nothing of it to another organization', async () => {
    const { stranger } = secrets;
    expect((await get('contracts', stranger)).body).toEqual({ contracts: [] });
    expect((await get('contracts/support/versions/1', stranger)).status).toBe(404);
    expect((await get('conversations', stranger)).body).toEqual({ conversations: [] });
    expect((await get('conversations/silent', stranger)).status).toBe(404);
    expect((await get('outcomes/summary', stranger)).body).toEqual({ billable: 0, notBillable: 0, testTraffic: 0, byName: {}, byGrade: {}, byReason: {}, byVariant: {}, pending: 0 });
    expect((await get('usage', stranger)).body).toMatchObject({ spans: 0 });
    expect(await post(ACTIVATE, undefined, undefined, stranger)).toMatchObject({ status: 404 });
  });
});
