import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BookingService } from '#billing';
import { ContractStore } from '#outcomes';
import { ApiKeys, createLogger, httpAdapter, listen, ManualClock, PlatformModule, ProblemFilter } from '#platform';
import { BillingApiModule } from '../../apps/api/src/billing/billing-api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { DecidedOutcomes } from '../support/decided-outcomes.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const clock = new ManualClock('2026-10-20T12:00:00Z');
const secrets = { admin: ApiKeys.newSecret(), reader: ApiKeys.newSecret(), other: ApiKeys.newSecret() };
const CONTRACT = `contract: support
version: 1
customer: { id: northwind, name: Northwind }
agents: [support]
currency: USD
time_zone: Europe/Berlin
quiet_window: 1h
minimum: 5
policies:
  - { outcome: resolved, title: Case resolved, when: 'true', grade: judged, price: 2 }
`;

let stores: TestStores;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  stores = await openTestStores();
  const logger = createLogger('silent', 'test');
  const root = { module: class Root {}, imports: [PlatformModule.with({ config: { ...stores.config, STRIPE_API_URL: 'http://127.0.0.1:1' }, stores, clock, logger }), BillingApiModule] };
  app = await NestFactory.create<NestFastifyApplication>(root, httpAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  url = await listen(app, '127.0.0.1', 0);
  const keys = app.get(ApiKeys);
  await keys.ensure('acme', 'admin', secrets.admin, ['admin']);
  await keys.ensure('acme', 'reader', secrets.reader, ['read']);
  await keys.ensure('other', 'admin', secrets.other, ['admin']);
  const contracts = app.get(ContractStore, { strict: false });
  await contracts.apply('acme', CONTRACT, 'support.yaml');
  await contracts.activate('acme', 'support', 1);
  const decided = new DecidedOutcomes(stores.postgres, clock, app.get(BookingService, { strict: false }), 'acme', 'Europe/Berlin');
  await decided.decide({ conversationId: 'a', price: { kind: 'flat', unitMicros: 2_000_000n }, amountMicros: 2_000_000n });
});
afterAll(async () => {
  await app.close();
  await stores.close();
});

async function astrolabe(key: string, ...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await run(argv, { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: key } });
  return { code, ...said };
}
const asAdmin = (...argv: string[]) => astrolabe(secrets.admin, ...argv);

describe('the books, on the command line', () => {
  it('close a month, list it and verify it', async () => {
    expect((await asAdmin('periods', 'list')).out).toMatch(/northwind +2026-10 +open +Europe\/Berlin/);
    expect((await asAdmin('periods', 'close')).out).toContain('No period is over');
    clock.advance(Date.parse('2026-11-01T00:00:00Z') - clock.now().getTime());
    const closed = await asAdmin('periods', 'close');
    expect([closed.code, closed.out]).toEqual([0, expect.stringMatching(/northwind +2026-10 +locked, sha256 [0-9a-f]{64}/)]);
    expect((await asAdmin('periods', 'list', '--json')).out).toContain('"status": "locked"');
    expect(await asAdmin('periods', 'verify')).toMatchObject({ code: 0, out: '1 locked period was worked out anew, 0 differ.\n' });
    expect((await asAdmin('ledger', 'balances')).out).toMatch(/^receivable:northwind +5\.00 USD$/m);
    expect((await asAdmin('ledger', 'balances')).out).toMatch(/^shortfall:minimum +-3\.00 USD$/m);
  });

  it('say which kept sum is not what it is of, with exit code 1, and put it right', async () => {
    expect(await asAdmin('ledger', 'verify')).toMatchObject({ code: 0, out: 'Every sum is what its postings add up to.\n' });
    await stores.postgres.updateTable('accountBalances').set({ amountMicros: 7n }).where('account', '=', 'shortfall:minimum').execute();
    const found = await asAdmin('ledger', 'verify');
    expect([found.code, found.out]).toEqual([1, expect.stringContaining('is 7, and its postings give -3000000')]);
    expect((await asAdmin('ledger', 'rebuild')).out).toBe('One sum was made anew.\n');
    expect((await asAdmin('ledger', 'verify')).code).toBe(0);
    expect((await asAdmin('ledger', 'rebuild')).out).toBe('Every sum was right.\n');
  });

  it('plan what there is to be at Stripe, and say what to do when it cannot be reached', async () => {
    const { out } = await asAdmin('stripe', 'sync');
    expect(out).toMatch(/create +meter +astrolabe__minimum_usd/);
    expect(out).toMatch(/create +subscription +northwind USD +of northwind, by the calendar of Europe\/Berlin/);
    expect(out).toMatch(/^10 to make: astrolabe stripe sync --apply --plan [0-9a-f]{64}$/m);
    expect(await asAdmin('stripe', 'sync', '--apply', '--plan', '0'.repeat(64))).toMatchObject({ code: 4, err: expect.stringContaining('look at the new one first') });
    expect(await asAdmin('stripe', 'sync', '--apply')).toMatchObject({ code: 5, err: expect.stringContaining('Stripe cannot be used now') });
  });

  it('are for those who may, and show nothing of another organization', async () => {
    expect((await astrolabe(secrets.reader, 'periods', 'close')).code).toBe(6);
    expect((await astrolabe(secrets.reader, 'ledger', 'rebuild')).code).toBe(6);
    expect((await astrolabe(secrets.reader, 'stripe', 'sync')).code).toBe(6);
    expect((await astrolabe(secrets.other, 'periods', 'list')).out).toBe('Nothing is booked yet.\n');
    expect((await astrolabe(secrets.other, 'ledger', 'balances')).out).toBe('Nothing is booked yet.\n');
    expect((await astrolabe(secrets.other, 'stripe', 'sync')).out).toContain('No contract is active');
  });
});
