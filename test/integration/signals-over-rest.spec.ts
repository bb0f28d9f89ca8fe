import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { ApiKeys, ManualClock, SystemClock, createLogger, openClickHouseServer } from '#platform';
import { OtlpIntake, TraceReader } from '#traces';
import { openReceivers, type OtlpReceivers, type ReceiverSettings } from '../support/otlp-receivers.js';
import { eventually } from '../support/service-process.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

/* What a system of record sends over REST: on disk before it is acknowledged, each id once, one bad record no reason to refuse the others. */

const REFUND = { id: 'refund-17', name: 'refund_issued', source: 'system', value: 42.5, conversationId: 'c-1', at: '2026-11-01T00:10:00.000000001Z' };

describe('POST /api/v1/signals', () => {
  const clock = new ManualClock('2026-11-01T00:30:00Z');
  let stores: TestStores;
  let keys: ApiKeys;
  let receivers: OtlpReceivers;
  let reader: TraceReader;
  let closing: (() => Promise<unknown>)[] = [];
  let number = 0;

  beforeAll(async () => {
    stores = await openTestStores();
    keys = new ApiKeys(stores.postgres, new SystemClock());
    receivers = await openReceivers(stores, { clock });
    reader = new TraceReader(stores.clickhouse);
  });
  afterAll(async () => {
    await receivers.close();
    await stores.close();
  });
  afterEach(async () => {
    for (const close of closing) await close();
    closing = [];
  });

  const newSender = async (scopes: Parameters<ApiKeys['ensure']>[3] = ['ingest'], organizationId = `organization-${++number}`) => {
    const key = ApiKeys.newSecret();
    await keys.ensure(organizationId, `key-${++number}`, key, scopes);
    const post = async (body: unknown, headers: Record<string, string> = {}, to = receivers) => {
      const sent = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(`${to.url}/api/v1/signals`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers }, body: sent as BodyInit });
      return { status: response.status, type: response.headers.get('content-type')?.split(';')[0], retryAfter: response.headers.get('retry-after'), body: (await response.json()) as Record<string, unknown> };
    };
    const signalsIn = async (conversationId: string, from = receivers) => {
      await from.intake.drain();
      return (await reader.signalsOf(organizationId, [conversationId])).map(({ name, value }) => `${name} ${value}`);
    };
    return { organizationId, post, signalsIn };
  };
  const others = async (settings: ReceiverSettings) => {
    const opened = await openReceivers(stores, { clock, ...settings, config: { DATA_DIR: `${stores.config.DATA_DIR}/${++number}`, ...settings.config } });
    closing.push(() => opened.close());
    return opened;
  };

  it('keeps what was said, as it was said', async () => {
    const { organizationId, post, signalsIn } = await newSender();
    expect(await post({ signals: [{ ...REFUND, attributes: { ticket: 'T-9', urgent: true } }] })).toMatchObject({ status: 200, type: 'application/json', body: { accepted: 1, repeated: 0, rejected: [] } });
    expect(await signalsIn('c-1')).toEqual(['refund_issued 42.5']);
    expect(await reader.signalsOf(organizationId, ['c-1'])).toMatchObject([
      { signal_id: 'rest-refund-17', kind: 'signal', source: 'system', at_ns: '1793491800000000001', own_conversation_id: 'c-1', trace_id: '', attributes: { ticket: 'T-9', urgent: 'true' } },
    ]);
  });

  it('takes an array, lines, and gzip', async () => {
    const { post, signalsIn } = await newSender();
    await post([{ ...REFUND, id: 'a' }]);
    await post(`${JSON.stringify({ ...REFUND, id: 'b' })}\n${JSON.stringify({ ...REFUND, id: 'c' })}\n`, { 'content-type': 'application/x-ndjson' });
    expect((await post(gzipSync(JSON.stringify([{ ...REFUND, id: 'd' }])), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(await signalsIn('c-1')).toHaveLength(4);
  });

  it('counts an id once: in a batch, across batches, and after a restart; what came first stands', async () => {
    const { organizationId, post, signalsIn } = await newSender();
    const config = { DATA_DIR: `${stores.config.DATA_DIR}/${++number}` };
    const first = await openReceivers(stores, { clock, config });
    expect((await post([REFUND, { ...REFUND, value: 1 }], {}, first)).body).toMatchObject({ accepted: 2, repeated: 1 });
    clock.advance(60_000);
    expect((await post([{ ...REFUND, value: 2, conversationId: 'c-2', at: '2026-11-01T00:20:00Z' }], {}, first)).body).toMatchObject({ accepted: 1, repeated: 1 });
    await first.close();
    const restarted = await others({ config });
    expect((await post([{ ...REFUND, value: 3 }], {}, restarted)).body).toMatchObject({ repeated: 1 });
    expect([await signalsIn('c-1', restarted), await signalsIn('c-2', restarted)]).toEqual([['refund_issued 42.5'], []]);
    // Whoever reads the table and not through the reader finds copies of one row, and no second one.
    const rows = await stores.clickhouse.rows<{ value: string }>({ query: 'SELECT DISTINCT * FROM signals WHERE organization_id = {organizationId: String}', query_params: { organizationId } });
    expect(rows.map(({ value }) => value)).toEqual(['42.5']);
  });

  // Whether a receiver died after the claim or could not write, what is left is the same: a claim, and no row.
  it('loses nothing of what was claimed and not written; what came first with the id is written when the id comes again', async () => {
    const { organizationId, post, signalsIn } = await newSender();
    const full = await others({ config: { SPOOL_BYTES_MAX: 1 } });
    expect(await post([REFUND], {}, full)).toMatchObject({ status: 503, body: { code: 'spool_full' }, retryAfter: expect.stringMatching(/^\d+$/) });
    expect(await stores.postgres.selectFrom('signalClaims').select('id').where('organizationId', '=', organizationId).execute()).toEqual([{ id: 'refund-17' }]);
    expect(await signalsIn('c-1')).toEqual([]);
    expect((await post([{ ...REFUND, value: 9 }, { ...REFUND, id: 'new', value: 8 }])).body).toMatchObject({ accepted: 2, repeated: 1 });
    expect((await signalsIn('c-1')).sort()).toEqual(['refund_issued 42.5', 'refund_issued 8']);
  });

  it('is one signal where two receivers are sent its id at once', async () => {
    const { organizationId, post, signalsIn } = await newSender();
    const second = await others({});
    const batch = (value: number) => Array.from({ length: 100 }, (_, n) => ({ ...REFUND, id: `s-${n + 100}`, name: `n-${n}`, value }));
    // Both wait for the id in the middle and go on when it is free. Did they take ids as they come, each would then hold what the other needs.
    const middle = await stores.postgres.startTransaction().execute();
    await middle.insertInto('signalClaims').values({ organizationId, id: 's-150', signal: '{}', claimedAt: clock.now() }).execute();
    const sent = [post(batch(1)), post(batch(2).reverse(), {}, second)];
    const waiting = sql`SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await eventually(() => waiting.execute(stores.postgres), ({ rows }) => rows.length === 2);
    await middle.rollback().execute();
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ body }) => body['repeated'] as number).sort()).toEqual([0, 100]);
    await second.intake.drain();
    const names = (await signalsIn('c-1')).map((said) => said.split(' ')[0]);
    expect([names.length, new Set(names).size]).toEqual([100, 100]);
  });

  it('leaves out what is wrong, and says which and why; refuses a request of which nothing is right', async () => {
    const { post, signalsIn } = await newSender();
    const answer = await post([{ ...REFUND, id: 'good' }, { ...REFUND, id: 'old', at: '2001-01-01T00:00:00Z' }, { ...REFUND, id: 'bad', source: 'billing' }]);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1, rejected: [{ index: 1, id: 'old', problem: expect.stringContaining('INGEST_SPAN_AGE_DAYS_MAX') }, { index: 2, id: 'bad', problem: expect.stringContaining('it must be system, customer, agent, human') }] } });
    expect(await post([{ id: 'x' }])).toMatchObject({ status: 400, type: 'application/problem+json', body: { code: 'invalid_signals', details: { accepted: 0, rejected: [{ index: 0, id: 'x' }] } } });
    expect(await post('{')).toMatchObject({ status: 400, body: { code: 'malformed_signals' } });
    expect(await post('x', { 'content-type': 'text/plain' })).toMatchObject({ status: 415, body: { code: 'unsupported_content_type' } });
    expect(await signalsIn('c-1')).toEqual(['refund_issued 42.5']);
  });

  it('needs a key that may send, and is another signal to another organization', async () => {
    const [one, another, readOnly] = [await newSender(), await newSender(), await newSender(['read'])];
    expect(await readOnly.post([REFUND])).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    await one.post([REFUND]);
    expect((await another.post([{ ...REFUND, value: 7 }])).body).toMatchObject({ accepted: 1, repeated: 0 });
    expect([await one.signalsIn('c-1'), await another.signalsIn('c-1')]).toEqual([['refund_issued 42.5'], ['refund_issued 7']]);
  });

  it('is held to the limits of a key, and to those of a body', async () => {
    const { post } = await newSender();
    const limited = await others({ config: { INGEST_KEY_BYTES_PER_SECOND_MAX: 100, INGEST_BODY_BYTES_MAX: 2000 } });
    expect((await post([{ ...REFUND, attributes: { note: 'x'.repeat(900) } }], {}, limited)).status).toBe(200);
    expect(await post([REFUND], {}, limited)).toMatchObject({ status: 429, body: { code: 'key_rate_exceeded' }, retryAfter: expect.stringMatching(/^\d+$/) });
    expect(await (await newSender()).post('x'.repeat(2001), {}, limited)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });

  it('is taken while ClickHouse is away, and loaded when it is there', async () => {
    const { organizationId, post } = await newSender();
    const away = openClickHouseServer('http://127.0.0.1:1');
    const dataDirectory = `${stores.config.DATA_DIR}/${++number}`;
    const waiting = await openReceivers(stores, { clock, clickhouse: away, config: { DATA_DIR: dataDirectory } });
    expect((await post([REFUND], {}, waiting)).status).toBe(200);
    await waiting.close();
    await away.close();
    expect(await reader.signalsOf(organizationId, ['c-1'])).toEqual([]);
    const back = await OtlpIntake.open({ config: { ...stores.config, DATA_DIR: dataDirectory }, clickhouse: stores.clickhouse, postgres: stores.postgres, clock, logger: createLogger('silent', 'test') });
    await back.drain();
    await back.close();
    expect(await reader.signalsOf(organizationId, ['c-1'])).toMatchObject([{ name: 'refund_issued' }]);
  });

  it('wakes the conversation that it is about', async () => {
    const { organizationId, post, signalsIn } = await newSender();
    const from = new Date(((await reader.loadedThrough(organizationId, new Date(0))).loadedThrough?.getTime() ?? 0) + 1);
    await post([REFUND, { ...REFUND, id: 'end', kind: 'end', name: 'conversation_end', conversationId: 'c-9' }]);
    await signalsIn('c-1');
    // A conversation that has no turn is none yet: it has no span, and nothing to decide.
    const traceId = 'ab'.repeat(16);
    await post([{ ...REFUND, id: 'of-a-turn', traceId }]);
    await signalsIn('c-1');
    expect((await reader.changedConversations(organizationId, from, new Date(Date.now() + 60_000))).map(({ conversationId }) => conversationId)).toEqual(['c-1']);
    expect(await reader.endedConversations(organizationId, new Date(0), new Date(Date.now() + 60_000))).toContain('c-9');
  });
});
