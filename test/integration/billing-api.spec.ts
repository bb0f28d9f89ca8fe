import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BookingService } from '#billing';
import { ContractStore, type Decision } from '#outcomes';
import { ApiKeys, createLogger, ManualClock, PlatformModule, ProblemFilter } from '#platform';
import { BillingApiModule } from '../../apps/api/src/billing/billing-api.module.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const clock = new ManualClock('2026-11-10T12:00:00Z');
const secrets = { acme: ApiKeys.newSecret(), other: ApiKeys.newSecret(), ingestOnly: ApiKeys.newSecret() };

const CONTRACT = `
contract: support
version: 1
customer: { id: northwind, name: Northwind }
agents: [support]
currency: USD
time_zone: Europe/Berlin
quiet_window: 30m
policies:
  - { outcome: resolved, title: Case resolved, when: 'true', grade: judged, price: '0.99' }
`;

let stores: TestStores;
let app: NestFastifyApplication;

beforeAll(async () => {
  stores = await openTestStores();
  const logger = createLogger('silent', 'test');
  const platform = PlatformModule.with({ config: stores.config, stores, clock, logger });
  class TestModule {}
  app = await NestFactory.create<NestFastifyApplication>({ module: TestModule, imports: [platform, BillingApiModule] }, new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const keys = app.get(ApiKeys);
  await keys.ensure('acme', 'reader', secrets.acme, ['read']);
  await keys.ensure('acme', 'agent', secrets.ingestOnly, ['ingest']);
  await keys.ensure('other', 'reader', secrets.other, ['read']);
  const contracts = app.get(ContractStore, { strict: false });
  await contracts.apply('acme', CONTRACT, 'support.yaml');
  await contracts.activate('acme', 'support', 1);
  for (const conversationId of ['a', 'b', 'c']) await decideAndBook(conversationId);
});
afterAll(async () => {
  await app.close();
  await stores.close();
});

async function decideAndBook(conversationId: string) {
  const at = clock.now();
  const decision: Decision = {
    id: `decision_${conversationId}`,
    organizationId: 'acme',
    conversationId,
    episode: 1,
    addition: '',
    quantityMicros: 1_000_000n,
    listed: null,
    finalAt: null,
    revision: 1,
    contractId: 'support',
    contractVersion: 1,
    customerId: 'northwind',
    agent: 'support',
    variant: 'base',
    locale: 'en',
    channel: 'chat', isTestTraffic: false,
    outcome: 'resolved',
    isBillable: true,
    reason: 'policy_held',
    grade: 'judged',
    amountMicros: 990_000n,
    currency: 'USD',
    facts: {},
    factsSha256: '',
    explanation: [],
    evidence: { traceIds: [`trace-${conversationId}`], signalIds: [] },
    modelCostUsd: '0.01',
    costUnknownSpans: 0,
    episodeStartedAt: at,
    episodeEndedAt: at,
    decidedAt: at,
    supersedes: null,
  };
  await stores.postgres.transaction().execute(async (tx) => {
    const { listed: _listed, ...row } = decision;
    const json = { facts: '{}', explanation: '[]', evidence: JSON.stringify(decision.evidence) };
    await tx.insertInto('outcomeDecisions').values({ ...row, ...json }).execute();
    await app.get(BookingService, { strict: false }).book(tx, [{ decision, superseded: null, timeZone: 'Europe/Berlin', price: { kind: 'flat', unitMicros: decision.amountMicros } }]);
  });
}

async function get(url: string, secret?: string) {
  const response = await app.inject({ method: 'GET', url, headers: secret ? { authorization: `Bearer ${secret}` } : {} });
  return { status: response.statusCode, body: response.json() };
}

const STATEMENT = '/api/v1/customers/northwind/statements/2026-11';
const routes = ['/api/v1/statements', STATEMENT, `${STATEMENT}/outcomes?outcome=resolved&grade=judged`, '/api/v1/margin', '/api/v1/reconciliations/latest', '/api/v1/billing/outbox'];

describe('billing API', () => {
  it.each(routes)('%s wants a key that may read', async (url) => {
    expect((await get(url)).status).toBe(401);
    expect(await get(url, secrets.ingestOnly)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
  });

  it('gives a statement with exact amounts as strings', async () => {
    expect(await get(STATEMENT, secrets.acme)).toEqual({
      status: 200,
      body: {
        customer: { id: 'northwind', name: 'Northwind' },
        currency: 'USD',
        period: { label: '2026-11', start: '2026-10-31T23:00:00.000Z', end: '2026-11-30T23:00:00.000Z', timeZone: 'Europe/Berlin' },
        status: 'open',
        lockedAt: null,
        snapshotSha256: null,
        lines: [
          {
            ...{ kind: 'outcome', outcome: 'resolved', eventName: 'astrolabe_resolved_usd', corrects: null, outcomes: 3, reversals: 0, amountMicros: '2970000', amountMinor: '297' },
            charges: [
              {
                ...{ id: expect.any(String), contractId: 'support', kind: 'outcome', grade: 'judged', pricing: { kind: 'flat', unitMicros: '990000' } },
                tiers: [{ from: '0', upTo: null, quantity: '3000000', unitMicros: '990000', flatMicros: '0', amountMicros: '2970000' }],
                ...{ outcomes: 3, reversals: 0, quantityMicros: '3000000', listedMicros: '2970000', reversedMicros: '0', adjustedMicros: '0', amountMicros: '2970000' },
              },
            ],
          },
        ],
        totalMicros: '2970000',
        totalMinor: '297',
        ledgerBalanceMicros: '2970000',
        stripe: { amountMicros: null, asOf: null },
      },
    });
    expect((await get('/api/v1/statements', secrets.acme)).body).toMatchObject({ statements: [{ customer: { id: 'northwind' }, period: { label: '2026-11', timeZone: 'Europe/Berlin' }, totalMicros: '2970000' }] });
  });

  it('pages through the decisions behind a charge', async () => {
    const { lines } = (await get(STATEMENT, secrets.acme)).body;
    const url = `${STATEMENT}/outcomes?charge=${lines[0].charges[0].id}&limit=2`;
    const first = await get(url, secrets.acme);
    const second = await get(`${url}&cursor=${first.body.nextCursor}`, secrets.acme);
    expect([...first.body.items, ...second.body.items].map((item) => item.conversationId)).toEqual(['a', 'b', 'c']);
    expect([second.body.nextCursor, first.body.items[0].evidence]).toEqual([null, { traceIds: ['trace-a'], signalIds: [] }]);
  });

  it('gives margin and outbox', async () => {
    expect((await get('/api/v1/margin?customer=northwind', secrets.acme)).body.margins).toMatchObject([{ billableCount: 3, revenueMicros: '2970000', modelCostMicros: '30000', unknownSpans: 0 }]);
    expect((await get('/api/v1/billing/outbox', secrets.acme)).body).toEqual({ events: [{ status: 'pending', count: 3, oldestOccurredAt: '2026-11-10T12:00:00.000Z', oldestAgeMs: 0 }] });
  });

  it('says what was wrong', async () => {
    expect(await get('/api/v1/reconciliations/latest', secrets.acme)).toMatchObject({ status: 404, body: { code: 'no_reconciliation' } });
    expect(await get('/api/v1/customers/northwind/statements/2026-13', secrets.acme)).toMatchObject({ status: 400, body: { code: 'invalid_period' } });
    expect(await get(`${STATEMENT}?timeZone=Mars/Olympus`, secrets.acme)).toMatchObject({ status: 400, body: { code: 'unknown_time_zone' } });
    expect(await get(`${STATEMENT}/outcomes`, secrets.acme)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(await get(`${STATEMENT}/outcomes?charge=charge_1&cursor=x`, secrets.acme)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  it('shows nothing of another organization', async () => {
    expect((await get('/api/v1/statements', secrets.other)).body).toEqual({ statements: [] });
    expect((await get(STATEMENT, secrets.other)).status).toBe(404);
    expect((await get('/api/v1/margin', secrets.other)).body).toEqual({ margins: [] });
    expect((await get('/api/v1/billing/outbox', secrets.other)).body).toEqual({ events: [] });
  });
});
