import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, createLogger, listen, ManualClock, PlatformModule, ProblemFilter } from '#platform';
import { BillingApiModule } from '../../apps/api/src/billing/billing-api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { CONTRACT, handoff, refund, signal, startOutcomesService, type OutcomesService, type SentTurn } from './outcomes-service.js';
import { ClosingService } from '#billing';
import { bookingServices } from '../support/billing-services.js';

/*
 * From spans to a bundle: a statement with two outcomes and grades, an outcome of the month before that is taken back in this one, and amounts
 * that are half a cent, decided by the job, exported through the CLI and recounted by the verifier. What else is in a bundle, and what becomes
 * of one that is tampered with: evidence.spec.ts.
 */

const HOUR = 3_600_000;
const clock = new ManualClock('2026-10-30T12:00:00Z');
// 0.995 and 0.405: their sums fall on half a cent.
const HALF_CENTS = CONTRACT.replace('0.99', '"0.995"').replace('"0.40"', '"0.405"').replace('quiet_window: 1h', 'quiet_window: 1h\nreopen: { within: 30d }');

let service: OutcomesService;
let app: NestFastifyApplication;
let url: string;
let folder: string;
const reader = ApiKeys.newSecret();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'astrolabe-evidence-'));
  service = await startOutcomesService(clock);
  const { stores } = service;
  const logger = createLogger('silent', 'test');
  class TestModule {}
  const platform = PlatformModule.with({ config: { ...stores.config, STRIPE_API_URL: 'http://127.0.0.1:1' }, stores, clock, logger });
  app = await NestFactory.create<NestFastifyApplication>({ module: TestModule, imports: [platform, BillingApiModule] }, new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  url = await listen(app, '127.0.0.1', 0);
  await app.get(ApiKeys).ensure('vendor', 'reader', reader, ['read']);
  await service.contracts.apply('vendor', HALF_CENTS, 'support.yaml');
  await service.contracts.activate('vendor', 'support', 1);

  const { booking } = bookingServices(stores.postgres, clock);
  const settle = () => service.decider().run('vendor', async (tx, changes) => void (await booking.book(tx, changes)));
  const turn = (conversationId: string, given: Partial<SentTurn> = {}): SentTurn => ({ conversationId, turn: '1', at: clock.now().toISOString(), ...given });
  const confirmed = signal('customer_confirmed', 'customer');
  await service.send('vendor', turn('october'), turn('october-too'));
  clock.advance(2 * HOUR);
  await settle();
  clock.advance(Date.parse('2026-11-10T12:00:00Z') - clock.now().getTime());
  // October is locked, and it comes back in November: what was assumed in October is taken back there.
  expect(await app.get(ClosingService, { strict: false }).closeDue('vendor')).toMatchObject([{ period: '2026-10', result: { kind: 'locked' } }]);
  await service.send('vendor', { ...turn('october'), turn: '2', events: [confirmed] });
  await service.send('vendor', turn('refund', { events: refund }), turn('yes', { events: [confirmed] }), turn('yes-too', { events: [confirmed] }), turn('silent'), turn('handed', { events: [...refund, ...handoff] }), turn('test', { environment: 'test' }));
  clock.advance(2 * HOUR);
  await settle();
  clock.advance(Date.parse('2026-12-02T12:00:00Z') - clock.now().getTime());
});
afterAll(async () => {
  await app.close();
  await service.close();
  rmSync(folder, { recursive: true });
});

async function astrolabe(argv: string[]) {
  const said = { out: '', err: '' };
  const code = await run(['evidence', 'export', ...argv], { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: reader } });
  return { code, ...said };
}
const exported = async (name: string) => {
  const out = join(folder, name);
  if (!existsSync(out)) expect(await astrolabe(['--statement', 'acme/2026-11', '--out', out])).toMatchObject({ code: 0, err: '' });
  return out;
};
const verify = (bundle: string) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(bundle, 'verify.mjs')], { encoding: 'utf8', env: {} });
  return { status, said: stdout + stderr };
};
interface StatementAnswer { lines: { outcome: string; outcomes: number; reversals: number; amountMicros: string; amountMinor: string }[]; totalMicros: string; totalMinor: string }
const statementFromApi = async () => (await (await fetch(`${url}/api/v1/customers/acme/statements/2026-11`, { headers: { authorization: `Bearer ${reader}` } })).json()) as StatementAnswer;

describe('an evidence bundle', () => {
  it('recounts the statement offline, and comes to the same total', async () => {
    const bundle = await exported('whole');
    const statement = await statementFromApi();
    expect(statement.lines.map(({ outcome, outcomes, reversals, amountMicros, amountMinor }) => [outcome, outcomes, reversals, amountMicros, amountMinor])).toEqual([
      ['refunded', 1, 0, '1800000', '180'],
      ['resolved', 4, 0, '3390000', '339'],
      // Of October: half to even.
      ['resolved', 0, 1, '-405000', '-40'],
    ]);
    const { status, said } = verify(bundle);
    expect(status).toBe(0);
    expect([statement.totalMicros, statement.totalMinor]).toEqual(['4785000', '479']);
    expect(said).toMatch(/^total +4\.785000 +4\.79$/m);
    expect(said).toContain('2 decisions of the period were not billed');
    expect(readdirSync(bundle).toSorted()).toEqual(['README.md', 'adjustments.jsonl', 'contracts', 'decisions.jsonl', 'lines.sha256', 'manifest.json', 'not-billed.jsonl', 'statement.json', 'verify.mjs']);
  });

  it('says what each outcome rests on, and why others were not billed', async () => {
    const bundle = await exported('whole');
    const records = (name: string) => readFileSync(join(bundle, name), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    const refunded = records('decisions.jsonl').find(({ decision }) => (decision as { outcome: string }).outcome === 'refunded');
    expect(refunded).toMatchObject({
      kind: 'outcome',
      amountMicros: '1800000',
      decision: { conversationId: 'refund', facts: { handed_off: false }, contract: { sha256: createHash('sha256').update(HALF_CENTS).digest('hex') }, evidence: { traceIds: [expect.any(String)], signalIds: [expect.any(String)] }, explanation: expect.arrayContaining([expect.objectContaining({ at: 'policies.0.when', held: true })]) },
      takenBackBy: null,
    });
    const notBilled = records('not-billed.jsonl').toSorted((a, b) => (String(a['conversationId']) < String(b['conversationId']) ? -1 : 1));
    expect(notBilled).toMatchObject([{ conversationId: 'handed', reason: 'handed_over', listed: { outcome: 'refunded' } }, { conversationId: 'october', reason: 'reopened', listed: { amountMicros: '405000' } }]);
  });
});
