import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Book } from '#outcomes';
import { ManualClock, openClickHouseServer } from '#platform';
import { TraceReader } from '#traces';
import { bookNothing, CONTRACT, startOutcomesService, type OutcomesService, type SentTurn } from './outcomes-service.js';

const START = '2026-11-02T12:00:00.000Z';
const HOUR = 3_600_000;

const clock = new ManualClock(START);
let service: OutcomesService;
let count = 0;
let organizationId: string;

beforeAll(async () => {
  service = await startOutcomesService(clock);
});
afterAll(() => service.close());
beforeEach(async () => {
  clock.advance(Date.parse(START) - clock.now().getTime());
  organizationId = `org${(count += 1)}`;
  await service.addOrganization(organizationId);
  const { contract } = await service.contracts.apply(organizationId, CONTRACT, 'support.yaml');
  await service.contracts.activate(organizationId, contract.id, contract.version);
});

const run = (book = bookNothing) => service.decider().run(organizationId, book);
const turn = (conversationId: string): SentTurn => ({ conversationId, turn: '0', at: START });

describe('a store that goes away', () => {
  it('while a list is decided ends the run, and is held against no conversation', async () => {
    await service.send(organizationId, turn('a'), turn('b'));
    clock.advance(2 * HOUR);
    const away = openClickHouseServer('http://127.0.0.1:1');
    class AwaySoon extends TraceReader {
      override rowsOf = (...request: Parameters<TraceReader['rowsOf']>) => new TraceReader(away).rowsOf(...request);
      override check = () => new TraceReader(away).check();
    }
    await expect(service.decider(new AwaySoon(service.stores.clickhouse)).run(organizationId, bookNothing)).rejects.toMatchObject({ code: 'clickhouse_unavailable' });
    await away.close();
    expect(await run()).toBe(2);
  });
});

describe('a booking that fails', () => {
  it('for one conversation takes back what it wrote, holds up no other, and is tried again in a minute', async () => {
    await service.send(organizationId, turn('a'), turn('b'), turn('c'));
    clock.advance(2 * HOUR);
    const { postgres } = service.stores;
    const book = (refused: string): Book => async (tx, changes) => {
      for (const { decision: { conversationId } } of changes) {
        await tx.insertInto('customers').values({ organizationId, id: `booked-${conversationId}`, name: 'x', createdAt: clock.now() }).execute();
        if (conversationId === refused) throw new Error('the ledger is closed');
      }
    };
    const booked = async () =>
      (await postgres.selectFrom('customers').select('id').where('organizationId', '=', organizationId).where('id', 'like', 'booked-%').orderBy('id').execute()).map(({ id }) => id);
    expect(await run(book('b'))).toBe(2);
    expect(await booked()).toEqual(['booked-a', 'booked-c']);
    expect(await service.decisions.historyOf(organizationId, 'b')).toEqual([]);
    expect(await service.pending.count(organizationId)).toBe(1);

    expect(await run(book(''))).toBe(0);
    clock.advance(60_000);
    expect(await run(book(''))).toBe(1);
    expect(await booked()).toEqual(['booked-a', 'booked-b', 'booked-c']);
  });
});
