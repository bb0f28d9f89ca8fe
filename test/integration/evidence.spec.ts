import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BookingService, ClosingService, EvidenceReader, type EvidenceRecord } from '#billing';
import { ContractStore, DecisionStore, type Decision } from '#outcomes';
import { ApiKeys, canonicalJson, createLogger, derivedId, httpAdapter, listen, ManualClock, PlatformModule, ProblemFilter, sha256Hex } from '#platform';
import { BillingApiModule } from '../../apps/api/src/billing/billing-api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const clock = new ManualClock('2026-10-20T12:00:00Z');
const secrets = { acme: ApiKeys.newSecret(), other: ApiKeys.newSecret(), ingestOnly: ApiKeys.newSecret() };
const STATEMENT = '/api/v1/customers/northwind/statements/2026-11';

// A file that does not end with the end of a line, and one that has characters beyond ASCII and two equal lines.
const contractText = (id: string, version: number, customer: string, price: string) => `contract: ${id}
version: ${version}

customer: { id: ${customer}, name: "${customer} & Söhne" }

agents: [${customer}]
currency: USD
time_zone: Europe/Berlin
quiet_window: 30m
policies:
  - { outcome: resolved, title: Case resolved, when: 'true', grade: judged, price: '${price}' }`;

let stores: TestStores;
let app: NestFastifyApplication;
let url: string;
let directory: string;
/** An export that every test of tampering takes a copy of. */
let pristine: string;

beforeAll(async () => {
  stores = await openTestStores();
  directory = mkdtempSync(join(tmpdir(), 'astrolabe-evidence-'));
  const logger = createLogger('silent', 'test');
  const root = { module: class Root {}, imports: [PlatformModule.with({ config: stores.config, stores, clock, logger }), BillingApiModule] };
  app = await NestFactory.create<NestFastifyApplication>(root, httpAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  url = await listen(app, '127.0.0.1', 0);
  const keys = app.get(ApiKeys);
  await keys.ensure('acme', 'reader', secrets.acme, ['read']);
  await keys.ensure('acme', 'agent', secrets.ingestOnly, ['ingest']);
  await keys.ensure('other', 'reader', secrets.other, ['read']);
  const contracts = app.get(ContractStore, { strict: false });
  for (const [id, version, customer, price] of [['support', 1, 'northwind', '0.025'], ['support', 2, 'northwind', '0.015'], ['rival:terms', 1, 'contoso', '7']] as const) {
    await contracts.apply('acme', contractText(id, version, customer, price), id);
    await contracts.activate('acme', id, version);
  }
  await playTwoMonths();
  pristine = join(directory, 'pristine');
  expect(await exported(pristine)).toMatchObject({ code: 0, err: '' });
});
afterAll(async () => {
  await app.close();
  await stores.close();
  rmSync(directory, { recursive: true, force: true });
});

const moveTo = (time: string) => clock.advance(Date.parse(time) - clock.now().getTime());

type Given = Partial<Decision> & Pick<Decision, 'conversationId'>;
const standing = new Map<string, Decision>();

/** Decides and books in one transaction, as the job does. A second decision about an episode is its next revision. */
async function decide(given: Given): Promise<Decision> {
  const at = clock.now();
  const key = `${given.conversationId} ${given.addition ?? ''}`;
  const superseded = standing.get(key) ?? null;
  const revision = (superseded?.revision ?? 0) + 1;
  // Everything that a reader of lines could stumble over: separators that are no end of a line, numbers in two spellings, keys out of order.
  const facts = { turns: revision, csat: 4.5, big: 1e21, signals: [{ value: 'line\nbreak \u2028 "quoted" \\ é 😀', name: 'note' }], customer: 'northwind', handoff_reason: '' };
  const decision: Decision = {
    id: derivedId('dec', 'acme', given.conversationId, 1, ...(given.addition ? [given.addition] : []), revision),
    organizationId: 'acme',
    episode: 1,
    addition: '',
    revision,
    ...{ contractId: 'support', contractVersion: 2, customerId: 'northwind', agent: 'northwind', variant: '', locale: 'de', channel: 'chat', isTestTraffic: false },
    ...{ outcome: 'resolved', isBillable: true, reason: 'policy_held', grade: 'judged', amountMicros: 15_000n, quantityMicros: 1_000_000n, listed: null, currency: 'USD' },
    facts,
    factsSha256: sha256Hex(canonicalJson(facts)),
    explanation: [{ at: 'policies.0.when', expression: 'true', held: true }],
    evidence: { traceIds: [`trace-${given.conversationId}`], signalIds: ['signal-1'] },
    ...{ modelCostUsd: '0.0421', costUnknownSpans: 0, episodeStartedAt: at, episodeEndedAt: at, decidedAt: at, finalAt: null },
    supersedes: superseded?.id ?? null,
    ...given,
  };
  await stores.postgres.transaction().execute(async (tx) => {
    await app.get(DecisionStore, { strict: false }).insert(tx, [decision]);
    await app.get(BookingService, { strict: false }).book(tx, [{ decision, superseded, timeZone: 'Europe/Berlin', price: { kind: 'flat', unitMicros: decision.amountMicros } }]);
  });
  standing.set(key, decision);
  clock.advance(60_000);
  return decision;
}

const notBilled = { isBillable: false, amountMicros: 0n, grade: null, outcome: 'none' } as const;

/** What November's statement then says, by hand, is in the first test. */
async function playTwoMonths() {
  await decide({ conversationId: 'october', contractVersion: 1, grade: 'inferred', amountMicros: 25_000n });
  await decide({ conversationId: 'october-stays', contractVersion: 1, amountMicros: 25_000n });
  moveTo('2026-11-10T12:00:00Z');
  // October is locked: what is taken back of it counts in November.
  expect(await app.get(ClosingService, { strict: false }).closeDue('acme')).toMatchObject([{ period: '2026-10', result: { kind: 'locked' } }]);
  await decide({ conversationId: 'sale', outcome: 'sale', grade: 'customer_confirmed', amountMicros: 1_250_000n });
  await decide({ conversationId: 'sale', addition: 'upsell', outcome: 'sale', grade: 'customer_confirmed', amountMicros: 2_500_000n });
  await decide({ conversationId: 'half', grade: 'system_verified', amountMicros: 5_000n });
  await decide({ conversationId: 'regraded' });
  await decide({ conversationId: 'judged' });
  await decide({ conversationId: 'sold-on' });
  // Taken back: of October; for another grade; because it turned out to be somebody else's.
  await decide({ conversationId: 'october', ...notBilled, reason: 'reopened' });
  await decide({ conversationId: 'regraded', grade: 'inferred', amountMicros: 25_100n });
  await decide({ conversationId: 'sold-on', customerId: 'contoso', contractId: 'rival:terms', contractVersion: 1, amountMicros: 7_000_000n, facts: { customer: 'contoso-secret' } });
  // Not billed: for different reasons, and of no concern to a customer; and a revision that changes nothing about the money.
  await decide({ conversationId: 'handed-over', ...notBilled, reason: 'handed_over', listed: { outcome: 'resolved', grade: 'judged', amountMicros: 15_000n } });
  await decide({ conversationId: 'test', ...notBilled, reason: 'test_traffic', isTestTraffic: true });
  await decide({ conversationId: 'no-contract', ...notBilled, reason: 'no_contract', contractId: null, contractVersion: null, currency: 'EUR' });
  await decide({ conversationId: 'free', amountMicros: 0n });
  await decide({ conversationId: 'judged' });
  await decide({ conversationId: 'of-contoso', customerId: 'contoso', contractId: 'rival:terms', contractVersion: 1, ...notBilled, reason: 'no_policy_held' });
  moveTo('2026-12-02T12:00:00Z');
  await decide({ conversationId: 'december' });
}

async function exported(out: string, ...more: string[]) {
  return astrolabe('evidence', 'export', '--statement', 'northwind/2026-11/USD', '--out', out, ...more);
}

async function astrolabe(...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await run(argv, { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: secrets.acme } });
  return { code, ...said };
}

/** Runs the verifier of a bundle as its reader would, in a process of its own that knows nothing of this repository. */
function verified(bundle: string): Promise<{ code: number; out: string }> {
  return new Promise((done) => {
    execFile(process.execPath, ['verify.mjs'], { cwd: bundle, env: {} }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), out: stdout + stderr });
    });
  });
}

async function get(path: string, secret: string) {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type'), text };
}

/** After the last end of a line there is a line only where there is text. */
const linesOf = (path: string) => (readFileSync(path, 'utf8').match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => line.replace(/\n$/, ''));
const parsed = (path: string) => linesOf(path).map((line) => JSON.parse(line));

describe('an export of evidence', () => {
  it('is recounted to the total of the statement by a process that has nothing but the bundle', async () => {
    const statement = JSON.parse((await get(STATEMENT, secrets.acme)).text);
    const charges = ({ charges: of }: { charges: Record<string, unknown>[] }) => of.map(({ grade, outcomes, reversals, amountMicros }) => [grade, outcomes, reversals, amountMicros]);
    expect(statement.lines.map((line: Record<string, unknown> & { charges: Record<string, unknown>[] }) => [line.outcome, (line.corrects as { label: string } | null)?.label ?? null, line.outcomes, line.reversals, line.amountMicros, line.amountMinor, charges(line)])).toEqual([
      // 4.51 cents, and 2.5 to even.
      ['resolved', null, 6, 2, '45100', '5', [
        ['system_verified', 1, 0, '5000'],
        ['judged', 1, 0, '0'],
        ['judged', 3, 2, '15000'],
        ['inferred', 1, 0, '25100'],
      ]],
      ['resolved', '2026-10', 0, 1, '-25000', '-2', [['inferred', 0, 1, '-25000']]],
      ['sale', null, 2, 0, '3750000', '375', [['customer_confirmed', 1, 0, expect.stringMatching(/^(1250000|2500000)$/)], ['customer_confirmed', 1, 0, expect.stringMatching(/^(1250000|2500000)$/)]]],
    ]);
    expect([statement.totalMicros, statement.totalMinor]).toEqual(['3770100', '378']);

    const { code, out } = await verified(pristine);
    expect([code, out]).toEqual([0, expect.stringContaining('OK: every hash fits')]);
    expect(out).toMatch(/^total +3\.770100 +3\.78$/m);
    expect(out).toMatch(/^resolved +6 +2 +0\.045100 +0\.05$/m);
    expect(out).toMatch(/^resolved of 2026-10 +0 +1 +-0\.025000 +-0\.02$/m);
    expect(out).toContain('The period is over, and not locked yet');
    expect(out).toContain(JSON.parse(readFileSync(join(pristine, 'manifest.json'), 'utf8')).rootSha256);
    const { format, id, organization, minorDigits, statusInWords, exportedAt, contracts, bookings, notBilled: others, ...shown } = JSON.parse(readFileSync(join(pristine, 'statement.json'), 'utf8'));
    const { stripe: _, lockedAt: _lockedAt, snapshotSha256: _sha256, ...asShown } = statement;
    expect(shown).toEqual(asShown);
    expect({ format, id, organization, minorDigits, statusInWords, bookings, others }).toEqual({ format: 'astrolabe-evidence/2', id: 'northwind/2026-11/USD', organization: 'acme', minorDigits: 2, statusInWords: 'The period is over, and not locked yet: what was decided in it may still be taken back', bookings: 11, others: 4 });
    expect([exportedAt, contracts.map(({ id: contract, version, file }: Record<string, string>) => [contract, version, file])]).toEqual([
      '2026-12-02T12:01:00.000Z',
      [['support', 1, 'contracts/support-v1.yaml'], ['support', 2, 'contracts/support-v2.yaml']],
    ]);
  });

  it('has every posting with its decisions, and every decision of the period that nobody paid for', () => {
    const bookings = parsed(join(pristine, 'decisions.jsonl'));
    expect(bookings.map(({ kind, decision, amountMicros, takenBackBy }) => [kind, decision.conversationId, amountMicros, takenBackBy?.reason ?? null])).toEqual([
      ['outcome', 'sale', '1250000', null],
      ['outcome', 'sale', '2500000', null],
      ['outcome', 'half', '5000', null],
      ['outcome', 'regraded', '15000', null],
      ['outcome', 'judged', '15000', null],
      ['outcome', 'sold-on', '15000', null],
      ['reversal', 'october', '-25000', 'reopened'],
      ['reversal', 'regraded', '-15000', 'policy_held'],
      ['outcome', 'regraded', '25100', null],
      ['reversal', 'sold-on', '-15000', null],
      ['outcome', 'free', '0', null],
    ]);
    expect([bookings[6].reversedPeriod.start, bookings[7].reversedPeriod.start, bookings[0].reversedPeriod]).toEqual(['2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z', null]);
    expect(bookings[6].decision.contract).toEqual({ id: 'support', version: 1, sha256: sha256Hex(contractText('support', 1, 'northwind', '0.025')) });
    expect(readFileSync(join(pristine, 'contracts', 'support-v1.yaml'), 'utf8')).toBe(contractText('support', 1, 'northwind', '0.025'));
    expect(parsed(join(pristine, 'not-billed.jsonl')).map(({ conversationId, revision, reason }) => [conversationId, revision, reason])).toEqual([
      ['october', 2, 'reopened'],
      ['handed-over', 1, 'handed_over'],
      ['no-contract', 1, 'no_contract'],
      ['judged', 2, 'policy_held'],
    ]);
  });

  it('tells a customer nothing of another, and of no model cost beside the facts', () => {
    const all = filesIn(pristine).map((file) => readFileSync(join(pristine, file), 'utf8')).join('\n');
    for (const secret of ['contoso', 'rival:terms', '7000000', '0.0421']) expect(all).not.toContain(secret);
    const soldOn = parsed(join(pristine, 'decisions.jsonl'))[9].takenBackBy;
    expect(Object.keys(soldOn).sort()).toEqual(['addition', 'conversationId', 'decidedAt', 'episode', 'id', 'isOfOtherCustomer', 'revision']);
  });

  it('says so when the period is still running', async () => {
    moveTo('2026-12-05T12:00:00Z');
    const out = join(directory, 'december');
    expect((await astrolabe('evidence', 'export', '--statement', 'northwind/2026-12', '--out', out)).out).toContain('The period is still running');
    expect(JSON.parse(readFileSync(join(out, 'statement.json'), 'utf8'))).toMatchObject({ status: 'open', totalMinor: '2' });
    expect(await verified(out)).toEqual({ code: 0, out: expect.stringContaining('The period is still running') });
  });

  it('is of one moment, though the period goes on while it is read', async () => {
    const records = await app.get(EvidenceReader, { strict: false }).read('acme', 'northwind', '2026-12');
    const first = (await records.next()).value as EvidenceRecord;
    await decide({ conversationId: 'meanwhile' });
    await decide({ conversationId: 'meanwhile-not', ...notBilled, reason: 'handed_over' });
    await decide({ conversationId: 'december', ...notBilled, reason: 'reopened' });
    const rest: EvidenceRecord[] = [];
    for await (const record of records) rest.push(record);
    expect(first).toMatchObject({ statement: { bookings: 1, notBilled: 0, totalMicros: '15000' } });
    expect(rest.map((record) => Object.keys(record)[0])).toEqual(['contract', 'booking', 'end']);
  });

  it.each([1, 2, 5, 10])('is the same in pages of %i', async (pageSize) => {
    const reader = app.get(EvidenceReader, { strict: false });
    const read = async (...size: number[]) => {
      const records: EvidenceRecord[] = [];
      for await (const record of await reader.read('acme', 'northwind', '2026-11', {}, ...size)) records.push(record);
      return records;
    };
    expect(await read(pageSize)).toEqual(await read());
  });

  it('is the same again, whenever it is made, but for the time', async () => {
    clock.advance(3_600_000);
    const again = join(directory, 'again');
    await exported(again);
    const differ = filesIn(pristine).filter((file) => !readFileSync(join(pristine, file)).equals(readFileSync(join(again, file))));
    expect(differ.sort()).toEqual(['lines.sha256', 'manifest.json', 'statement.json']);
  });
});

describe('over REST', () => {
  it('is one object a line, ended by an end', async () => {
    const { status, type, text } = await get(`${STATEMENT}/evidence?currency=USD`, secrets.acme);
    const records = text.trimEnd().split('\n').map((line) => JSON.parse(line));
    expect([status, type]).toEqual([200, 'application/x-ndjson']);
    expect(records.map((record) => Object.keys(record)[0])).toEqual(['statement', 'contract', 'contract', ...Array(11).fill('booking'), ...Array(4).fill('notBilled'), 'end']);
    expect(records.at(-1)).toEqual({ end: { bookings: 11, adjustments: 0, notBilled: 4 } });
  });

  it('is for those who may read this organization, and of what there is', async () => {
    expect((await get(`${STATEMENT}/evidence`, secrets.ingestOnly)).status).toBe(403);
    expect(await get(`${STATEMENT}/evidence`, secrets.other)).toMatchObject({ status: 404, text: expect.stringContaining('statement_not_found') });
    expect(await get(`${STATEMENT}/evidence?currency=EUR`, secrets.acme)).toMatchObject({ status: 404, text: expect.stringContaining('statement_not_found') });
  });
});

describe('astrolabe evidence export', () => {
  it('says as JSON what it wrote', async () => {
    const out = join(directory, 'as-json');
    const { out: said } = await exported(out, '--json');
    expect(JSON.parse(said)).toMatchObject({ directory: out, statement: 'northwind/2026-11/USD', bookings: 11, notBilled: 4, currency: 'USD', totalMicros: '3770100', totalMinor: '378', status: 'closing' });
    expect(JSON.parse(said).files.map(({ path }: { path: string }) => path)).toEqual(['README.md', 'adjustments.jsonl', 'contracts/support-v1.yaml', 'contracts/support-v2.yaml', 'decisions.jsonl', 'lines.sha256', 'not-billed.jsonl', 'statement.json', 'verify.mjs']);
  });

  it('takes the place of earlier evidence when it is told to, and of nothing else', async () => {
    const out = join(directory, 'twice');
    mkdirSync(out);
    expect((await exported(out)).code).toBe(0);
    expect(await exported(out)).toMatchObject({ code: 4, err: expect.stringContaining('is not empty') });
    writeFileSync(join(out, 'statement.json'), '{}');
    expect((await exported(out, '--force')).code).toBe(0);
    expect((await verified(out)).code).toBe(0);

    const precious = join(directory, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'letters.txt'), 'dear');
    expect(await exported(precious, '--force')).toMatchObject({ code: 4, err: expect.stringContaining('something else than evidence') });
    expect(readdirSync(precious)).toEqual(['letters.txt']);
    expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('leaves nothing where there is no such statement', async () => {
    const out = join(directory, 'nothing');
    expect(await astrolabe('evidence', 'export', '--statement', 'nobody/2026-11', '--out', out)).toMatchObject({ code: 3, err: expect.stringContaining('Nothing is booked for customer "nobody"') });
    expect(existsSync(out)).toBe(false);
    expect(await astrolabe('evidence', 'export', '--statement', 'northwind', '--out', out)).toMatchObject({ code: 2 });
  });
});

describe('what was tampered with', () => {
  let bundle: string;
  beforeEach(() => {
    bundle = mkdtempSync(join(directory, 'tampered-'));
    cpSync(pristine, bundle, { recursive: true });
  });

  const edit = (file: string, change: (text: string) => string) => {
    const before = readFileSync(join(bundle, file), 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    writeFileSync(join(bundle, file), after);
  };
  const editLine = (file: string, line: number, change: (text: string) => string) => edit(file, (text) => text.split('\n').map((each, index) => (index === line - 1 ? change(each) : each)).join('\n'));
  const removeLine = (file: string, line: number) => edit(file, (text) => text.split('\n').toSpliced(line - 1, 1).join('\n'));
  const insertLine = (file: string, line: number, added: string) => edit(file, (text) => text.split('\n').toSpliced(line - 1, 0, added).join('\n'));
  const swapContracts = () => {
    const [one, two] = [1, 2].map((version) => join(bundle, 'contracts', `support-v${version}.yaml`)) as [string, string];
    const was = readFileSync(one);
    writeFileSync(one, readFileSync(two));
    writeFileSync(two, was);
  };

  /** Makes every hash fit again, by the rules of the README and not by our code. */
  const fixUp = () => {
    const paths = filesIn(bundle).filter((path) => path !== 'manifest.json').sort();
    const hashes = paths.filter((path) => path !== 'lines.sha256').flatMap((path) => linesOf(join(bundle, path)).map((line, index) => `${sha256Hex(line)}  ${path}:${index + 1}\n`));
    writeFileSync(join(bundle, 'lines.sha256'), hashes.join(''));
    const manifest = JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8'));
    manifest.files = paths.map((path) => ({ path, sha256: sha256Hex(readFileSync(join(bundle, path))), bytes: statSync(join(bundle, path)).size, lines: linesOf(join(bundle, path)).length }));
    manifest.rootSha256 = sha256Hex(manifest.files.map(({ path, sha256 }: Record<string, string>) => `${sha256}  ${path}\n`).join(''));
    writeFileSync(join(bundle, 'manifest.json'), JSON.stringify(manifest));
  };

  it('is nothing where only the hashes are made anew', async () => {
    fixUp();
    expect(await verified(bundle)).toMatchObject({ code: 0 });
  });

  const amount = (text: string) => text.replace('"amountMicros":"15000"', '"amountMicros":"16000"');
  const total = (text: string) => text.replace('"totalMinor": "378"', '"totalMinor": "379"');
  const oneLine = () => linesOf(join(bundle, 'decisions.jsonl'))[0] ?? '';
  const lineOf = (text: string) => readFileSync(join(pristine, 'statement.json'), 'utf8').split('\n').findIndex((line) => line.includes(text)) + 1;

  it.each<[string, () => void, () => string[]]>([
    ['a digit of an amount', () => editLine('decisions.jsonl', 5, amount), () => ['decisions.jsonl:5: was changed']],
    ['a fact', () => editLine('decisions.jsonl', 3, (text) => text.replace('"csat":4.5', '"csat":4.6')), () => ['decisions.jsonl:3: was changed', 'decisions.jsonl:3: the facts of decision']],
    ['a line less', () => removeLine('decisions.jsonl', 2), () => ['decisions.jsonl:2: this line of the export was removed']],
    ['the last line less', () => removeLine('decisions.jsonl', 11), () => ['decisions.jsonl:11: this line of the export was removed']],
    ['a line more', () => insertLine('decisions.jsonl', 4, oneLine().replace('posting_', 'posting_0')), () => ['decisions.jsonl:4: was added']],
    ['a line twice', () => insertLine('decisions.jsonl', 8, oneLine()), () => ['decisions.jsonl:8: is a copy of line 1 of the export']],
    ['a reason of what was not billed', () => editLine('not-billed.jsonl', 2, (text) => text.replace('handed_over', 'spam')), () => ['not-billed.jsonl:2: was changed']],
    ['a term of a contract', () => edit('contracts/support-v2.yaml', (text) => text.replace('0.015', '0.014')), () => ['contracts/support-v2.yaml:11: was changed', 'contracts/support-v2.yaml: is not the text of contract support version 2']],
    ['one contract for the other', swapContracts, () => ['contracts/support-v1.yaml:2: was changed', 'contracts/support-v2.yaml:2: was changed']],
    ['the total', () => edit('statement.json', total), () => [`statement.json:${lineOf('"totalMinor"')}: was changed`, `statement.json:${lineOf('"totalMinor"')}: totalMinor is 379, and the decisions give 378`]],
    ['ends of lines', () => edit('not-billed.jsonl', (text) => text.slice(0, -1)), () => ['not-billed.jsonl: is not as it was exported, though its lines are']],
    ['a file more', () => writeFileSync(join(bundle, 'contracts', 'support-v3.yaml'), 'x'), () => ['contracts/support-v3.yaml: is not in the manifest']],
    ['a file less', () => rmSync(join(bundle, 'contracts', 'support-v1.yaml')), () => ['contracts/support-v1.yaml: is missing']],
    ['the hash of a file', () => edit('manifest.json', (text) => text.replace(/"sha256": "./, '"sha256": "x')), () => ['manifest.json: rootSha256 is not the hash', 'README.md: is not as it was exported']],
    ['no JSON', () => editLine('decisions.jsonl', 6, (text) => text.slice(1)), () => ['decisions.jsonl:6: was changed', 'decisions.jsonl:6: cannot be read']],
    ['no bundle', () => writeFileSync(join(bundle, 'statement.json'), '[]'), () => ['NOT OK']],
  ])('%s', async (_what, tamper, expected) => {
    tamper();
    const { code, out } = await verified(bundle);
    expect(code).toBe(1);
    for (const said of expected()) expect(out).toContain(said);
  });

  const inDecision = (text: string) => text.replaceAll('"amountMicros":"15000"', '"amountMicros":"16000"');

  it.each<[string, () => void, () => string[]]>([
    ['an amount, against its decision', () => editLine('decisions.jsonl', 5, amount), () => ['decisions.jsonl:5: counts 16000 micros, and its decision says', `statement.json:${lineOf('"listedMicros": "45000"')}: resolved judged: listedMicros is 45000, and the decisions give 46000`]],
    ['an amount with its decision, against the others', () => editLine('decisions.jsonl', 5, inDecision), () => ['decisions.jsonl:5: counts 16000 micros, and the price of its charge gives 15000', 'totalMicros is 3770100, and the decisions give 3771100']],
    ['a fact', () => editLine('decisions.jsonl', 3, (text) => text.replace('"csat":4.5', '"csat":4.6')), () => ['decisions.jsonl:3: the facts of decision']],
    ['a fact of what was not billed', () => editLine('not-billed.jsonl', 2, (text) => text.replace('"csat":4.5', '"csat":4.6')), () => ['not-billed.jsonl:2: the facts of decision']],
    ['a line less', () => removeLine('decisions.jsonl', 3), () => ['resolved system_verified: outcomes is 1, and the decisions give 0']],
    ['a line twice', () => insertLine('decisions.jsonl', 8, oneLine()), () => ['decisions.jsonl:8: posting posting_', 'is counted a second time', 'decisions.jsonl:8: episode 1 of conversation sale is paid for a second time']],
    ['an outcome that was taken back, less', () => removeLine('decisions.jsonl', 4), () => ['decisions.jsonl:7: takes back posting posting_']],
    ['a reversal with the sign of an outcome', () => editLine('decisions.jsonl', 7, (text) => text.replace('"-25000"', '"25000"')), () => ['decisions.jsonl:7: counts 25000 micros, and its decision says -25000']],
    ['what was not billed, less', () => removeLine('not-billed.jsonl', 1), () => ['notBilled is 4, and the decisions give 3']],
    ['what was billed, among what was not', () => insertLine('not-billed.jsonl', 1, JSON.stringify(JSON.parse(oneLine()).decision)), () => ['not-billed.jsonl:1: decision dec_']],
    ['one contract for the other', swapContracts, () => ['contracts/support-v1.yaml: is not the text of contract support version 1', 'contracts/support-v2.yaml: is not the text']],
    ['the hash of a contract in a decision', () => editLine('decisions.jsonl', 2, (text) => text.replace(/"sha256":"../, '"sha256":"zz')), () => ['decisions.jsonl:2: decision dec_', 'names another text of contract support version 2']],
    ['the total', () => edit('statement.json', total), () => [`statement.json:${lineOf('"totalMinor"')}: totalMinor is 379, and the decisions give 378`]],
    ['a line rounded otherwise, with the total', () => edit('statement.json', (text) => total(text).replace('"amountMinor": "5"', '"amountMinor": "6"')), () => [`statement.json:${lineOf('"amountMinor": "5"')}: resolved: amountMinor is 6, and the decisions give 5`]],
    ['the charge of an outcome', () => editLine('decisions.jsonl', 3, (text) => text.replace(/"chargeId":"[^"]*"/, `"chargeId":${JSON.stringify(parsed(join(pristine, 'decisions.jsonl'))[4].chargeId)}`)), () => ['is resolved system_verified support, and its charge is for resolved judged support', 'and the price of its charge gives 15000']],
    ['a quantity', () => editLine('decisions.jsonl', 3, (text) => text.replace(/"quantityMicros":"1000000"\D*$/, (end) => end.replace('1000000', '2000000'))), () => ['decisions.jsonl:3: counts a quantity of 2000000, and its decision says 1000000']],
    ['an adjustment that nobody booked', () => insertLine('adjustments.jsonl', 1, JSON.stringify({ amountMicros: '-1', bookedAt: '2026-11-10T12:00:00.000Z', chargeId: parsed(join(pristine, 'decisions.jsonl'))[4].chargeId, kind: 'repricing', postingId: 'posting_x' })), () => ['resolved judged: adjustedMicros is 0, and the decisions give -1', 'resolved judged: is 14999 micros, and its price gives 15000']],
    ['a time outside of the period', () => editLine('decisions.jsonl', 1, (text) => text.replaceAll('2026-11-10', '2026-12-10')), () => ['decisions.jsonl:1: was booked at 2026-12-10']],
    ['a key twice', () => editLine('decisions.jsonl', 1, (text) => text.replace('{"amountMicros"', '{"amountMicros":"1","amountMicros"')), () => ['decisions.jsonl:1: is not canonical JSON']],
  ])('%s, with every hash made to fit', async (_what, tamper, expected) => {
    tamper();
    fixUp();
    const { code, out } = await verified(bundle);
    expect(code).toBe(1);
    for (const said of expected()) expect(out).toContain(said);
  });
});

function filesIn(bundle: string): string[] {
  return readdirSync(bundle, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name).slice(bundle.length + 1)] : []));
}
