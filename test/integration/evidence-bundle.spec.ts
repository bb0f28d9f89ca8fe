import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BookedStore, BookingService, OutboxStore } from '#billing';
import { LedgerStore } from '#ledger';
import { ApiKeys, canonicalJson, createLogger, listen, ManualClock, PlatformModule, ProblemFilter } from '#platform';
import { BillingApiModule } from '../../apps/api/src/billing/billing-api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { CONTRACT, handoff, refund, signal, startOutcomesService, type OutcomesService, type SentTurn } from './outcomes-service.js';

/*
 * A statement with two outcomes and grades, an outcome of the month before that is taken back in this one, and amounts that are half a cent:
 * exported through the CLI, recounted by the program in the bundle, and tampered with in every way that there is a check for.
 */

const HOUR = 3_600_000;
const clock = new ManualClock('2026-10-30T12:00:00Z');
// 0.995 and 0.405: their sums fall on half a cent.
const HALF_CENTS = CONTRACT.replace('0.99', '"0.995"').replace('"0.40"', '"0.405"').replace('quiet_window: 1h', 'quiet_window: 1h\nreopen: { within: 30d }');

let service: OutcomesService;
let app: NestFastifyApplication;
let url: string;
let folder: string;
const [reader, stranger] = [ApiKeys.newSecret(), ApiKeys.newSecret()];

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
  await app.get(ApiKeys).ensure('rival', 'all', stranger, ['admin']);
  await service.contracts.apply('vendor', HALF_CENTS, 'support.yaml');
  await service.contracts.activate('vendor', 'support', 1);

  const ledger = new LedgerStore();
  const booking = new BookingService(ledger, new BookedStore(ledger), new OutboxStore(stores.postgres));
  const settle = () => service.decider().run('vendor', async (tx, changes) => void (await booking.book(tx, changes)));
  const turn = (conversationId: string, given: Partial<SentTurn> = {}): SentTurn => ({ conversationId, turn: '1', at: clock.now().toISOString(), ...given });
  const confirmed = signal('customer_confirmed', 'customer');
  await service.send('vendor', turn('october'), turn('october-too'));
  clock.advance(2 * HOUR);
  await settle();
  clock.advance(Date.parse('2026-11-10T12:00:00Z') - clock.now().getTime());
  // It comes back in November: what was assumed in October is taken back there.
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

async function astrolabe(argv: string[], key = reader) {
  const said = { out: '', err: '' };
  const code = await run(['evidence', 'export', ...argv], { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: key } });
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
interface StatementAnswer { lines: { outcome: string; grade: string; kind: string; count: number; amountMicros: string; amountMinor: string }[]; totalMicros: string; totalMinor: string }
const statementFromApi = async () => (await (await fetch(`${url}/api/v1/customers/acme/statements/2026-11`, { headers: { authorization: `Bearer ${reader}` } })).json()) as StatementAnswer;

describe('an evidence bundle', () => {
  it('recounts the statement offline, and comes to the same total', async () => {
    const bundle = await exported('whole');
    const statement = await statementFromApi();
    expect(statement.lines.map(({ outcome, grade, kind, count, amountMicros, amountMinor }) => [outcome, grade, kind, count, amountMicros, amountMinor])).toEqual([
      ['refunded', 'system_verified', 'outcome', 1, '1800000', '180'],
      // 3 x 0.995 = 2.985, half to even.
      ['resolved', 'customer_confirmed', 'outcome', 3, '2985000', '298'],
      ['resolved', 'inferred', 'outcome', 1, '405000', '40'],
      ['resolved', 'inferred', 'reversal', 1, '-405000', '-40'],
    ]);
    const { status, said } = verify(bundle);
    expect(said).toContain('verified: 6 bookings, 2 decisions that were not billed');
    expect(said).toContain(`total to pay: ${statement.totalMinor} (smallest unit of USD), exactly ${statement.totalMicros} micros`);
    expect(status).toBe(0);
    expect(readdirSync(bundle).toSorted()).toEqual(['README.md', 'contracts', 'decisions.jsonl', 'decisions.jsonl.sha256', 'manifest.json', 'not-billed.jsonl', 'not-billed.jsonl.sha256', 'statement.json', 'verify.mjs']);
  });

  it('says what each outcome rests on, and why others were not billed', async () => {
    const bundle = await exported('whole');
    const records = (name: string) => readFileSync(join(bundle, name), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    const refunded = records('decisions.jsonl').find(({ posting }) => (posting as { outcome: string }).outcome === 'refunded');
    expect(refunded).toMatchObject({
      posting: { kind: 'outcome', amountMicros: '1800000' },
      decision: { conversationId: 'refund', facts: { handed_off: false }, contractSha256: createHash('sha256').update(HALF_CENTS).digest('hex'), evidence: { traceIds: [expect.any(String)], signalIds: [expect.any(String)] }, explanation: expect.arrayContaining([expect.objectContaining({ at: 'policies.0.when', held: true })]) },
      reversed: null,
    });
    const notBilled = records('not-billed.jsonl').map(({ decision }) => decision as { conversationId: string }).toSorted((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
    expect(notBilled).toMatchObject([{ conversationId: 'handed', reason: 'handed_over', listed: { outcome: 'refunded' } }, { conversationId: 'october', reason: 'reopened', listed: { amountMicros: '405000' } }]);
  });

  it('is written whole or not at all, and replaces nothing unasked', async () => {
    const out = join(folder, 'mine');
    await exported('mine');
    expect(await astrolabe(['--statement', 'acme/2026-11', '--out', out])).toMatchObject({ code: 4, err: expect.stringContaining('is not empty') });
    expect(await astrolabe(['--statement', 'acme/2026-11', '--out', out, '--force'])).toMatchObject({ code: 0 });
    expect(verify(out).status).toBe(0);
    expect(await astrolabe(['--statement', 'acme/2020-01', '--out', join(folder, 'none')])).toMatchObject({ code: 3, err: expect.stringContaining('Nothing is booked for customer "acme"') });
    expect(await astrolabe(['--statement', 'acme/2026-11', '--out', join(folder, 'none')], stranger)).toMatchObject({ code: 3 });
    expect(await astrolabe(['--statement', 'acme'])).toMatchObject({ code: 2, err: expect.stringContaining('names no statement') });
    expect(readdirSync(folder).filter((name) => name.startsWith('none'))).toEqual([]);
  });
});

describe('a bundle that somebody changed', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  /** Makes every hash right again, as somebody would who knows how. */
  const rehash = (bundle: string) => {
    for (const name of ['decisions.jsonl', 'not-billed.jsonl']) writeFileSync(join(bundle, `${name}.sha256`), readFileSync(join(bundle, name), 'utf8').split('\n').slice(0, -1).map((line) => `${sha256(line)}\n`).join(''));
    const path = join(bundle, 'manifest.json');
    const { format, files } = JSON.parse(readFileSync(path, 'utf8')) as { format: string; files: { name: string }[] };
    const fresh = files.map((file) => {
      const text = readFileSync(join(bundle, file.name), 'utf8');
      return { ...file, sha256: sha256(text), bytes: Buffer.byteLength(text), ...(file.name.includes('.jsonl') && { lines: text.split('\n').length - 1 }) };
    });
    writeFileSync(path, JSON.stringify({ format, root: sha256(canonicalJson(fresh)), files: fresh }));
  };
  const edit = (bundle: string, name: string, change: (text: string) => string) => {
    const before = readFileSync(join(bundle, name), 'utf8');
    const after = change(before);
    if (after === before) throw new Error('nothing was changed');
    writeFileSync(join(bundle, name), after);
  };
  const onLines = (change: (lines: string[]) => string[]) => (text: string) => change(text.split('\n').slice(0, -1)).map((line) => `${line}\n`).join('');
  const drop = onLines((lines) => lines.slice(1));
  const twice = onLines((lines) => [...lines, lines[0] ?? '']);
  const swap = onLines(([a = '', b = '', ...rest]) => [b, a, ...rest]);

  it.each<[string, string, (text: string) => string, string, string | undefined]>([
    ['a digit of an amount', 'decisions.jsonl', (text) => text.replace('"amountMicros":"1800000"', '"amountMicros":"1900000"'), 'the line was changed', 'is booked with'],
    ['a fact', 'decisions.jsonl', (text) => text.replace('"handed_off":false', '"handed_off":true '), 'the line was changed', 'are not those that were decided on'],
    ['a line that is gone', 'decisions.jsonl', drop, 'decisions.jsonl: has 5 lines, and had 6', 'bookings, and here are'],
    ['a line twice', 'decisions.jsonl', twice, 'decisions.jsonl:7: the line was changed', 'is here twice'],
    ['two lines changed for each other', 'decisions.jsonl', swap, 'decisions.jsonl:1: the line was changed', undefined],
    ['the contract', 'contracts/support-v1.yaml', (text) => text.replace('"1.80"', '"1.90"'), 'contracts/support-v1.yaml: the file was changed', 'is not the contract that statement.json names'],
    ['the total', 'statement.json', (text) => text.replace(/"totalMinor": "\d+"/, '"totalMinor": "1"'), 'statement.json: the file was changed', 'the total to pay is 1, and the bookings come to 478'],
    ['a line of the statement', 'statement.json', (text) => text.replace('"amountMinor": "298"', '"amountMinor": "299"'), 'statement.json: the file was changed', 'is rounded to 299, and the bookings to 298'],
    ['what was not billed', 'not-billed.jsonl', drop, 'not-billed.jsonl: has 1 lines, and had 2', undefined],
  ])('%s: is found by its hash; and by the sums or hashes within, where every hash was made right again', async (what, name, change, byHash, bySum) => {
    const copy = (suffix: string) => {
      const bundle = join(folder, `${what.replaceAll(' ', '-')}-${suffix}`);
      cpSync(join(folder, 'whole'), bundle, { recursive: true });
      edit(bundle, name, change);
      return bundle;
    };
    await exported('whole');
    const [plain, careful] = [copy('plain'), copy('careful')];
    expect(verify(plain)).toMatchObject({ status: 1, said: expect.stringContaining(byHash) });
    rehash(careful);
    const rootOf = (bundle: string) => (JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8')) as { root: string }).root;
    // What only the order or the completeness of the list says is left to the root, which the customer has on another way.
    expect(rootOf(careful)).not.toBe(rootOf(join(folder, 'whole')));
    expect(verify(careful)).toMatchObject(bySum === undefined ? { status: 0 } : { status: 1, said: expect.stringContaining(bySum) });
  });
});
