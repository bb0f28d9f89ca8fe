import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Decision, DecisionChange } from '#outcomes';
import { ManualClock } from '#platform';
import { TraceReader } from '#traces';
import { bookNothing, CONTRACT, end, handoff, refund, signal, startOutcomesService, type OutcomesService, type SentEvent, type SentTurn } from './outcomes-service.js';

const START = '2026-11-02T12:00:00.000Z';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let clock: ManualClock;
let service: OutcomesService;
let count = 0;
/** Every test has an organization of its own. */
let organizationId: string;

beforeAll(async () => {
  clock = new ManualClock(START);
  service = await startOutcomesService(clock);
});
afterAll(() => service.close());
beforeEach(async () => {
  // Every test begins at the same time.
  clock.advance(Date.parse(START) - clock.now().getTime());
  organizationId = `org${(count += 1)}`;
  await service.addOrganization(organizationId);
});

async function activate(source = CONTRACT, organization = organizationId) {
  const { contract } = await service.contracts.apply(organization, source, 'support.yaml');
  await service.contracts.activate(organization, contract.id, contract.version);
}

const run = (book = bookNothing, organization = organizationId) => service.decider().run(organization, book);
const history = (conversationId: string, organization = organizationId) => service.decisions.historyOf(organization, conversationId);
/** A turn that began so many minutes after the start; it lasts a second. */
const turn = (conversationId: string, minute: number, given: Partial<SentTurn> = {}): SentTurn => ({ conversationId, turn: String(minute), at: new Date(Date.parse(START) + minute * MINUTE).toISOString(), ...given });
const brief = ({ episode, revision, outcome, isBillable, reason }: Decision) => ({ episode, revision, outcome, isBillable, reason });

describe('decisions', () => {
  beforeEach(() => activate());

  it('are made once, when the conversation has been quiet for the window, and not before', async () => {
    await service.send(organizationId, turn('c', 0, { events: refund }));
    clock.advance(HOUR);
    expect(await run()).toBe(0);
    expect(await service.pending.count(organizationId)).toBe(1);
    clock.advance(1000);
    const booked: DecisionChange[] = [];
    expect(await run(async (_tx, changes) => void booked.push(...changes))).toBe(1);
    expect(await service.pending.count(organizationId)).toBe(0);

    const [decision] = await history('c');
    expect(decision).toMatchObject({
      organizationId,
      episode: 1,
      revision: 1,
      contractId: 'support',
      contractVersion: 1,
      customerId: 'acme',
      outcome: 'refunded',
      isBillable: true,
      grade: 'system_verified',
      amountMicros: 1_800_000n,
      currency: 'USD',
      // gpt-4.1: 1000 tokens in at $2 and 100 out at $8 the million.
      modelCostUsd: '0.002800000000',
      costUnknownSpans: 0,
      episodeStartedAt: new Date(START),
      episodeEndedAt: new Date('2026-11-02T12:00:01.000Z'),
      decidedAt: clock.now(),
      supersedes: null,
      facts: { turns: 1, signals: [{ name: 'refund', source: 'system', value: '', number: null }] },
      evidence: { traceIds: [expect.stringMatching(/^[0-9a-f]{32}$/)], signalIds: [expect.stringMatching(/^[0-9a-f]+$/)] },
    });
    expect(decision?.explanation.map(({ at, held }) => [at, held])).toEqual([['exclusions.0.when', false], ['policies.0.when', true], ['policies.0.grade', true]]);
    expect(booked).toMatchObject([{ superseded: null, timeZone: 'America/New_York', decision: { id: decision?.id } }]);

    clock.advance(100 * HOUR);
    expect(await run()).toBe(0);
    expect(await history('c')).toHaveLength(1);
  });

  it('are not changed by spans that are sent again', async () => {
    await service.send(organizationId, turn('c', 0));
    clock.advance(2 * HOUR);
    await run();
    await service.send(organizationId, turn('c', 0));
    expect(await run()).toBe(0);
    expect(await history('c')).toHaveLength(1);
    expect(await service.pending.count(organizationId)).toBe(0);
  });

  it('are superseded when a late span changes the facts', async () => {
    await service.send(organizationId, turn('c', 0));
    clock.advance(2 * HOUR);
    await run();
    await service.send(organizationId, turn('c', 0, { part: 'late tool call' }));
    const booked: DecisionChange[] = [];
    expect(await run(async (_tx, changes) => void booked.push(...changes))).toBe(1);
    const [first, second] = await history('c');
    expect(second).toMatchObject({ episode: 1, revision: 2, supersedes: first?.id, facts: { tool_calls: [{ name: 'late_tool', succeeded: true }] } });
    expect(booked).toMatchObject([{ superseded: { id: first?.id }, decision: { id: second?.id } }]);
    expect((await service.decisions.standing(organizationId, ['c'])).map(({ id }) => id)).toEqual([second?.id]);
  });

  it('open a second episode for a return after the window', async () => {
    await service.send(organizationId, turn('c', 0));
    clock.advance(2 * HOUR);
    await run();
    await service.send(organizationId, turn('c', 120, { events: handoff }));
    clock.advance(2 * HOUR);
    await run();
    expect((await history('c')).map(brief)).toEqual([
      { episode: 1, revision: 1, outcome: 'resolved', isBillable: true, reason: 'policy_held' },
      { episode: 2, revision: 1, outcome: 'none', isBillable: false, reason: 'handed_over' },
    ]);
  });

  it('are taken back when a turn that comes late joins two episodes', async () => {
    await service.send(organizationId, turn('c', 0), turn('c', 90));
    clock.advance(5 * HOUR);
    await run();
    await service.send(organizationId, turn('c', 45));
    await run();
    expect((await service.decisions.standing(organizationId, ['c'])).map(brief)).toEqual([
      { episode: 1, revision: 2, outcome: 'resolved', isBillable: true, reason: 'policy_held' },
      { episode: 2, revision: 2, outcome: 'none', isBillable: false, reason: 'episode_merged' },
    ]);
  });

  it('follow a trace that turns out to be of another conversation, and charge it once', async () => {
    await service.send(organizationId, turn('b', 0, { events: refund }), turn('c', 0));
    clock.advance(2 * HOUR);
    await run();
    // A conversation id on any span holds for the whole trace, and the first of several in the order of their text.
    await service.send(organizationId, turn('b', 0, { part: 'late tool call', named: 'a' }), turn('c', 0, { part: 'late tool call', named: 'd' }));
    await run();
    const standing = async (id: string) => (await service.decisions.standing(organizationId, [id])).map(({ revision, isBillable, reason, evidence }) => [revision, isBillable, reason, evidence.traceIds.length]);
    expect([await standing('a'), await standing('b')]).toEqual([[[1, true, 'policy_held', 1]], [[2, false, 'episode_merged', 0]]]);
    expect([await standing('c'), await standing('d')]).toEqual([[[2, true, 'policy_held', 1]], []]);
    expect(await run()).toBe(0);
  });

  it('are made at once where the sender says that the conversation is over, and corrected at once', async () => {
    await service.send(organizationId, turn('c', 0), turn('c', 1, { events: end }));
    clock.advance(MINUTE + 2000);
    expect(await run()).toBe(1);
    expect((await history('c')).map(brief)).toEqual([{ episode: 1, revision: 1, outcome: 'resolved', isBillable: true, reason: 'policy_held' }]);
    // As if the end had been loaded long ago: what was loaded when is forgotten in time.
    await service.stores.clickhouse.run({ query: 'ALTER TABLE trace_changes DELETE WHERE organization_id = {organizationId: String} SETTINGS mutations_sync = 1', query_params: { organizationId } });
    await service.send(organizationId, turn('c', 0, { part: 'late tool call' }));
    expect(await run()).toBe(1);
    expect((await history('c')).map(({ revision }) => revision)).toEqual([1, 2]);
  });

  it('hang on log records that name the conversation and no trace, as on the events of its spans', async () => {
    await service.send(organizationId, turn('c', 0), turn('other', 0));
    const record = (event: SentEvent) => service.sendRecord(organizationId, 'c', new Date(Date.parse(START) + MINUTE).toISOString(), event);
    await record(signal('refund', 'system'));
    for (let time = 0; time < 3; time++) await record(['astrolabe.conversation.end', {}]);
    clock.advance(2 * MINUTE);
    expect(await run()).toBe(1);
    expect((await history('c')).map(brief)).toEqual([{ episode: 1, revision: 1, outcome: 'refunded', isBillable: true, reason: expect.any(String) }]);
    await record(['astrolabe.handoff', { 'astrolabe.handoff.reason': 'customer_request' }]);
    expect(await run()).toBe(1);
    expect((await history('c')).map(brief)[1]).toMatchObject({ episode: 1, revision: 2, isBillable: false, reason: 'handed_over' });
    expect(await history('other')).toEqual([]);
  });

  it('are made under the terms of the first decision, also after the next version is active', async () => {
    await service.send(organizationId, turn('c', 0, { events: refund }));
    clock.advance(2 * HOUR);
    await run();
    await activate(CONTRACT.replace('version: 1', 'version: 2').replace('"1.80"', '"9.00"'));
    await service.send(organizationId, turn('c', 0, { part: 'late tool call' }), turn('d', 0, { events: refund }));
    await run();
    expect((await history('c')).map(({ contractVersion, amountMicros }) => [contractVersion, amountMicros])).toEqual([[1, 1_800_000n], [1, 1_800_000n]]);
    expect((await history('d')).map(({ contractVersion, amountMicros }) => [contractVersion, amountMicros])).toEqual([[2, 9_000_000n]]);
  });

  it('bill nothing for whom no contract covers, after three days', async () => {
    await service.send(organizationId, turn('c', 0, { customer: 'stranger' }), turn('d', 0, { agent: 'sales' }));
    clock.advance(2 * HOUR);
    expect(await run()).toBe(0);
    clock.advance(72 * HOUR);
    expect(await run()).toBe(2);
    expect((await history('c')).map(({ reason, customerId, contractId }) => [reason, customerId, contractId])).toEqual([['no_contract', 'stranger', null]]);
    expect(await service.decisions.counts(organizationId)).toEqual([
      { outcome: 'none', grade: null, isBillable: false, reason: 'no_contract', isTestTraffic: false, currency: 'USD', count: 2, amountMicros: 0n },
    ]);
  });

  it('never mix organizations', async () => {
    const other = `${organizationId}-other`;
    await service.addOrganization(other);
    await activate(CONTRACT.replace('"1.80"', '"5.00"'), other);
    // The same trace and span ids for both.
    await service.send(organizationId, turn('c', 0, { events: refund }));
    await service.send(other, turn('c', 0, { events: refund }), turn('only-there', 0));
    clock.advance(2 * HOUR);
    expect(await run()).toBe(1);
    expect(await run(bookNothing, other)).toBe(2);
    const [[mine], [theirs]] = [await history('c'), await history('c', other)];
    expect([mine?.amountMicros, theirs?.amountMicros]).toEqual([1_800_000n, 5_000_000n]);
    expect([mine?.modelCostUsd, theirs?.modelCostUsd]).toEqual(['0.002800000000', '0.002800000000']);
    expect(mine?.id).not.toBe(theirs?.id);
    expect(await history('only-there')).toEqual([]);
    await service.mirror.run(organizationId);
    const mirrored = await service.stores.clickhouse.rows({ query: 'SELECT count() AS n FROM v_outcomes WHERE organization_id = {o: String}', query_params: { o: other } });
    expect(mirrored).toEqual([{ n: '0' }]);
  });

  it('cannot be changed or deleted', async () => {
    await service.send(organizationId, turn('c', 0));
    clock.advance(2 * HOUR);
    await run();
    const { postgres } = service.stores;
    await expect(postgres.updateTable('outcomeDecisions').set({ isBillable: false, amountMicros: 0n }).where('organizationId', '=', organizationId).execute()).rejects.toThrow('outcome_decisions is append-only: UPDATE refused');
    await expect(postgres.deleteFrom('outcomeDecisions').where('organizationId', '=', organizationId).execute()).rejects.toThrow('outcome_decisions is append-only: DELETE refused');
  });
});

describe('test traffic', () => {
  it('is decided, shown apart and never billed, whatever the contract says', async () => {
    await activate();
    await service.send(organizationId, turn('real', 0, { events: refund }), turn('simulated', 0, { events: refund, environment: 'simulation' }));
    clock.advance(2 * HOUR);
    expect(await run()).toBe(2);
    expect((await history('simulated')).map(({ isTestTraffic, isBillable, reason, amountMicros }) => [isTestTraffic, isBillable, reason, amountMicros])).toEqual([[true, false, 'test_traffic', 0n]]);
    expect((await history('real')).map(({ isTestTraffic, isBillable }) => [isTestTraffic, isBillable])).toEqual([[false, true]]);
    await service.mirror.run(organizationId);
    const mirrored = await service.stores.clickhouse.rows<{ conversation_id: string }>({ query: 'SELECT conversation_id FROM v_outcomes WHERE organization_id = {o: String}', query_params: { o: organizationId } });
    expect(mirrored).toEqual([{ conversation_id: 'real' }]);
  });
});

describe('what senders put into ids', () => {
  it('a NUL character is replaced before anything rests on it, so that it stops no decision', async () => {
    await activate();
    await service.send(organizationId, turn('poi\u0000son', 0), turn('fine', 0));
    clock.advance(2 * HOUR);
    expect(await run()).toBe(2);
    expect((await history('poi\uFFFDson')).length).toBe(1);
    expect((await history('fine')).length).toBe(1);
  });

  it('two conversations on one trace are decided as one', async () => {
    await activate();
    const span = (id: string, conversation: string) => ({
      traceId: 'ab'.repeat(16),
      spanId: id.repeat(8),
      name: 'chat',
      startTimeUnixNano: `${Date.parse(START)}000000`,
      endTimeUnixNano: `${Date.parse(START) + 1000}000000`,
      attributes: [{ key: 'gen_ai.conversation.id', value: { stringValue: conversation } }],
    });
    for (const spans of [[span('11', 'x-second')], [span('22', 'x-first')]]) await service.sendRequest(organizationId, { resourceSpans: [{ scopeSpans: [{ spans }] }] });
    clock.advance(100 * HOUR);
    await run();
    expect([(await history('x-first')).length, (await history('x-second')).length]).toEqual([1, 0]);
  });
});

describe('two deciders at once', () => {
  it('decide and book each episode once', async () => {
    await activate();
    const conversations = Array.from({ length: 450 }, (_, index) => turn(`c${index}`, 0, { events: index % 2 === 0 ? refund : handoff }));
    await service.send(organizationId, ...conversations);
    clock.advance(2 * HOUR);
    const booked: string[] = [];
    const counts = await Promise.all([1, 2, 3].map(() => run(async (_tx, changes) => void booked.push(...changes.map(({ decision }) => decision.id)))));
    expect(counts.reduce((sum, made) => sum + made, 0)).toBe(450);
    expect(booked).toHaveLength(450);
    expect(new Set(booked).size).toBe(450);
    expect(await service.pending.count(organizationId)).toBe(0);
    expect((await service.decisions.counts(organizationId)).map(({ outcome, isBillable, count: many, amountMicros }) => [outcome, isBillable, many, amountMicros])).toEqual([
      ['refunded', true, 225, 405_000_000n],
      ['none', false, 225, 0n],
    ]);
  });

  it.each([['looked where its traces are', 'tracesOf'], ['read what was sent', 'rowsOf']] as const)('do not decide on less than was decided on already, since one had %s', async (_had, step) => {
    await activate();
    await service.send(organizationId, turn('c', 0, { events: end }));
    clock.advance(MINUTE);
    // After the slow one has read, more of the conversation is loaded, and another one decides it.
    let meanwhile = async () => {
      meanwhile = async () => undefined;
      await service.send(organizationId, turn('c', 0, { part: 'late tool call' }));
      expect(await run()).toBe(1);
    };
    class SlowReader extends TraceReader {
      override async tracesOf(...request: Parameters<TraceReader['tracesOf']>) {
        const traces = await super.tracesOf(...request);
        if (step === 'tracesOf') await meanwhile();
        return traces;
      }
      override async rowsOf(...request: Parameters<TraceReader['rowsOf']>) {
        const rows = await super.rowsOf(...request);
        if (step === 'rowsOf') await meanwhile();
        return rows;
      }
    }
    const booked: string[] = [];
    const slow = service.decider(new SlowReader(service.stores.clickhouse));
    expect(await slow.run(organizationId, async (_tx, changes) => void booked.push(...changes.map(({ decision }) => decision.id)))).toBe(0);
    expect(booked).toEqual([]);
    expect(await history('c')).toMatchObject([{ revision: 1, facts: { tool_calls: [{ name: 'late_tool' }] } }]);
    expect(await service.pending.count(organizationId)).toBe(0);
  });

  it('become visible in the order of their numbers, so that the copy passes none over', async () => {
    await activate();
    await service.send(organizationId, turn('a', 0));
    clock.advance(2 * HOUR);
    let second: Promise<unknown> | undefined;
    await run(async () => {
      // The first has its number and is not done; the second must wait for it, or be copied before it.
      await service.send(organizationId, turn('b', 1));
      let isDone = false;
      second = run().then(() => (isDone = true));
      while (!isDone && !(await isSomebodyWaiting())) await service.mirror.run(organizationId);
      await service.mirror.run(organizationId);
    });
    await second;
    await service.mirror.run(organizationId);
    const copied = await service.stores.clickhouse.rows({ query: 'SELECT conversation_id FROM v_outcomes WHERE organization_id = {o: String} ORDER BY conversation_id', query_params: { o: organizationId } });
    expect(copied).toEqual([{ conversation_id: 'a' }, { conversation_id: 'b' }]);
  });

  async function isSomebodyWaiting(): Promise<boolean> {
    const { rows } = await sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`.execute(service.stores.postgres);
    return rows.length > 0;
  }
});

describe('the copy in ClickHouse', () => {
  it('equals what stands in PostgreSQL, after revisions too', async () => {
    await activate();
    await service.send(organizationId, turn('a', 0, { events: refund }), turn('b', 0, { events: handoff }), turn('c', 0), turn('c', 120));
    clock.advance(10 * HOUR);
    await run();
    await service.mirror.run(organizationId);
    await service.mirror.run(organizationId);
    await service.send(organizationId, turn('a', 0, { part: 'late tool call' }));
    await run();
    await service.mirror.run(organizationId);

    const copied = await service.stores.clickhouse.rows<Record<string, unknown>>({
      query: `SELECT decision_id, conversation_id, episode, revision, outcome, is_billable, reason, grade, toString(amount) AS amount, currency, toString(model_cost_usd) AS cost,
                cost_unknown_spans, toUnixTimestamp64Milli(decided_at) AS decided_ms, toUnixTimestamp64Milli(episode_ended_at) AS ended_ms
              FROM v_outcomes WHERE organization_id = {organizationId: String} ORDER BY conversation_id, episode`,
      query_params: { organizationId },
    });
    const standing = await service.decisions.standing(organizationId, ['a', 'b', 'c']);
    expect(standing.map(({ conversationId, episode, revision }) => [conversationId, episode, revision])).toEqual([['a', 1, 2], ['b', 1, 1], ['c', 1, 1], ['c', 2, 1]]);
    expect(copied).toEqual(
      standing.map((decision) => ({
        decision_id: decision.id,
        conversation_id: decision.conversationId,
        episode: decision.episode,
        revision: decision.revision,
        outcome: decision.outcome,
        is_billable: decision.isBillable ? 1 : 0,
        reason: decision.reason,
        grade: decision.grade ?? '',
        amount: { refunded: '1.8', resolved: '0.4' }[decision.outcome] ?? '0',
        currency: 'USD',
        cost: '0.0028',
        cost_unknown_spans: 0,
        decided_ms: String(decision.decidedAt.getTime()),
        ended_ms: String(decision.episodeEndedAt.getTime()),
      })),
    );
  });
});

describe('a conversation that is never quiet', () => {
  it('is decided when an episode is as long as one may be, though something comes every half hour', async () => {
    await activate(CONTRACT.replace('quiet_window: 1h', 'quiet_window: 1h\nlongest_episode: 3h'));
    const made: number[] = [];
    for (let minute = 0; minute <= 240; minute += 30) {
      clock.advance(Date.parse(START) + minute * MINUTE + 1000 - clock.now().getTime());
      await service.send(organizationId, turn('c', minute, minute === 30 ? { events: refund } : {}));
      if ((await run()) > 0) made.push(minute);
    }
    expect(made).toEqual([180]);
    expect((await history('c')).map(brief)).toEqual([{ episode: 1, revision: 1, outcome: 'refunded', isBillable: true, reason: 'policy_held' }]);
    // The rest is an episode of its own, and goes on until it is quiet.
    clock.advance(2 * HOUR);
    await run();
    expect((await history('c')).map(({ episode, facts }) => [episode, facts['turns']])).toEqual([[1, 6], [2, 3]]);
  });
});

describe('what a system of record says over REST', () => {
  it('decides an episode, and revises one that was decided without it', async () => {
    await activate();
    const said = (id: string, conversationId: string) => ({ id, name: 'refund', source: 'system', conversationId, at: START });
    await service.send(organizationId, turn('before', 0), turn('after', 0));
    await service.sendSignals(organizationId, said('r-1', 'before'));
    clock.advance(HOUR + 1000);
    await run();
    expect((await history('before')).map(brief)).toEqual([{ episode: 1, revision: 1, outcome: 'refunded', isBillable: true, reason: 'policy_held' }]);
    expect((await history('after')).map(({ outcome }) => outcome)).toEqual(['resolved']);
    for (let time = 0; time < 3; time++) await service.sendSignals(organizationId, said('r-2', 'after'));
    await run();
    expect((await history('after')).map(({ revision, outcome, amountMicros }) => [revision, outcome, amountMicros])).toEqual([[1, 'resolved', 400_000n], [2, 'refunded', 1_800_000n]]);
    expect(await run()).toBe(0);
  });
});
