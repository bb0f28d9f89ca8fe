import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listPriceOf, type Price } from '#outcomes';
import { ManualClock } from '#platform';
import { bookingServices } from '../support/billing-services.js';
import { addOrganization, DecidedOutcomes, type DecidedOutcome } from '../support/decided-outcomes.js';
import { anyPrice } from '../../libs/outcomes/src/testing/any-price.js';
import { slowPriceOf } from '../support/slow-rating.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const clock = new ManualClock('2026-11-10T12:00:00Z');
const UNIT = 1_000_000n;
const tiers = [
  { upTo: 3n * UNIT, unitMicros: 2_000_000n, flatMicros: 0n },
  { upTo: null, unitMicros: 1_000_000n, flatMicros: 500_000n },
];
const graduated: Price = { kind: 'graduated', tiers };
const volume: Price = { kind: 'volume', tiers };

let stores: TestStores;
let count = 0;

beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());

async function books() {
  const organizationId = `org${(count += 1)}`;
  await addOrganization(stores.postgres, organizationId, ['northwind', 'contoso'], clock.now());
  const services = bookingServices(stores.postgres, clock);
  const decided = new DecidedOutcomes(stores.postgres, clock, services.booking, organizationId, 'UTC');
  const at = (price: Price, conversationId: string, quantityMicros = UNIT): DecidedOutcome => ({ conversationId, price, quantityMicros, amountMicros: listPriceOf(price, quantityMicros) });
  return {
    ...services,
    organizationId,
    decide: (price: Price, ...conversationIds: string[]) => decided.decide(...conversationIds.map((id) => at(price, id))),
    decideQuantity: (price: Price, conversationId: string, quantityMicros: bigint) => decided.decide(at(price, conversationId, quantityMicros)),
    takeBack: (...conversationIds: string[]) => decided.decide(...conversationIds.map((conversationId) => ({ conversationId, price: null }))),
    owed: async () => (await services.projections.balances(stores.postgres, { organizationId, account: 'receivable:northwind' }))[0]?.amountMicros ?? 0n,
    postings: () =>
      stores.postgres
        .selectFrom('postings as p')
        .leftJoin('entries as e', (join) => join.onRef('e.postingId', '=', 'p.id').on('e.account', '=', 'receivable:northwind'))
        .select(['p.kind', 'e.amountMicros', 'p.quantityMicros'])
        .where('p.organizationId', '=', organizationId)
        .orderBy('p.sequence')
        .execute(),
    told: async () => (await stores.postgres.selectFrom('meterEvents').select('valueMicros').where('organizationId', '=', organizationId).execute()).reduce((sum, { valueMicros }) => sum + valueMicros, 0n),
  };
}

describe('tiers', () => {
  it('are reached by what was booked before, and left again by what is taken back', async () => {
    const { decide, takeBack, owed, postings, told } = await books();
    await decide(graduated, 'a', 'b');
    await decide(graduated, 'c');
    expect(await owed()).toBe(6_000_000n);
    // The fourth is listed at 2.00, and costs 1.00 and 0.50 once.
    await decide(graduated, 'd');
    expect(await owed()).toBe(7_500_000n);
    // One of the first three goes: the three that are left cost 2.00 each, and the second tier is not reached.
    await takeBack('a');
    expect(await owed()).toBe(6_000_000n);
    expect((await postings()).map(({ kind, amountMicros }) => [kind, amountMicros])).toEqual([
      ['outcome', 2_000_000n],
      ['outcome', 2_000_000n],
      ['outcome', 2_000_000n],
      ['outcome', 2_000_000n],
      ['repricing', -500_000n],
      ['reversal', -2_000_000n],
      ['repricing', 500_000n],
    ]);
    expect(await told()).toBe(6_000_000n);
  });

  it('reprice all units where the price is that of the volume, in one posting for a batch', async () => {
    const { decide, owed, postings } = await books();
    await decide(volume, 'a', 'b', 'c');
    await decide(volume, 'd', 'e');
    expect(await owed()).toBe(5_500_000n);
    expect((await postings()).map(({ kind }) => kind)).toEqual(['outcome', 'outcome', 'outcome', 'outcome', 'outcome', 'repricing']);
  });

  it('count what is free by itself', async () => {
    const { decide, takeBack, owed, postings, projections, organizationId } = await books();
    const freeFirst: Price = { kind: 'graduated', tiers: [{ upTo: 2n * UNIT, unitMicros: 0n, flatMicros: 0n }, { upTo: null, unitMicros: 3_000_000n, flatMicros: 0n }] };
    await decide(freeFirst, 'a', 'b', 'c');
    expect(await owed()).toBe(3_000_000n);
    await takeBack('a');
    expect(await owed()).toBe(0n);
    expect((await postings()).map(({ kind, amountMicros, quantityMicros }) => [kind, amountMicros, quantityMicros])).toEqual([
      ['outcome', null, UNIT],
      ['outcome', null, UNIT],
      ['outcome', null, UNIT],
      ['repricing', 3_000_000n, 0n],
      ['reversal', null, -UNIT],
      ['repricing', -3_000_000n, 0n],
    ]);
    expect(await projections.differences(stores.postgres, { organizationId })).toEqual([]);
  });

  it('are shared by versions of a contract with the same price, and not by prices that differ', async () => {
    const { decide, owed } = await books();
    await decide(graduated, 'a', 'b', 'c');
    await decide({ kind: 'graduated', tiers: tiers.map((tier) => ({ ...tier })) }, 'd');
    expect(await owed()).toBe(7_500_000n);
    await decide({ kind: 'graduated', tiers: [{ upTo: null, unitMicros: 2_000_000n, flatMicros: 0n }] }, 'e');
    expect(await owed()).toBe(9_500_000n);
  });

  it('round once for all quantities together', async () => {
    const { decideQuantity, owed } = await books();
    // Half a micro each: by themselves 0, together 1.
    await decideQuantity({ kind: 'flat', unitMicros: 1n }, 'a', 500_000n);
    await decideQuantity({ kind: 'flat', unitMicros: 1n }, 'b', 500_000n);
    expect(await owed()).toBe(1n);
    await decideQuantity({ kind: 'flat', unitMicros: 3n }, 'c', 500_000n);
    await decideQuantity({ kind: 'flat', unitMicros: 3n }, 'd', 500_000n);
    // 1.5 each, to even: 2 and 2; together 3.
    expect(await owed()).toBe(4n);
  });
});

describe('what is booked', () => {
  it('is in the end what a slow and obvious count of the live outcomes gives, whatever came and went in whatever order', async () => {
    const step = fc.record({ conversation: fc.nat({ max: 11 }), price: fc.nat({ max: 2 }), grade: fc.constantFrom('judged' as const, 'inferred' as const), quantity: fc.bigInt(1n, 4_000_000n), isBillable: fc.boolean() });
    let drawn = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyPrice, { minLength: 3, maxLength: 3 }), fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }), async (prices, batches) => {
        const organizationId = `drawn${(drawn += 1)}`;
        await addOrganization(stores.postgres, organizationId, ['northwind'], clock.now());
        const { booking, projections } = bookingServices(stores.postgres, clock);
        const decided = new DecidedOutcomes(stores.postgres, clock, booking, organizationId, 'UTC');
        const live = new Map<string, { price: Price; grade: string; quantity: bigint }>();
        for (const batch of batches) {
          // A conversation is decided once in a transaction.
          const steps = [...new Map(batch.map((one) => [one.conversation, one])).values()];
          const outcomes = steps.map(({ conversation, price: index, grade, quantity, isBillable }): DecidedOutcome => {
            const price = prices[index] as Price;
            const conversationId = `c${conversation}`;
            if (isBillable) live.set(conversationId, { price, grade, quantity });
            else live.delete(conversationId);
            return isBillable ? { conversationId, grade, price, quantityMicros: quantity, amountMicros: listPriceOf(price, quantity) } : { conversationId, price: null };
          });
          await decided.decide(...outcomes);
        }
        const byCharge = Map.groupBy(live.values(), ({ price, grade }) => `${grade} ${JSON.stringify(price, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}`);
        const expected = [...byCharge.values()].reduce((sum, of) => sum + slowPriceOf((of[0] as { price: Price }).price, of.map(({ quantity }) => quantity)), 0n);
        const owed = (await projections.balances(stores.postgres, { organizationId, account: 'receivable:northwind' }))[0]?.amountMicros ?? 0n;
        expect(owed).toBe(expected);
        const told = await stores.postgres.selectFrom('meterEvents').select('valueMicros').where('organizationId', '=', organizationId).execute();
        expect(told.reduce((sum, { valueMicros }) => sum + valueMicros, 0n)).toBe(expected);
        expect(await projections.differences(stores.postgres, { organizationId })).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('projections', () => {
  it('that were tampered with are found, and made anew', async () => {
    const { decide, projections, organizationId, owed } = await books();
    await decide(graduated, 'a', 'b');
    await stores.postgres.updateTable('chargeTotals').set({ listedMicros: 1n }).where('chargeId', 'in', stores.postgres.selectFrom('charges').select('id').where('organizationId', '=', organizationId)).execute();
    await stores.postgres.updateTable('accountBalances').set({ amountMicros: 7n }).where('organizationId', '=', organizationId).where('account', '=', 'receivable:northwind').execute();
    const differences = await projections.differences(stores.postgres, { organizationId });
    expect(differences.map(({ projection, customerId }) => [projection, customerId])).toEqual([['charge_totals', 'northwind'], ['account_balances', 'northwind']]);
    expect(differences[1]).toMatchObject({ kept: '7', counted: '4000000' });
    await stores.postgres.transaction().execute((tx) => projections.rebuild(tx, organizationId));
    expect([await projections.differences(stores.postgres, { organizationId }), await owed()]).toEqual([[], 4_000_000n]);
  });
});
