import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TrackingService } from '#outcomes';
import { JobCursors, ManualClock } from '#platform';
import { generateConversations } from '../../bench/decide/conversations.js';
import { bookNothing, CONTRACT, startOutcomesService, type OutcomesService } from './outcomes-service.js';

/*
 * What a pass of the decision job reads of the evidence, counted by the engine itself, with little and with ten times as much in the store.
 */

const BEGUN_AT = new Date('2026-11-02T10:00:00Z');
const LITTLE = 1500;
const MUCH = 15_000;
// The smallest part of a table that the engine reads.
const GRANULE_ROWS = 8192;

describe('the work of deciding', () => {
  const clock = new ManualClock(new Date('2026-11-12T12:00:00Z'));
  let service: OutcomesService;

  beforeAll(async () => {
    service = await startOutcomesService(clock);
    for (const [organizationId, conversations] of [['little', LITTLE], ['much', MUCH]] as const) {
      await service.addOrganization(organizationId);
      await service.contracts.apply(organizationId, CONTRACT, 'support.yaml');
      await service.contracts.activate(organizationId, 'support', 1);
      await service.stores.clickhouse.run(generateConversations({ organizationId, customerId: 'acme', conversations, startedAt: BEGUN_AT }));
      expect(await decide(organizationId)).toMatchObject({ decided: conversations });
    }
    // So long a part of a load may appear after it, and what can be seen of it is counted.
    await setTimeout(5_100);
  });
  afterAll(() => service.close());

  async function rowsRead(): Promise<number> {
    const [row] = await service.stores.clickhouse.rows<{ value: string }>({ query: "SELECT value FROM system.events WHERE event = 'SelectedRows'", query_params: {} });
    return Number(row?.value ?? 0);
  }

  async function decide(organizationId: string): Promise<{ decided: number; read: number }> {
    const before = await rowsRead();
    const decided = await service.decider().run(organizationId, bookNothing);
    return { decided, read: (await rowsRead()) - before };
  }

  const changeOne = async (organizationId: string) => {
    const [changed] = await service.stores.clickhouse.rows<{ conversation_id: string }>({ query: 'SELECT conversation_id FROM conversations WHERE organization_id = {organizationId: String} LIMIT 1', query_params: { organizationId } });
    await service.send(organizationId, { conversationId: changed?.conversation_id ?? '', turn: 'one more', at: '2026-11-02T12:00:00Z' });
  };

  it('reads nothing of what was sent where nothing changed', async () => {
    for (const organizationId of ['little', 'much']) {
      const work = await decide(organizationId);
      expect(work.decided).toBe(0);
      expect(work.read).toBeLessThanOrEqual(GRANULE_ROWS);
    }
  });

  it('reads a few granules for one conversation that changed, however many others there are', async () => {
    await changeOne('little');
    await changeOne('much');
    const [little, much] = [await decide('little'), await decide('much')];
    expect(little.decided).toBeGreaterThan(0);
    expect(much.decided).toBe(little.decided);
    expect(much.read).toBeLessThan(little.read + 2 * GRANULE_ROWS);
    expect(much.read).toBeLessThan((MUCH * 10) / 2);
  });

  it('notices what was loaded before the latest load and appears after it', async () => {
    await service.addOrganization('late');
    const { postgres, clickhouse } = service.stores;
    const tracking = new TrackingService(postgres, clock, new JobCursors(postgres), service.traces, service.contracts, service.pending, service.decisions);
    await service.send('late', { conversationId: 'a', turn: '1', at: '2026-11-12T11:59:00Z' }, { conversationId: 'b', turn: '1', at: '2026-11-12T11:59:00Z' });
    // As a receiver with a clock an hour ahead would load it.
    const load = (conversationId: string, minutesAhead: number) =>
      clickhouse.run({
        query: "INSERT INTO trace_changes SELECT 'late', now64(3) + toIntervalMinute({minutesAhead: UInt32}), trace_id, conversation_id FROM conversations WHERE organization_id = 'late' AND conversation_id = {conversationId: String}",
        query_params: { conversationId, minutesAhead },
      });
    const tracked = async () => {
      clock.advance(1000);
      await tracking.run('late');
      const rows = await postgres.selectFrom('pendingConversations').select('conversationId').where('organizationId', '=', 'late').where('changedAt', '=', clock.now()).orderBy('conversationId').execute();
      return rows.map((row) => row.conversationId);
    };
    await load('a', 60);
    expect(await tracked()).toEqual(['a', 'b']);
    expect(await tracked()).toEqual([]);
    await load('b', 30);
    expect(await tracked()).toContain('b');
    expect(await tracked()).toEqual([]);
  });
});
