import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { sql } from 'kysely';
import { ContractStore, DecisionStore, ReplayStore } from '#outcomes';
import { ApiKeys, AuditLog, createLogger, derivedId, ensureFirstKey, hashAuditEntry, httpAdapter, listen, ManualClock, PlatformModule, ProblemFilter, sha256Hex, verifyAuditLog, type Actor, type AuditEntry } from '#platform';
import { ApiModule } from '../../apps/api/src/api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';
import { CONTRACT } from './outcomes-service.js';

const clock = new ManualClock('2026-11-02T12:00:00Z');
const [admin, reader, rival] = [ApiKeys.newSecret(), ApiKeys.newSecret(), ApiKeys.newSecret()];
const job: Actor = { kind: 'job', id: 'tidy' };

let stores: TestStores;
let app: NestFastifyApplication;
let audit: AuditLog;
let url: string;
let directory: string;

beforeAll(async () => {
  stores = await openTestStores({ STRIPE_API_URL: 'http://127.0.0.1:1' });
  directory = mkdtempSync(join(tmpdir(), 'astrolabe-audit-'));
  const logger = createLogger('silent', 'test');
  const root = { module: class Root {}, imports: [PlatformModule.with({ config: stores.config, stores, clock, logger }), ApiModule] };
  app = await NestFactory.create<NestFastifyApplication>(root, httpAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  audit = app.get(AuditLog);
  url = await listen(app, '127.0.0.1', 0);
  const keys = app.get(ApiKeys);
  await keys.ensure('acme', 'first', admin, ['admin']);
  await keys.ensure('acme', 'reader', reader, ['read']);
  await keys.ensure('rival', 'first', rival, ['admin'], audit.by({ kind: 'command', id: 'start' }));
});
afterAll(async () => {
  await app.close();
  await stores.close();
  rmSync(directory, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown, key = admin) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/v1/${path}`, { method, headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...sent });
  const text = await response.text();
  return { status: response.status, text, body: (text.startsWith('{') ? JSON.parse(text.split('\n')[0] ?? '') : {}) as Record<string, unknown> };
}
async function astrolabe(...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await run(argv, { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: argv.includes('--key') ? undefined : reader } });
  return { code, ...said };
}
const entries = (organizationId: string) => audit.list(organizationId, { limit: 500 });
const write = (organizationId: string, reason: string) => stores.postgres.transaction().execute((tx) => audit.record(tx, { organizationId, actor: job, action: 'thing.done', subject: { kind: 'thing', id: '1' }, reason }));

/** An organization of its own with so many entries, and a key that reads it. */
async function addLog(organizationId: string, count: number): Promise<string> {
  const key = ApiKeys.newSecret();
  await app.get(ApiKeys).ensure(organizationId, 'reader', key, ['read']);
  for (let n = 1; n <= count; n += 1) await write(organizationId, `number ${n}`);
  return key;
}

/** What nobody can do over the service: a person with the rights of the database's owner. */
async function behindOurBack(statement: string): Promise<void> {
  await stores.postgres.transaction().execute(async (tx) => {
    await sql.raw('ALTER TABLE audit_log DISABLE TRIGGER USER').execute(tx);
    await sql.raw(statement).execute(tx);
    await sql.raw('ALTER TABLE audit_log ENABLE TRIGGER USER').execute(tx);
  });
}

describe('what is written down', () => {
  const decisionId = derivedId('dec', 'acme', 'c-1', 1, 1);
  let replayId: string;
  let keyId: string;

  beforeAll(async () => {
    const at = new Date('2026-11-01T10:00:00Z');
    const decision = {
      ...{ id: decisionId, organizationId: 'acme', conversationId: 'c-1', episode: 1, addition: '', revision: 1, contractId: 'support', contractVersion: 1, customerId: 'acme', agent: 'support', variant: '', locale: 'en', channel: '' },
      ...{ isTestTraffic: false, outcome: 'resolved', isBillable: true, reason: 'policy_held', grade: 'inferred' as const, amountMicros: 400_000n, quantityMicros: 1_000_000n, listed: null, currency: 'USD', facts: {}, factsSha256: '' },
      ...{ explanation: [], evidence: { traceIds: [], signalIds: [] }, modelCostUsd: '0', costUnknownSpans: 0, episodeStartedAt: at, episodeEndedAt: at, decidedAt: at, finalAt: null, supersedes: null },
    };
    await stores.postgres.transaction().execute((tx) => app.get(DecisionStore, { strict: false }).insert(tx, [decision]));
    const contract = { id: 'support', version: 1, sourceSha256: sha256Hex(CONTRACT) };
    const replay = { contract, against: [], window: { from: at, to: clock.now() }, result: {} as never, warnings: [], replayedBy: 'key_1' };
    replayId = (await app.get(ReplayStore, { strict: false }).add('acme', replay)).id;
    keyId = ((await call('POST', 'keys', { name: 'agent', scopes: ['ingest'] })).body as { id: string }).id;
  });

  const rollout = (exposure: string) => ({ flag: 'f', agent: 'support', task: 'reason', base: { name: 'a', value: 'x' }, candidate: { name: 'b', value: 'y' }, exposure });
  const cheaper = CONTRACT.replace(/quiet_window: 1h/, 'quiet_window: 2h');
  const label = { labeller: 'Ada', question: 'reached', answer: 'yes' };
  /** Each operation in the order of a story: what is sent, and what stands in the log of it. Sending it again adds nothing, unless it says so. */
  const OPERATIONS: { handler: string; send: () => [method: string, path: string, body?: unknown]; wrote: object; isNewEachTime?: true }[] = [
    { handler: 'KeysController.create', send: () => ['POST', 'keys', { name: 'other', scopes: ['read'] }], wrote: { action: 'api_key.created', before: null, after: { name: 'other', scopes: ['read'] } }, isNewEachTime: true },
    { handler: 'KeysController.revoke', send: () => ['DELETE', `keys/${keyId}`, { reason: 'it leaked' }], wrote: { action: 'api_key.revoked', reason: 'it leaked', before: { name: 'agent', scopes: ['ingest'], revokedAt: null }, after: { name: 'agent', scopes: ['ingest'], revokedAt: '2026-11-02T12:00:00.000Z' } } },
    { handler: 'ContractsController.apply', send: () => ['POST', 'contracts', { source: CONTRACT }], wrote: { action: 'contract.applied', subject: { kind: 'contract', id: 'support@1' }, before: null, after: { sourceSha256: sha256Hex(CONTRACT), terms: expect.objectContaining({ 'quiet window': '1h' }) } } },
    { handler: 'ContractsController.apply', send: () => ['POST', 'contracts', { source: cheaper }], wrote: { action: 'contract.applied', before: { sourceSha256: sha256Hex(CONTRACT), terms: { 'quiet window': '1h' } }, after: { sourceSha256: sha256Hex(cheaper), terms: { 'quiet window': '2h' } } } },
    { handler: 'ContractsController.shadow', send: () => ['PUT', 'contracts/support/versions/1/shadow', { isOn: true, reason: 'to see' }], wrote: { action: 'contract.shadow_started', reason: 'to see', before: { shadowSince: null }, after: { shadowSince: '2026-11-02T12:00:00.000Z' } } },
    { handler: 'ReplaysController.signOff', send: () => ['POST', `contracts/replays/${replayId}/sign-offs`, { note: 'looked at 20' }], wrote: { action: 'replay.signed_off', reason: 'looked at 20', after: { contract: 'support@1', sourceSha256: sha256Hex(CONTRACT) } }, isNewEachTime: true },
    { handler: 'ContractsController.activate', send: () => ['POST', 'contracts/support/versions/1/activate', { reason: 'signed today' }], wrote: { action: 'contract.activated', reason: 'signed today', before: { status: 'draft', sourceSha256: sha256Hex(cheaper), activeVersions: [] }, after: { status: 'active', sourceSha256: sha256Hex(cheaper), activeVersions: [1], retiredVersions: [] } } },
    { handler: 'ReviewController.add', send: () => ['POST', 'review/items', { decisionId, why: 'picked', note: 'odd' }], wrote: { action: 'review.item_added', subject: { kind: 'decision', id: decisionId }, after: { why: 'picked', note: 'odd', assignedTo: null } } },
    { handler: 'ReviewController.sample', send: () => ['POST', 'review/samples', { period: '2026-11', perStratum: 5 }], wrote: { action: 'review.sampled', subject: { kind: 'period', id: '2026-11' }, after: { perStratum: 5, seed: 'review', assignTo: [], added: 1 } } },
    { handler: 'ReviewController.assign', send: () => ['PUT', `review/items/${decisionId}/assignment`, { assignedTo: 'Ada' }], wrote: { action: 'review.assigned', before: { assignedTo: null }, after: { assignedTo: 'Ada' } } },
    { handler: 'ReviewController.label', send: () => ['POST', `review/items/${decisionId}/labels`, label], wrote: { action: 'review.labelled', actor: { kind: 'person', id: 'Ada' }, before: { question: 'reached', isAnswered: false }, after: { question: 'reached', isAnswered: true, keyId: expect.stringMatching(/^key_/) } } },
    { handler: 'ReviewController.adjudicate', send: () => ['POST', `review/items/${decisionId}/adjudications`, { ...label, reason: 'it was' }], wrote: { action: 'review.adjudicated', actor: { kind: 'person', id: 'Ada' }, reason: 'it was', before: null, after: { question: 'reached', answer: 'yes', keyId: expect.stringMatching(/^key_/) } } },
    { handler: 'TelemetryController.changeSettings', send: () => ['PATCH', 'telemetry/settings', { spanRetentionDays: 90, reason: 'policy 7' }], wrote: { action: 'telemetry.settings_changed', reason: 'policy 7', before: { spanRetentionDays: expect.any(Number) }, after: { spanRetentionDays: 90 } } },
    { handler: 'TelemetryController.erase', send: () => ['POST', 'telemetry/erasures', { endUserId: 'jo@example.org' }], wrote: { action: 'content.erasure_requested', subject: { kind: 'erasure', id: expect.stringMatching(/^era_/) }, after: { of: 'end user' } }, isNewEachTime: true },
    { handler: 'RolloutsController.put', send: () => ['PUT', 'rollouts/f', rollout('5%')], wrote: { action: 'rollout.created', subject: { kind: 'rollout', id: 'f' }, before: null, after: { ...rollout('5%'), enabled: true } } },
    { handler: 'RolloutsController.put', send: () => ['PUT', 'rollouts/f', rollout('25%')], wrote: { action: 'rollout.changed', before: { exposure: '5%' }, after: { exposure: '25%' } } },
  ];

  it('is each operation that changes what is decided or billed or who may do it, once', async () => {
    for (const { send, wrote, isNewEachTime } of OPERATIONS) {
      const before = await entries('acme');
      const [method, path, body] = send();
      const answer = await call(method, path, body);
      expect([path, answer.status, answer.body['detail']]).toEqual([path, expect.any(Number), undefined]);
      expect(answer.status).toBeLessThan(300);
      const [entry, ...more] = (await entries('acme')).slice(before.length);
      expect(entry).toMatchObject({ organizationId: 'acme', sequence: before.length + 1, at: '2026-11-02T12:00:00.000Z', actor: { kind: 'key', id: expect.stringMatching(/^key_/) }, ...wrote });
      expect(more).toEqual([]);
      if (isNewEachTime) continue;
      // A label that is settled is refused the second time.
      await call(method, path, body);
      expect((await entries('acme')).length).toBe(before.length + 1);
    }
    expect(await verifyAuditLog(await entries('acme'))).toEqual({ kind: 'whole', head: await audit.head('acme') });
    const text = JSON.stringify(await entries('acme'));
    expect(text).not.toMatch(/astk_|jo@example\.org/);
  });

  it('leaves out no operation that takes more than reading', () => {
    const changes = [...app.get(ModulesContainer).values()].flatMap(({ controllers }) => [...controllers.values()].flatMap(({ metatype }) => changingHandlers(metatype as { name: string; prototype: object })));
    // These store what was simulated or replayed, which decides and bills nothing.
    const STORED_ONLY = ['EvalsController.putSuite', 'EvalsController.putRun', 'EvalsController.putTrial', 'EvalsController.finish', 'ReplaysController.replay'];
    // Closing of periods and what is set up at Stripe: to be taken off this list as they come to write.
    const AWAITED = ['BooksController.close', 'BooksController.rebuild', 'StripeController.plan', 'StripeController.apply', 'StripeController.settle'];
    const known = new Set([...OPERATIONS.map(({ handler }) => handler), ...STORED_ONLY, ...AWAITED, 'KeysController.list']);
    expect([...new Set(changes)].filter((handler) => !known.has(handler))).toEqual([]);
    expect(changes.length).toBeGreaterThan(15);
  });

  it('begins with the key of the first start', async () => {
    const config = { ...stores.config, ORGANIZATION: 'fresh' };
    const secret = await ensureFirstKey(app.get(ApiKeys), audit, config);
    expect(await ensureFirstKey(app.get(ApiKeys), audit, config)).toBeUndefined();
    const bootstrap = { ...config, BOOTSTRAP_API_KEY: ApiKeys.newSecret() };
    for (let start = 1; start <= 2; start += 1) await ensureFirstKey(app.get(ApiKeys), audit, bootstrap);
    expect(await entries('fresh')).toMatchObject([
      { sequence: 1, actor: { kind: 'command', id: 'start' }, action: 'api_key.created', reason: 'no key was there', after: { name: 'first start', scopes: ['admin'] } },
      { sequence: 2, actor: { kind: 'command', id: 'start' }, action: 'api_key.created', reason: 'BOOTSTRAP_API_KEY is set', after: { name: 'bootstrap', scopes: ['admin'] } },
    ]);
    expect(JSON.stringify(await entries('fresh'))).not.toContain(secret);
  });

  it('is nothing where the operation fails or is rolled back', async () => {
    const before = await entries('acme');
    expect((await call('POST', 'contracts/support/versions/9/activate', { reason: 'x' })).status).toBe(404);
    expect((await call('POST', 'contracts', { source: CONTRACT })).status).toBe(409);
    expect((await call('DELETE', `keys/${keyId}`, { reason: '' })).status).toBe(400);
    expect((await call('POST', 'contracts/support/versions/1/activate', { why: 'x' })).status).toBe(400);
    const failing = stores.postgres.transaction().execute(async (tx) => {
      await audit.record(tx, { organizationId: 'acme', actor: job, action: 'thing.done', subject: { kind: 'thing', id: '1' } });
      throw new Error('after all not');
    });
    await expect(failing).rejects.toThrow('after all not');
    expect(await entries('acme')).toEqual(before);
    const contracts = app.get(ContractStore, { strict: false });
    const refusing = { record: () => Promise.reject(new Error('the log is full')) };
    const next = CONTRACT.replace('version: 1', 'version: 2');
    await expect(contracts.apply('acme', next, 'x', refusing)).rejects.toThrow('the log is full');
    await expect(contracts.read('acme', 'support', 2)).rejects.toMatchObject({ code: 'contract_not_found' });
  });

  it('is read back as it was hashed, whatever it holds', async () => {
    const text = 'é 😀 "\\\n\ud800';
    const before = { n: 1e21, small: 1e-7, exact: 0.1, zero: -0, list: [null, { z: text, a: '' }], 10: 'ten', 9: 'nine' };
    await addLog('odd', 0);
    await stores.postgres.transaction().execute((tx) => audit.record(tx, { organizationId: 'odd', actor: { kind: 'person', id: text }, action: 'thing.done', subject: { kind: 'thing', id: text }, reason: text, before, after: null }));
    const [entry] = await entries('odd');
    expect(entry).toMatchObject({ reason: 'é 😀 "\\\n\ufffd', before: { n: 1e21, small: 1e-7, exact: 0.1, zero: 0 }, after: null });
    expect(await verifyAuditLog(await entries('odd'))).toMatchObject({ kind: 'whole' });
  });
});

describe('one chain', () => {
  it('is what many writers at once make, without gaps', async () => {
    await addLog('crowd', 0);
    await Promise.all(Array.from({ length: 24 }, (_, n) => (n % 4 === 0 ? rolledBack('crowd') : write('crowd', `writer ${n}`))));
    const written = await entries('crowd');
    expect(written.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 18 }, (_, n) => n + 1));
    expect(await verifyAuditLog(written)).toEqual({ kind: 'whole', head: await audit.head('crowd') });
  });

  it('is of one organization: another neither waits for it nor sees it', async () => {
    const key = await addLog('apart', 2);
    await stores.postgres.transaction().execute(async (tx) => {
      await audit.record(tx, { organizationId: 'apart', actor: job, action: 'thing.done', subject: { kind: 'thing', id: '1' } });
      await write('rival', 'meanwhile');
    });
    for (const path of ['audit', 'audit?subject=thing:1', 'audit/export']) {
      const { text } = await call('GET', path, undefined, rival);
      expect(text).toContain('meanwhile');
      expect(text).not.toMatch(/apart|number 1/);
    }
    expect((await call('GET', 'audit/head', undefined, rival)).body).toMatchObject({ sequence: 2 });
    expect((await call('GET', 'audit/head', undefined, key)).body).toMatchObject({ sequence: 3 });
  });

  it.each([
    ['UPDATE', "UPDATE audit_log SET reason = 'better'"],
    ['DELETE', 'DELETE FROM audit_log'],
    ['TRUNCATE', 'TRUNCATE audit_log'],
  ])('refuses %s in the database', async (operation, statement) => {
    await expect(sql.raw(statement).execute(stores.postgres)).rejects.toThrow(`audit_log is append-only: ${operation} refused`);
  });

  it('takes no time between two milliseconds, where a change would not show', async () => {
    await addLog('exact', 1);
    await behindOurBack("UPDATE audit_log SET at = at + interval '0.4 milliseconds' WHERE organization_id = 'exact'");
    expect(await sql<{ n: string }>`SELECT count(*)::text AS n FROM audit_log WHERE at <> date_trunc('milliseconds', at)`.execute(stores.postgres)).toMatchObject({ rows: [{ n: '0' }] });
    expect(await verifyAuditLog(await entries('exact'))).toMatchObject({ kind: 'whole' });
  });
});

describe('over REST', () => {
  it('pages, and filters by action and subject', async () => {
    const key = await addLog('paged', 5);
    const read = async (query: string) => {
      const { body } = await call('GET', `audit?${query}`, undefined, key);
      return [(body['entries'] as AuditEntry[]).map(({ sequence }) => sequence), body['next']];
    };
    expect(await read('limit=2')).toEqual([[1, 2], 2]);
    expect(await read('limit=2&after=2')).toEqual([[3, 4], 4]);
    expect(await read('limit=2&after=4')).toEqual([[5], null]);
    expect(await read('limit=5')).toEqual([[1, 2, 3, 4, 5], null]);
    expect(await read('action=thing.done&subject=thing:1&limit=1')).toEqual([[1], 1]);
    expect(await read('subject=thing')).toEqual([[1, 2, 3, 4, 5], null]);
    for (const none of ['action=thing.undone', 'subject=thing:2', 'subject=other']) expect(await read(none)).toEqual([[], null]);
  });

  it.each(['limit=0', 'limit=501', 'after=-1', 'after=x', 'subject=%3A1', 'action='])('refuses %s with a problem', async (query) => {
    expect(await call('GET', `audit?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('needs a key that reads', async () => {
    const { secret } = (await call('POST', 'keys', { name: 'agent', scopes: ['ingest'] })).body as { secret: string };
    for (const path of ['audit', 'audit/head', 'audit/export']) {
      expect(await call('GET', path, undefined, secret)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    }
  });

  it('exports more than a page, up to its head', async () => {
    const key = await addLog('long', 520);
    const lines = (await call('GET', 'audit/export', undefined, key)).text.trimEnd().split('\n').map((line) => JSON.parse(line) as AuditEntry & { end?: unknown });
    expect(lines.length).toBe(521);
    expect(lines.at(-1)).toEqual({ end: { head: await audit.head('long'), exportedAt: '2026-11-02T12:00:00.000Z' } });
    expect(lines.slice(0, -1).every((entry, index) => entry.sequence === index + 1 && hashAuditEntry(entry) === entry.sha256)).toBe(true);
  });
});

describe('on the command line', () => {
  it('lists, exports and verifies', async () => {
    const key = await addLog('cli', 3);
    const { sha256 } = await audit.head('cli');
    const file = join(directory, 'cli.jsonl');
    expect((await astrolabe('audit', 'list', '--key', key, '--limit', '2')).out).toMatch(/^entry +at +by +action +subject +reason\n1 +2026-11-02T12:00:00.000Z +job tidy +thing.done +thing:1 +number 1\n2 .*\n\nmore: --after 2\n$/);
    expect(JSON.parse((await astrolabe('audit', 'list', '--key', key, '--json', '--after', '2')).out)).toMatchObject({ entries: [{ sequence: 3 }], next: null });
    expect(await astrolabe('audit', 'export', '--key', key, '--out', file)).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`head 3:${sha256}`) });
    expect(await astrolabe('audit', 'export', '--key', key, '--out', file)).toMatchObject({ code: 4, err: expect.stringContaining('--force') });
    expect(await astrolabe('audit', 'export', '--key', key, '--out', file, '--force', '--json')).toMatchObject({ code: 0 });
    expect(readdirSync(directory)).toEqual(['cli.jsonl']);
    expect(readFileSync(file, 'utf8')).toBe((await call('GET', 'audit/export', undefined, key)).text);
    for (const source of [['--key', key], ['--file', file]]) {
      const { code, out } = await astrolabe('audit', 'verify', ...source, '--json', '--head', `2:${(await entries('cli'))[1]?.sha256 ?? ''}`, `3:${sha256}`);
      expect([code, JSON.parse(out)]).toEqual([0, { source: source[0] === '--file' ? file : 'service', kind: 'whole', head: { sequence: 3, sha256 } }]);
      expect(await astrolabe('audit', 'verify', ...source, '--head', `4:${sha256}`)).toMatchObject({ code: 1, out: expect.stringContaining('entry 4 is missing') });
    }
    expect(await astrolabe('audit', 'verify', '--head', 'yesterday')).toMatchObject({ code: 2, err: expect.stringContaining('is not SEQUENCE:HASH') });
  });

  it('finds what was done to an exported file', async () => {
    const key = await addLog('filed', 3);
    const file = join(directory, 'filed.jsonl');
    await astrolabe('audit', 'export', '--key', key, '--out', file);
    const lines = readFileSync(file, 'utf8').split('\n');
    const verified = async (changed: readonly string[]) => {
      writeFileSync(file, changed.join('\n'));
      const { code, out, err } = await astrolabe('audit', 'verify', '--file', file, '--json');
      return [code, out === '' ? (JSON.parse(err) as { error: { code: string } }).error.code : (JSON.parse(out) as { fault?: object }).fault];
    };
    expect(await verified(lines)).toEqual([0, undefined]);
    expect(await verified(lines.with(1, (lines[1] ?? '').replace('number 2', 'number 7')))).toEqual([1, expect.objectContaining({ sequence: 2, kind: 'changed' })]);
    expect(await verified(lines.toSpliced(1, 1))).toEqual([1, expect.objectContaining({ sequence: 2, kind: 'missing' })]);
    expect(await verified(lines.toSpliced(2, 1))).toEqual([1, expect.objectContaining({ sequence: 3, kind: 'missing' })]);
    expect(await verified(lines.slice(0, 3))).toEqual([1, expect.objectContaining({ sequence: 4, kind: 'missing' })]);
    expect(await verified(lines.with(0, 'no JSON'))).toEqual([2, 'not_an_audit_export']);
    expect(await astrolabe('audit', 'verify', '--file', join(directory, 'none'))).toMatchObject({ code: 3 });
  });

  it.each([
    ['a changed reason', "UPDATE audit_log SET reason = 'another' WHERE organization_id = 'ORG' AND sequence = 3", 3, 'changed'],
    ['a moved time', "UPDATE audit_log SET at = at - interval '1 day' WHERE organization_id = 'ORG' AND sequence = 1", 1, 'changed'],
    ['another actor', "UPDATE audit_log SET actor = 'someone' WHERE organization_id = 'ORG' AND sequence = 5", 5, 'changed'],
    ['values that were added', `UPDATE audit_log SET after = '{"a": 1}' WHERE organization_id = 'ORG' AND sequence = 2`, 2, 'changed'],
    ['an entry removed in the middle', "DELETE FROM audit_log WHERE organization_id = 'ORG' AND sequence = 4", 4, 'missing'],
    ['the first removed', "DELETE FROM audit_log WHERE organization_id = 'ORG' AND sequence = 1", 1, 'wrong_beginning'],
    ['the last removed, by its head', "DELETE FROM audit_log WHERE organization_id = 'ORG' AND sequence = 5", 5, 'missing'],
    ['all removed, by its head', "DELETE FROM audit_log WHERE organization_id = 'ORG'", 1, 'missing'],
  ])('finds %s in the database behind our back', async (what, statement, sequence, kind) => {
    const organizationId = `tampered-${what.replaceAll(/\W+/g, '-')}`;
    const key = await addLog(organizationId, 5);
    const head = await audit.head(organizationId);
    const verify = () => astrolabe('audit', 'verify', '--key', key, '--json', '--head', `${head.sequence}:${head.sha256}`);
    expect((await verify()).code).toBe(0);
    await behindOurBack(statement.replaceAll('ORG', organizationId));
    const { code, out } = await verify();
    expect([code, JSON.parse(out)]).toMatchObject([1, { kind: 'broken', fault: { sequence, kind } }]);
  });
});

async function rolledBack(organizationId: string): Promise<void> {
  const failing = stores.postgres.transaction().execute(async (tx) => {
    await audit.record(tx, { organizationId, actor: job, action: 'thing.done', subject: { kind: 'thing', id: '1' } });
    throw new Error('rolled back');
  });
  await failing.catch(() => undefined);
}

/** Handlers of a controller that need more than the scope `read`. */
function changingHandlers({ name, prototype }: { name: string; prototype: object }): string[] {
  const scopeOf = (target: object) => Reflect.getMetadata('astrolabe:scope', target) as string | undefined;
  return Object.getOwnPropertyNames(prototype).flatMap((method) => {
    const handler = (prototype as Record<string, unknown>)[method];
    if (method === 'constructor' || typeof handler !== 'function' || Reflect.getMetadata('path', handler) === undefined) return [];
    const scope = scopeOf(handler) ?? scopeOf(prototype.constructor);
    return scope === 'operate' || scope === 'admin' ? [`${name}.${method}`] : [];
  });
}
