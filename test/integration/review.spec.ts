import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { sql } from 'kysely';
import { ContractStore, DecisionStore, ReviewService, type Decision } from '#outcomes';
import { ApiKeys, ManualClock, PlatformModule, ProblemFilter, createLogger, derivedId, listen, sha256Hex } from '#platform';
import { OutcomesApiModule } from '../../apps/api/src/outcomes/outcomes-api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';
import { CONTRACT } from './outcomes-service.js';

const clock = new ManualClock('2026-12-01T12:00:00Z');
const [operator, reader, stranger] = [ApiKeys.newSecret(), ApiKeys.newSecret(), ApiKeys.newSecret()];
const anna = { name: 'Anna', keyId: 'key_1' };
const ben = { name: 'Ben', keyId: 'key_1' };
const answer = (said: string | null, given: { note?: string; sawOthers?: boolean; question?: string } = {}) => ({ question: 'reached', answer: said, note: '', sawOthers: false, ...given });

let stores: TestStores;
let app: NestFastifyApplication;
let url: string;
let review: ReviewService;
let decisions: DecisionStore;
let organizations = 0;
/** A new one for each test. */
let organizationId: string;

beforeAll(async () => {
  stores = await openTestStores();
  const logger = createLogger('silent', 'test');
  class TestModule {}
  const platform = PlatformModule.with({ config: stores.config, stores, clock, logger });
  app = await NestFactory.create<NestFastifyApplication>({ module: TestModule, imports: [platform, OutcomesApiModule] }, new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  url = await listen(app, '127.0.0.1', 0);
  [review, decisions] = [app.get(ReviewService), app.get(DecisionStore)];
});
afterAll(async () => {
  await app.close();
  await stores.close();
});
beforeEach(async () => {
  organizationId = `org-${organizations++}`;
  await addOrganization(organizationId);
});

async function addOrganization(id: string): Promise<void> {
  await stores.postgres.insertInto('organizations').values({ id, name: id, createdAt: clock.now() }).execute();
}

function decision(conversationId: string, given: Partial<Decision> = {}): Decision {
  const owner = given.organizationId ?? organizationId;
  const isBillable = given.isBillable ?? true;
  return {
    ...{ id: derivedId('dec', owner, conversationId, 1, given.revision ?? 1), organizationId: owner, conversationId, episode: 1, addition: '', revision: 1, contractId: 'support', contractVersion: 1 },
    ...{ customerId: 'acme', agent: 'support', variant: '', locale: 'en', channel: '', isTestTraffic: false, outcome: isBillable ? 'resolved' : 'none', isBillable },
    ...{ reason: isBillable ? 'policy_held' : 'no_policy_held', grade: isBillable ? 'inferred' : null, amountMicros: isBillable ? 400_000n : 0n, quantityMicros: 1_000_000n, listed: null, currency: 'USD' },
    ...{ facts: {}, factsSha256: '', explanation: [], evidence: { traceIds: [], signalIds: [] }, modelCostUsd: '0', costUnknownSpans: 0 },
    ...{ episodeStartedAt: new Date('2026-11-20T10:00:00Z'), episodeEndedAt: new Date('2026-11-20T11:00:00Z'), decidedAt: new Date('2026-11-20T12:00:00Z'), finalAt: null, supersedes: null },
    ...given,
  };
}

/** So many decisions that are alike. */
async function decide(name: string, count: number, given: Partial<Decision> = {}): Promise<Decision[]> {
  const made = Array.from({ length: count }, (_, index) => decision(`${name}-${index}`, given));
  await stores.postgres.transaction().execute((tx) => decisions.insert(tx, made));
  return made;
}

const sample = (perStratum: number, given: { seed?: string; period?: string; assignTo?: string[] } = {}) =>
  review.sample(organizationId, { period: given.period ?? '2026-11', perStratum, seed: given.seed ?? 's' }, given.assignTo ?? [], 'key_1');
const idsInQueue = async (who = 'Anna') => (await review.queue(organizationId, who)).map(({ item }) => item.decision.id).sort();
/** Independent of the query: the first n by the hash of seed and id. */
const firstByHash = (some: readonly Decision[], n: number, seed = 's') => some.map(({ id }) => ({ id, hash: sha256Hex(`${seed}:${id}`) })).sort((a, b) => (a.hash < b.hash ? -1 : 1)).slice(0, n).map(({ id }) => id);

describe('sampling', () => {
  it('draws the same each time, so many of each outcome and locale, billable or not', async () => {
    const strata = [await decide('en', 12), await decide('de', 3, { locale: 'de' }), await decide('refund', 7, { outcome: 'refunded' }), await decide('none', 20, { isBillable: false })];
    const drawn = await sample(5);
    expect(drawn).toEqual([
      { outcome: 'none', locale: 'en', isBillable: false, size: 20, drawn: 5, added: 5 },
      { outcome: 'refunded', locale: 'en', isBillable: true, size: 7, drawn: 5, added: 5 },
      { outcome: 'resolved', locale: 'de', isBillable: true, size: 3, drawn: 3, added: 3 },
      { outcome: 'resolved', locale: 'en', isBillable: true, size: 12, drawn: 5, added: 5 },
    ]);
    const expected = (n: number) => strata.flatMap((stratum) => firstByHash(stratum, n)).sort();
    expect(await idsInQueue()).toEqual(expected(5));
    expect((await sample(5)).map(({ added }) => added)).toEqual([0, 0, 0, 0]);
    expect(await idsInQueue()).toEqual(expected(5));
    // A larger sample holds the smaller one; of two at once, each draws what the other does.
    await Promise.all([sample(8), sample(8)]);
    expect(await idsInQueue()).toEqual(expected(8));
    const { draw } = (await review.queue(organizationId, 'Anna')).find(({ item }) => item.decision.id === firstByHash(strata[0] ?? [], 8)[7])?.item.reasons[0] ?? {};
    expect(draw).toEqual({ period: '2026-11', seed: 's', stratumSize: 12, stratumDrawn: 8 });
  });

  it('draws others by another seed, and counts what was drawn before', async () => {
    const all = await decide('en', 40);
    await sample(5);
    const [stratum] = await sample(5, { seed: 'other' });
    const both = new Set([...firstByHash(all, 5), ...firstByHash(all, 5, 'other')]);
    expect(stratum).toMatchObject({ drawn: both.size, added: both.size - 5 });
    expect(await idsInQueue()).toEqual([...both].sort());
  });

  it('takes what stands, of that month in UTC, that somebody might be billed for', async () => {
    const [kept] = await decide('kept', 1, { decidedAt: new Date('2026-11-30T23:59:59.999Z') });
    const [first] = await decide('revised', 1);
    const [second] = await decide('revised', 1, { revision: 2, supersedes: first?.id ?? null, outcome: 'refunded' });
    const addition = { addition: 'refunded', outcome: 'refunded' };
    const [beside] = await decide('kept', 1, { ...addition, id: derivedId('dec', organizationId, 'beside') });
    await decide('test', 1, { isTestTraffic: true, isBillable: false });
    await decide('merged', 1, { isBillable: false, reason: 'episode_merged' });
    await decide('without', 1, { isBillable: false, contractId: null, contractVersion: null, reason: 'no_contract' });
    await decide('later', 1, { decidedAt: new Date('2026-12-01T00:00:00Z') });
    await decide('no-longer', 1, { ...addition, isBillable: false, id: derivedId('dec', organizationId, 'no longer') });
    expect((await sample(10)).map(({ outcome, size, drawn }) => [outcome, size, drawn])).toEqual([['refunded', 2, 2], ['resolved', 1, 1]]);
    expect(await idsInQueue()).toEqual([kept?.id, second?.id, beside?.id].sort());
    await expect(sample(1, { period: '2026-13' })).rejects.toMatchObject({ code: 'invalid_period' });
  });

  it('takes in what was picked by hand, which is no sample until it is drawn', async () => {
    const [one] = await decide('en', 1);
    if (!one) throw new Error('nothing decided');
    await review.add(organizationId, one.id, { why: 'disputed', note: 'never solved', assignedTo: null }, 'key_1');
    await review.label(organizationId, one.id, answer('yes'), anna);
    expect(await review.report(organizationId, 1)).toMatchObject({ sampled: 0, notSampled: 1 });
    expect(await sample(1)).toMatchObject([{ drawn: 1, added: 1 }]);
    const [{ item } = { item: null }] = await review.queue(organizationId, 'Anna');
    expect(item?.reasons.map(({ why, note }) => [why, note]).sort()).toEqual([['disputed', 'never solved'], ['sampled', '']]);
    expect(await review.report(organizationId, 1)).toMatchObject({ sampled: 1, notSampled: 0, total: { precision: { kind: 'measured', rate: 1, n: 1 } } });
    await expect(review.add(organizationId, 'dec_none', { why: 'picked', note: '', assignedTo: null }, 'key_1')).rejects.toMatchObject({ code: 'decision_not_found' });
  });

  it('deals out in turn what is to be labelled once', async () => {
    await decide('en', 4);
    await sample(4, { assignTo: ['Anna', 'Ben'] });
    const states = (await review.queue(organizationId, 'Anna')).map(({ state, item }) => [item.assignedTo, state]);
    expect(states.sort()).toEqual([['Anna', 'to_label'], ['Anna', 'to_label'], ['Ben', 'assigned'], ['Ben', 'assigned']]);
    const bens = (await review.queue(organizationId, 'Ben')).find(({ state }) => state === 'to_label')?.item.decision.id ?? '';
    for (const [assignedTo, state] of [['Anna', 'to_label'], ['Cleo', 'assigned'], [null, 'to_label']] as const) {
      await review.assign(organizationId, bens, assignedTo);
      expect(await review.item(organizationId, bens, 'Anna')).toMatchObject({ state, item: { assignedTo } });
    }
    await expect(review.assign(organizationId, 'dec_none', 'Anna')).rejects.toMatchObject({ code: 'review_item_not_found' });
  });
});

describe('labels', () => {
  let id: string;
  beforeEach(async () => {
    id = (await decide('en', 1))[0]?.id ?? '';
    await sample(1);
  });
  const rows = () => stores.postgres.selectFrom('labels').select(['labeller', 'answer', 'sawOthers']).where('decisionId', '=', id).orderBy('sequence').execute();

  it('are added and never changed', async () => {
    await review.label(organizationId, id, answer('yes', { note: 'read it' }), anna);
    await review.label(organizationId, id, answer('yes', { note: 'read it' }), anna);
    await review.label(organizationId, id, answer('no'), anna);
    await review.label(organizationId, id, answer(null), anna);
    await review.label(organizationId, id, answer(null), anna);
    expect((await rows()).map((row) => row.answer)).toEqual(['yes', 'no', null]);
    for (const table of ['labels', 'adjudications', 'review_reasons']) {
      if (table === 'adjudications') {
        await review.label(organizationId, id, answer('no'), anna);
        await review.adjudicate(organizationId, id, { question: 'reached', answer: 'no', reason: 'so it was' }, anna);
      }
      await expect(sql`UPDATE ${sql.table(table)} SET decision_id = decision_id WHERE decision_id = ${id}`.execute(stores.postgres)).rejects.toThrow('append-only');
      await expect(sql`DELETE FROM ${sql.table(table)} WHERE decision_id = ${id}`.execute(stores.postgres)).rejects.toThrow('append-only');
    }
  });

  it('are shown to who has labelled, and settled by who has', async () => {
    await review.label(organizationId, id, answer('yes'), anna);
    expect(await review.item(organizationId, id, 'Ben')).toMatchObject({ state: 'to_label', own: [], others: null });
    await expect(review.adjudicate(organizationId, id, { question: 'reached', answer: 'no', reason: 'I know' }, ben)).rejects.toMatchObject({ code: 'label_first' });
    await review.label(organizationId, id, answer('no'), ben);
    expect(await review.item(organizationId, id, 'Ben')).toMatchObject({ state: 'disagreed', own: [{ answer: 'no' }], others: [{ labeller: 'Anna', answer: 'yes' }] });
    const settled = { question: 'reached', answer: 'no', reason: 'asked again a day later' };
    await review.adjudicate(organizationId, id, settled, ben);
    await review.adjudicate(organizationId, id, settled, ben);
    expect((await review.item(organizationId, id, 'Cleo')).item.adjudications).toHaveLength(1);
    await expect(review.label(organizationId, id, answer('yes'), anna)).rejects.toMatchObject({ code: 'already_adjudicated' });
  });

  it('of many at once do not wait for one another for ever', async () => {
    const contracts = app.get(ContractStore);
    await contracts.apply(organizationId, CONTRACT, 'support.yaml');
    await contracts.activate(organizationId, 'support', 1);
    const many = Array.from({ length: 25 }, (_, index) => ({ name: `labeller ${index}`, keyId: 'key_1' }));
    await Promise.all(many.map((reviewer) => review.label(organizationId, id, answer('yes'), reviewer)));
    expect(await rows()).toHaveLength(many.length);
  });

  it('answer what is asked, and nothing else', async () => {
    await expect(review.label(organizationId, id, answer('maybe'), anna)).rejects.toMatchObject({ code: 'unknown_answer', message: expect.stringContaining('yes, no, unsure') });
    await expect(review.label(organizationId, id, answer('yes', { question: 'polite' }), anna)).rejects.toMatchObject({ code: 'unknown_question' });
    await expect(review.label(organizationId, 'dec_none', answer('yes'), anna)).rejects.toMatchObject({ code: 'review_item_not_found' });
  });

  it('are of one organization alone', async () => {
    await review.label(organizationId, id, answer('yes'), anna);
    const other = `${organizationId}-other`;
    await addOrganization(other);
    expect(await review.queue(other, 'Anna')).toEqual([]);
    expect(await review.lastLabel(other, 'Anna')).toBeUndefined();
    expect(await review.report(other, 1)).toMatchObject({ sampled: 0, notSampled: 0 });
    await expect(review.item(other, id, 'Anna')).rejects.toMatchObject({ code: 'review_item_not_found' });
    await expect(review.label(other, id, answer('no'), anna)).rejects.toMatchObject({ code: 'review_item_not_found' });
    await expect(review.adjudicate(other, id, { question: 'reached', answer: 'no', reason: 'mine' }, anna)).rejects.toMatchObject({ code: 'review_item_not_found' });
    await expect(review.add(other, id, { why: 'picked', note: '', assignedTo: null }, 'key_2')).rejects.toMatchObject({ code: 'decision_not_found' });
    expect(await rows()).toHaveLength(1);
  });

  it('are forgotten by nobody who takes back the last, and then the one before', async () => {
    const [second] = await decide('second', 1, { locale: 'de' });
    await sample(1);
    await review.label(organizationId, id, answer('yes'), anna);
    await review.label(organizationId, second?.id ?? '', answer('no'), anna);
    const last = async () => (await review.lastLabel(organizationId, 'Anna'))?.decisionId;
    expect(await last()).toBe(second?.id);
    await review.label(organizationId, second?.id ?? '', answer(null), anna);
    expect(await last()).toBe(id);
    await review.label(organizationId, id, answer(null), anna);
    expect(await last()).toBeUndefined();
  });

  it('say nothing more once the decision is replaced', async () => {
    await review.label(organizationId, id, answer('no'), anna);
    await decide('en', 1, { revision: 2, supersedes: id });
    expect(await review.queue(organizationId, 'Anna')).toEqual([]);
    expect(await review.report(organizationId, 1)).toMatchObject({ sampled: 0, replaced: 1 });
  });
});

describe('what a contract asks', () => {
  it('is asked of decisions under it', async () => {
    const contracts = new ContractStore(stores.postgres, clock);
    await contracts.apply(organizationId, `${CONTRACT}review: { questions: [{ id: polite, ask: Was it polite?, answers: [very, hardly] }] }\n`, 'contract.yaml');
    await contracts.activate(organizationId, 'support', 1);
    const [one] = await decide('en', 1);
    await sample(1);
    const { questions } = await review.item(organizationId, one?.id ?? '', 'Anna');
    expect(questions.map(({ id, answers }) => [id, ...answers])).toEqual([['reached', 'yes', 'no', 'unsure'], ['polite', 'very', 'hardly']]);
    await review.label(organizationId, one?.id ?? '', answer('yes'), anna);
    expect(await review.item(organizationId, one?.id ?? '', 'Anna')).toMatchObject({ state: 'to_label', others: null });
    await review.label(organizationId, one?.id ?? '', answer('very', { question: 'polite' }), anna);
    expect(await review.item(organizationId, one?.id ?? '', 'Anna')).toMatchObject({ state: 'labelled', others: [] });
  });
});

describe('over HTTP and on the command line', () => {
  const org = 'http';
  let ids: string[];
  beforeAll(async () => {
    const keys = app.get(ApiKeys);
    await keys.ensure(org, 'review desk', operator, ['operate', 'read']);
    await keys.ensure(org, 'reader', reader, ['read']);
    await keys.ensure('rival', 'all', stranger, ['admin']);
    organizationId = org;
    const contracts = new ContractStore(stores.postgres, clock);
    await contracts.apply(org, CONTRACT, 'contract.yaml');
    await contracts.activate(org, 'support', 1);
    ids = [...(await decide('en', 2)), ...(await decide('none', 4, { isBillable: false }))].map((made) => made.id);
  });

  async function call(method: string, path: string, body?: unknown, key = operator) {
    const response = await fetch(`${url}/api/v1/review/${path}`, { method, headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...(body !== undefined && { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  async function astrolabe(...argv: string[]) {
    const said = { out: '', err: '' };
    const code = await run(argv, { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: operator } });
    return { code, ...said };
  }

  it('is sampled, labelled, settled and reported', async () => {
    const sampled = await astrolabe('review', 'sample', '--period', '2026-11', '--per-stratum', '4', '--json');
    expect(sampled).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(sampled.out)).toMatchObject({ added: 6, strata: [{ outcome: 'none', size: 4, drawn: 4 }, { outcome: 'resolved', size: 2, drawn: 2 }] });
    expect((await astrolabe('review', 'sample', '--period', '2026-11', '--per-stratum', '4')).out).toContain('0 decisions are new in the queue');

    const label = (id: string, said: string, labeller?: string, question = 'reached') => call('POST', `items/${id}/labels`, { question, answer: said, ...(labeller && { labeller }) });
    const [first = '', second = '', ...notBillable] = ids;
    // Without a name it is the key's.
    expect(await label(first, 'yes')).toMatchObject({ status: 200, body: { state: 'labelled', own: [{ labeller: 'review desk', answer: 'yes' }], others: [] } });
    expect(await call('GET', `items/${first}?labeller=Ben`)).toMatchObject({ status: 200, body: { state: 'to_label', own: [], others: null, adjudications: null } });
    expect(JSON.stringify((await call('GET', 'items?labeller=Ben')).body)).not.toContain('review desk');
    await label(first, 'no', 'Ben');
    for (const who of ['review desk', 'Ben']) await label(second, 'yes', who);
    // Of four one was missed.
    for (const [index, id] of notBillable.entries()) await label(id, index === 0 ? 'resolved' : 'none', undefined, 'missed_outcome');
    expect(await label(notBillable[0] ?? '', 'upsell', undefined, 'missed_outcome')).toMatchObject({ status: 400, body: { code: 'unknown_answer', detail: expect.stringContaining('none, refunded, resolved, unsure') } });
    expect(await call('POST', `items/${first}/adjudications`, { question: 'reached', answer: 'no', reason: 'asked again', labeller: 'Cleo' })).toMatchObject({ status: 409, body: { code: 'label_first' } });
    expect(await call('POST', `items/${first}/adjudications`, { question: 'reached', answer: 'no', reason: 'asked again', labeller: 'Ben' })).toMatchObject({ status: 200, body: { state: 'adjudicated' } });

    // One of two billable is right, one of four not billable was missed: 1 of 2 reached was billed. Agreement: yes/no and yes/yes.
    expect(await call('GET', 'report?minimum=1')).toMatchObject({
      status: 200,
      body: { sampled: 6, settled: 6, total: { precision: { rate: 0.5, n: 2 }, recall: { rate: 0.5, n: 6 }, agreement: { items: 2, alpha: 0, pairs: [{ labellers: ['Ben', 'review desk'], kappa: 0 }] } } },
    });
    expect((await call('GET', 'report?minimum=1')).body).toMatchObject({ byOutcome: [{ outcome: 'none', precision: null, recall: null }, { outcome: 'resolved', precision: { rate: 0.5 }, recall: { rate: 0.5, n: 6 } }] });
    expect((await astrolabe('review', 'report')).out).toMatch(/^all +too few \(2\) +too few \(2\) +too few \(2\)$/m);
    expect((await astrolabe('review', 'report', '--minimum', '1')).out).toMatch(/^all +50\.0 % \[9\.5 %, 90\.5 %\] of 2 +50\.0 %/m);
    expect((await astrolabe('review', 'assign', first, 'Cleo')).out).toBe(`${first} is labelled by Cleo\n`);
    expect((await call('GET', `items/${first}`)).body).toMatchObject({ assignedTo: 'Cleo', state: 'adjudicated' });
    expect(JSON.parse((await astrolabe('review', 'assign', first, '--json')).out)).toEqual({ decisionId: first, assignedTo: null });
    expect((await call('PUT', `items/${first}/assignment`, { assignedTo: ' ' })).body).toMatchObject({ code: 'invalid_input' });
    expect((await astrolabe('review', 'list', '--state', 'adjudicated')).out).toMatch(new RegExp(`^${first} +en-0 1 +resolved, en +sampled +adjudicated +yes$`, 'm'));
    expect(JSON.parse((await astrolabe('review', 'list', '--labeller', 'Cleo', '--json')).out)).toMatchObject({ total: 6 });
  });

  it('needs the scope, and shows nothing of another organization', async () => {
    const [first = ''] = ids;
    const body = { question: 'reached', answer: 'yes' };
    expect(await call('POST', `items/${first}/labels`, body, reader)).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    expect(await call('POST', 'samples', { period: '2026-11', perStratum: 1 }, reader)).toMatchObject({ status: 403 });
    expect(await call('GET', 'report', undefined, reader)).toMatchObject({ status: 200 });
    expect(await call('GET', `items/${first}`, undefined, stranger)).toMatchObject({ status: 404, body: { code: 'review_item_not_found' } });
    expect(await call('POST', `items/${first}/labels`, body, stranger)).toMatchObject({ status: 404 });
    for (const [key, status] of [[reader, 403], [stranger, 404]] as const) expect(await call('PUT', `items/${first}/assignment`, { assignedTo: 'Anna' }, key)).toMatchObject({ status });
    expect(await call('POST', 'items', { decisionId: first, why: 'picked' }, stranger)).toMatchObject({ status: 404, body: { code: 'decision_not_found' } });
    expect((await call('GET', 'items', undefined, stranger)).body).toEqual({ total: 0, items: [] });
    expect(await call('POST', 'samples', { period: 'November', perStratum: 1 })).toMatchObject({ status: 400, body: { code: 'invalid_period' } });
    expect(await call('POST', 'items', { decisionId: first, why: 'sampled' })).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });
});
