import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Decision } from '#outcomes';
import { ManualClock } from '#platform';
import { TelemetrySettingsService } from '#traces';
import { awaitMutations } from '../support/await-mutations.js';
import { CONTRACT, refund, startOutcomesService, type OutcomesService, type SentTurn } from './outcomes-service.js';
import { bookingServices } from '../support/billing-services.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const RETENTION_DAYS = 30;

// The store expires rows by its own clock, so that these tests are about today.
const TODAY = new Date();
const daysAgo = (days: number, minutes = 0) => new Date(TODAY.getTime() - days * DAY + minutes * MINUTE);

let clock: ManualClock;
let service: OutcomesService;
let count = 0;
let organizationId: string;

beforeAll(async () => {
  clock = new ManualClock(TODAY.toISOString());
  service = await startOutcomesService(clock);
});
afterAll(() => service.close());
beforeEach(async () => {
  organizationId = `org${(count += 1)}`;
  await service.addOrganization(organizationId);
  const { contract } = await service.contracts.apply(organizationId, CONTRACT, 'support.yaml');
  await service.contracts.activate(organizationId, contract.id, contract.version);
});

const setTime = (at: Date) => clock.advance(at.getTime() - clock.now().getTime());
const turn = (name: string, at: Date, given: Partial<SentTurn> = {}): SentTurn => ({ conversationId: 'c', turn: name, at: at.toISOString(), ...given });

/** Decides and books, as the worker does. */
async function decide(): Promise<number> {
  const { booking } = bookingServices(service.stores.postgres, clock);
  return service.decider().run(organizationId, async (tx, changes) => {
    await booking.book(tx, changes);
  });
}

/** Every row about money and decisions, as it stands. */
async function books() {
  const { postgres } = service.stores;
  const postings = await postgres.selectFrom('postings').selectAll().where('organizationId', '=', organizationId).orderBy('id').execute();
  const entries = await postgres
    .selectFrom('entries')
    .selectAll()
    .where((eb) => eb('postingId', '=', eb.fn.any(eb.val(postings.map(({ id }) => id)))))
    .execute();
  const meterEvents = await postgres.selectFrom('meterEvents').selectAll().where('organizationId', '=', organizationId).orderBy('sequence').execute();
  return { decisions: await service.decisions.historyOf(organizationId, 'c'), postings, entries, meterEvents };
}

/** Keeps spans for thirty days from now on, and waits until what is older is gone. Returns how many spans are left. */
async function expireSpans(): Promise<number> {
  const { postgres, clickhouse } = service.stores;
  const settings = new TelemetrySettingsService(postgres, clickhouse, clock);
  await settings.write(organizationId, { ...(await settings.read(organizationId)), spanRetentionDays: RETENTION_DAYS });
  await awaitMutations(clickhouse, 'spans');
  await clickhouse.run({ query: 'OPTIMIZE TABLE spans FINAL', query_params: {} });
  const [row] = await clickhouse.rows<{ left: string }>({ query: 'SELECT count() AS left FROM v_spans WHERE organization_id = {organizationId: String}', query_params: { organizationId } });
  return Number(row?.left);
}

const brief = ({ episode, revision, outcome, amountMicros }: Decision) => [episode, revision, outcome, amountMicros];

describe('what was billed on spans that are no longer kept', () => {
  it('stands when the conversation comes back, which is an episode of its own', async () => {
    setTime(daysAgo(40));
    await service.send(organizationId, turn('first', clock.now(), { events: refund }));
    clock.advance(2 * HOUR);
    expect(await decide()).toBe(1);
    const billed = await books();
    expect(billed.decisions.map(brief)).toEqual([[1, 1, 'refunded', 1_800_000n]]);
    expect([billed.postings.length, billed.meterEvents.length]).toEqual([1, 1]);

    setTime(daysAgo(0, -120));
    expect(await expireSpans()).toBe(0);
    await service.send(organizationId, turn('return', clock.now()));
    setTime(TODAY);
    expect(await decide()).toBe(1);
    const after = await books();
    expect(after.decisions.map(brief)).toEqual([[1, 1, 'refunded', 1_800_000n], [2, 1, 'resolved', 400_000n]]);
    for (const table of ['decisions', 'postings', 'entries', 'meterEvents'] as const) expect(after[table]).toEqual(expect.arrayContaining(billed[table]));
    expect([after.postings.length, after.meterEvents.length]).toEqual([2, 2]);

    // Again, and after the same spans came again.
    await service.send(organizationId, turn('return', daysAgo(0, -120)));
    expect(await decide()).toBe(0);
    expect(await books()).toEqual(after);
  });

  it('stands when a late span comes of an episode of which a part is gone, and the next episode is revised', async () => {
    setTime(daysAgo(RETENTION_DAYS, -20));
    await service.send(organizationId, turn('gone', clock.now(), { events: refund }), turn('kept', daysAgo(RETENTION_DAYS, 20)));
    await service.send(organizationId, turn('next', daysAgo(RETENTION_DAYS, 120)));
    clock.advance(10 * HOUR);
    expect(await decide()).toBe(2);
    const billed = await books();
    expect(billed.decisions.map(brief)).toEqual([[1, 1, 'refunded', 1_800_000n], [2, 1, 'resolved', 400_000n]]);

    setTime(TODAY);
    expect(await expireSpans()).toBe(4);
    await service.send(organizationId, turn('kept', daysAgo(RETENTION_DAYS, 20), { part: 'late tool call' }));
    expect(await decide()).toBe(0);
    expect(await books()).toEqual(billed);

    await service.send(organizationId, turn('next', daysAgo(RETENTION_DAYS, 120), { part: 'late tool call' }));
    expect(await decide()).toBe(1);
    const after = await books();
    expect(after.decisions.map(brief)).toEqual([[1, 1, 'refunded', 1_800_000n], [2, 1, 'resolved', 400_000n], [2, 2, 'resolved', 400_000n]]);
    // The revision has the same price, so that no money moved.
    expect([after.postings, after.meterEvents]).toEqual([billed.postings, billed.meterEvents]);
  });
});
