import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EvidenceReader, EvidenceStore, StripeGateway, writeBundle } from '#billing';
import { parsePeriod } from '#ledger';
import { DecisionStore, listPriceOf, type Price } from '#outcomes';
import { formatMicros, ManualClock } from '#platform';
import { billingServices } from '../support/billing-services.js';
import { DecidedOutcomes } from '../support/decided-outcomes.js';
import { slowPriceOf, slowTotal } from '../support/slow-rating.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const UNIT = 1_000_000n;
const flat = (amount: bigint): Price => ({ kind: 'flat', unitMicros: amount * UNIT });
const GRACE_MS = 1_800_000;

let stores: TestStores;
let clock: ManualClock;
let count = 0;
let organizationId: string;

beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());
beforeEach(() => {
  clock = new ManualClock('2026-10-05T12:00:00Z');
  organizationId = `org${(count += 1)}`;
});

const moveTo = (time: string | Date) => clock.advance(new Date(time).getTime() - clock.now().getTime());

interface Given {
  terms?: string;
  timeZone?: string;
  customerId?: string;
}

const services = () => billingServices(stores.postgres, clock, new StripeGateway({ secretKey: 'sk_test_x', apiUrl: 'http://127.0.0.1:1' }), { graceMs: GRACE_MS });

const evidenceReader = () => new EvidenceReader(services().statements, new EvidenceStore(stores.postgres), new DecisionStore(stores.postgres), clock);

/** A customer with an active contract, and what decides for it. */
async function customerWith({ terms = '', timeZone = 'UTC', customerId = 'northwind' }: Given = {}) {
  const all = services();
  await stores.postgres.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt: clock.now() }).onConflict((conflict) => conflict.doNothing()).execute();
  const source = `contract: ${customerId}\nversion: 1\ncustomer: { id: ${customerId}, name: ${customerId} }\nagents: [${customerId}]\ncurrency: USD\ntime_zone: ${timeZone}\nquiet_window: 1h\n${terms}\npolicies:\n  - { outcome: resolved, title: Resolved, when: 'true', grade: judged, price: 1 }\n`;
  await all.contracts.apply(organizationId, source, 'contract.yaml');
  await all.contracts.activate(organizationId, customerId, 1);
  const decided = new DecidedOutcomes(stores.postgres, clock, all.booking, organizationId, timeZone);
  return {
    ...all,
    decide: (price: Price, ...ids: string[]) => decided.decide(...ids.map((conversationId) => ({ conversationId, customerId, contractId: customerId, price, amountMicros: listPriceOf(price, UNIT) }))),
    takeBack: (...ids: string[]) => decided.decide(...ids.map((conversationId) => ({ conversationId, customerId, contractId: customerId, price: null }))),
    close: () => all.closing.closeDue(organizationId),
    statement: (period: string) => all.statements.read(organizationId, customerId, period),
    linesOf: async (period: string) => (await all.statements.read(organizationId, customerId, period)).lines.flatMap(({ kind, corrects, charges }) => charges.map(({ amountMicros }) => [kind, corrects?.label ?? null, formatMicros(amountMicros)])),
  };
}

describe('closing', () => {
  it('books what a period lacks to its minimum when it is over, once, and also where nothing was decided in it', async () => {
    const { decide, close, statement, linesOf } = await customerWith({ terms: 'minimum: 5' });
    await decide(flat(2n), 'a');
    moveTo('2026-10-31T23:59:59Z');
    expect(await close()).toEqual([]);
    moveTo('2026-11-01T00:00:00Z');
    expect(await close()).toEqual([{ customerId: 'northwind', period: '2026-10', result: { kind: 'settled' } }]);
    expect(await close()).toEqual([{ customerId: 'northwind', period: '2026-10', result: { kind: 'unchanged' } }]);
    expect(await linesOf('2026-10')).toEqual([['outcome', null, '2.00'], ['minimum', null, '3.00']]);
    expect(await statement('2026-10')).toMatchObject({ status: 'closing', totalMinor: 500n, ledgerBalanceMicros: 5n * UNIT });
    moveTo('2026-12-01T00:30:00Z');
    expect((await close()).map(({ period, result }) => [period, result.kind])).toEqual([['2026-10', 'locked'], ['2026-11', 'locked']]);
    expect(await linesOf('2026-11')).toEqual([['minimum', null, '5.00']]);
    // Each is told to Stripe as of the last second of its period.
    const events = await stores.postgres.selectFrom('meterEvents').select(['eventName', 'occurredAt']).where('organizationId', '=', organizationId).where('eventName', '=', 'astrolabe__minimum_usd').orderBy('sequence').execute();
    expect(events.map(({ occurredAt }) => occurredAt.toISOString())).toEqual(['2026-10-31T23:59:59.999Z', '2026-11-30T23:59:59.999Z']);
  });

  it('takes off what is above the cap, and takes it off no more when outcomes are taken back: before the lock in the period, after it in the next', async () => {
    const { decide, takeBack, close, linesOf } = await customerWith({ terms: 'cap: 5' });
    await decide(flat(2n), 'a', 'b', 'c', 'd');
    moveTo('2026-11-01T00:05:00Z');
    await close();
    expect(await linesOf('2026-10')).toEqual([['outcome', null, '8.00'], ['cap', null, '-3.00']]);
    await takeBack('a');
    expect(await linesOf('2026-10')).toEqual([['outcome', null, '6.00'], ['cap', null, '-1.00']]);
    moveTo('2026-11-01T00:30:00Z');
    expect(await close()).toMatchObject([{ result: { kind: 'locked' } }]);
    // 6 to 4: the customer paid 5, and gets 1 back.
    await takeBack('b');
    expect(await linesOf('2026-10')).toEqual([['outcome', null, '6.00'], ['cap', null, '-1.00']]);
    expect(await linesOf('2026-11')).toEqual([['outcome', '2026-10', '-2.00'], ['cap', '2026-10', '1.00']]);
  });

  it('makes up what a commitment lacks in its last period, and corrects that when an earlier one turns out to be less', async () => {
    const { decide, takeBack, close, linesOf } = await customerWith({ terms: 'effective_from: 2026-10-01\ncommitment: { amount: 20, months: 2 }' });
    await decide(flat(7n), 'a', 'b');
    moveTo('2026-11-10T00:00:00Z');
    await close();
    await decide(flat(1n), 'c');
    moveTo('2026-12-02T00:00:00Z');
    await close();
    expect(await linesOf('2026-11')).toEqual([['outcome', null, '1.00'], ['commitment', null, '5.00']]);
    await takeBack('a');
    // 7 less in October is 7 more to the commitment.
    expect(await linesOf('2026-12')).toEqual([['outcome', '2026-10', '-7.00'], ['commitment', '2026-11', '7.00']]);
    await expect(close()).resolves.toEqual([]);
  });

  it('rounds each line when its period is over, half to even, so that Stripe has nothing left to round', async () => {
    const { decide, takeBack, close, linesOf, statement } = await customerWith();
    const price = (unitMicros: bigint): Price => ({ kind: 'flat', unitMicros });
    await decide(price(995_000n), 'a', 'b', 'c');
    expect(await statement('2026-10')).toMatchObject({ totalMicros: 2_985_000n, totalMinor: 298n });
    moveTo('2026-11-01T00:00:00Z');
    await close();
    expect(await linesOf('2026-10')).toEqual([['outcome', null, '2.985'], ['outcome', null, '-0.005']]);
    expect(await statement('2026-10')).toMatchObject({ totalMicros: 2_980_000n, totalMinor: 298n });
    // Within the grace the line is another one, and rounded anew.
    await takeBack('a');
    await close();
    expect(await linesOf('2026-10')).toEqual([['outcome', null, '1.99'], ['outcome', null, '0.00']]);
    moveTo('2026-11-01T00:30:00Z');
    await close();
    await takeBack('b');
    moveTo('2026-12-01T00:00:00Z');
    await close();
    expect(await linesOf('2026-11')).toEqual([['outcome', '2026-10', '-0.995'], ['outcome', '2026-10', '-0.005']]);
  });

  it('is done for each customer by their own calendar, when their own month ends', async () => {
    const zones = { west: 'America/New_York', half: 'Asia/Kolkata', north: 'Europe/Berlin' };
    // October 2026 in Berlin has an hour more, and New York's an hour that comes in November.
    const customers = [];
    for (const [customerId, timeZone] of Object.entries(zones)) customers.push(await customerWith({ customerId, timeZone }));
    for (const [index, customer] of customers.entries()) await customer.decide(flat(1n), `x${index}`);
    const [first] = customers;
    const closedAt = async (time: string) => {
      moveTo(time);
      return (await first?.close())?.map(({ customerId, result }) => `${customerId} ${result.kind}`).sort();
    };
    expect(await closedAt('2026-10-31T18:29:59Z')).toEqual([]);
    expect(await closedAt('2026-10-31T18:30:00Z')).toEqual(['half settled']);
    expect(await closedAt('2026-10-31T22:59:59.999Z')).toEqual(['half locked']);
    expect(await closedAt('2026-10-31T23:00:00Z')).toEqual(['north settled']);
    expect(await closedAt('2026-11-01T03:59:59.999Z')).toEqual(['north locked']);
    expect(await closedAt('2026-11-01T04:00:00Z')).toEqual(['west settled']);
    expect(await closedAt('2026-11-01T04:30:00Z')).toEqual(['west locked']);
  });

  it('of one customer can fail without touching another, says why, and is made up for', async () => {
    const north = await customerWith();
    const south = await customerWith({ customerId: 'southwind' });
    await north.decide(flat(1n), 'a');
    await south.decide(flat(1n), 'b');
    const tamper = (amountMicros: bigint) => stores.postgres.updateTable('accountBalances').set({ amountMicros }).where('organizationId', '=', organizationId).where('customerId', '=', 'northwind').where('account', '=', 'revenue:resolved').execute();
    await tamper(-5n);
    moveTo('2026-11-01T01:00:00Z');
    expect((await north.close()).map(({ customerId, result }) => [customerId, result])).toEqual([
      ['northwind', { kind: 'failed', reason: expect.stringContaining('is -5, and its postings give -1000000') }],
      ['southwind', { kind: 'locked', snapshotSha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ]);
    expect(await north.periods.list(stores.postgres, { organizationId, customerId: 'northwind' })).toMatchObject([{ lockedAt: null, closeError: expect.stringContaining('see astrolabe ledger verify') }]);
    await stores.postgres.transaction().execute((tx) => north.projections.rebuild(tx, organizationId));
    expect(await north.close()).toMatchObject([{ customerId: 'northwind', result: { kind: 'locked' } }]);
  });
});

describe('a locked period', () => {
  it('has the hash of what its statements say and of every posting, and gives it again', async () => {
    const { decide, close, closing, statement, takeBack } = await customerWith({ terms: 'minimum: 3' });
    await decide(flat(1n), 'a', 'b');
    moveTo('2026-11-01T02:00:00Z');
    const [closed] = await close();
    const sha256 = closed?.result.kind === 'locked' ? closed.result.snapshotSha256 : '';
    expect(await statement('2026-10')).toMatchObject({ status: 'locked', lockedAt: clock.now(), snapshotSha256: sha256 });
    await takeBack('a');
    expect(await closing.verifyLocked(organizationId)).toEqual({ verified: 1, differences: [] });
    // Somebody with the rights of an owner changes an entry behind our back.
    await stores.postgres.transaction().execute(async (tx) => {
      const { sql } = await import('kysely');
      await sql`ALTER TABLE entries DISABLE TRIGGER USER`.execute(tx);
      await sql`UPDATE entries SET amount_micros = amount_micros * 2 FROM postings p WHERE p.id = posting_id AND p.organization_id = ${organizationId} AND p.kind = 'term'`.execute(tx);
      await sql`ALTER TABLE entries ENABLE TRIGGER USER`.execute(tx);
    });
    expect(await closing.verifyLocked(organizationId)).toMatchObject({ verified: 1, differences: [{ customerId: 'northwind', period: '2026-10', lockedSha256: sha256 }] });
  });

  it('is recounted by its customer from the evidence alone, tiers, terms and rounding included', async () => {
    const { decide, takeBack, close } = await customerWith({ terms: 'minimum: 20\ncap: 30' });
    const tiers: Price = { kind: 'graduated', tiers: [{ upTo: 2n * UNIT, unitMicros: 1_500_001n, flatMicros: 0n }, { upTo: null, unitMicros: 700_000n, flatMicros: 250_000n }] };
    const packages: Price = { kind: 'package', size: 3n * UNIT, packageMicros: 2_500_000n };
    await decide(tiers, 'a', 'b', 'c', 'd');
    await decide(packages, 'e', 'f', 'g', 'h');
    await takeBack('a', 'h');
    moveTo('2026-11-01T02:00:00Z');
    await close();
    await takeBack('b');
    moveTo('2026-12-01T02:00:00Z');
    await close();
    for (const [month, total] of [['2026-10', '20.000000'], ['2026-11', '20.000000']] as const) {
      const directory = join(stores.config.DATA_DIR, `evidence-${month}`);
      await writeBundle(directory, false, await evidenceReader().read(organizationId, 'northwind', month));
      const { status, stdout } = spawnSync(process.execPath, [join(directory, 'verify.mjs')], { encoding: 'utf8', env: {} });
      expect([status, stdout]).toEqual([0, expect.stringContaining('OK: every hash fits')]);
      expect(stdout).toContain('The period is locked');
      expect(stdout).toMatch(new RegExp(`^total .*${total}`, 'm'));
      // One micro of rounding, of a term or of a tier more, and it is noticed.
      const path = join(directory, 'statement.json');
      const text = readFileSync(path, 'utf8');
      for (const [found, edited] of [['"amountMicros": "20000000"', '"amountMicros": "20000001"'], ['"unitMicros": "1500001"', '"unitMicros": "1500002"']] as const) {
        if (!text.includes(found)) continue;
        writeFileSync(path, text.replaceAll(found, edited));
        const tampered = spawnSync(process.execPath, [join(directory, 'verify.mjs')], { encoding: 'utf8', env: {} });
        expect([tampered.status, tampered.stdout]).toEqual([1, expect.stringMatching(/price (of its charge )?gives|and the decisions give/)]);
      }
    }
  });

  it('takes no posting and no change, whatever asks for it', async () => {
    const { decide, close } = await customerWith();
    await decide(flat(1n), 'a');
    moveTo('2026-11-01T02:00:00Z');
    await close();
    const { sequence: _, ...posting } = await stores.postgres.selectFrom('postings').selectAll().where('organizationId', '=', organizationId).executeTakeFirstOrThrow();
    await expect(stores.postgres.insertInto('postings').values({ ...posting, id: 'forged' }).execute()).rejects.toThrow('which is locked');
    await expect(stores.postgres.updateTable('periods').set({ closeError: 'x' }).where('organizationId', '=', organizationId).execute()).rejects.toThrow('is locked');
    await expect(stores.postgres.deleteFrom('periods').where('organizationId', '=', organizationId).execute()).rejects.toThrow('is locked');
    await expect(stores.postgres.updateTable('charges').set({ pricing: null }).where('organizationId', '=', organizationId).execute()).rejects.toThrow();
  });

  it('leaves what is decided for it afterwards to the next, as a correction of it', async () => {
    const { decide, close, linesOf, booking } = await customerWith();
    await decide(flat(1n), 'a');
    moveTo('2026-11-01T02:00:00Z');
    await close();
    // A worker whose clock is behind, or whose transaction took that long.
    const late = new DecidedOutcomes(stores.postgres, new ManualClock('2026-10-31T23:59:00Z'), booking, organizationId, 'UTC');
    await late.decide({ conversationId: 'late', contractId: 'northwind', price: flat(1n), amountMicros: UNIT });
    expect(await linesOf('2026-10')).toEqual([['outcome', null, '1.00']]);
    expect(await linesOf('2026-11')).toEqual([['outcome', '2026-10', '1.00']]);
  });

  it('is locked once by two workers at once, who then agree', async () => {
    const { decide } = await customerWith({ terms: 'minimum: 5' });
    await decide(flat(1n), 'a');
    moveTo('2026-11-01T02:00:00Z');
    const results = await Promise.all([services(), services(), services()].map(({ closing }) => closing.closeDue(organizationId)));
    expect(results.flat().filter(({ result }) => result.kind === 'locked')).toHaveLength(1);
    expect(results.flat().filter(({ result }) => result.kind === 'failed')).toEqual([]);
    expect(await stores.postgres.selectFrom('postings').select('kind').where('organizationId', '=', organizationId).orderBy('sequence').execute()).toEqual([{ kind: 'outcome' }, { kind: 'term' }]);
    expect(await services().closing.verifyLocked(organizationId)).toEqual({ verified: 1, differences: [] });
  });
});

describe('over random contracts, outcomes and reversals', () => {
  it('what is owed for each month and in all is what a slow and obvious count gives', async () => {
    const money = fc.bigInt(0n, 12n);
    const terms = fc.record({ minimum: fc.option(money), cap: fc.option(money), commitment: fc.option(fc.bigInt(1n, 40n)), months: fc.integer({ min: 1, max: 4 }) }).filter(({ minimum, cap }) => minimum === null || cap === null || minimum <= cap);
    const price = fc.constantFrom<Price>(flat(1n), flat(3n), { kind: 'graduated', tiers: [{ upTo: 2n * UNIT, unitMicros: 3n * UNIT, flatMicros: 0n }, { upTo: null, unitMicros: UNIT, flatMicros: 0n }] }, { kind: 'volume', tiers: [{ upTo: 2n * UNIT, unitMicros: 3n * UNIT, flatMicros: 0n }, { upTo: null, unitMicros: UNIT, flatMicros: UNIT }] });
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('decide' as const), conversation: fc.nat({ max: 9 }) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('takeBack' as const), conversation: fc.nat({ max: 9 }) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 20 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(terms, price, fc.array(step, { minLength: 3, maxLength: 25 }), async (given, at, steps) => {
        clock = new ManualClock('2026-10-01T00:00:00Z');
        organizationId = `org${(count += 1)}`;
        const text = [
          ...(given.minimum === null ? [] : [`minimum: ${given.minimum}`]),
          ...(given.cap === null ? [] : [`cap: ${given.cap}`]),
          ...(given.commitment === null ? [] : [`effective_from: 2026-10-01\ncommitment: { amount: ${given.commitment}, months: ${given.months} }`]),
        ];
        const { decide, takeBack, close, projections, closing } = await customerWith({ terms: text.join('\n') });
        const live = new Map<number, string>();
        for (const one of steps) {
          if (one.kind === 'wait') clock.advance(one.days * 86_400_000);
          else if (one.kind === 'close') await close();
          else if (one.kind === 'decide') {
            await decide(at, `c${one.conversation}`);
            // Decided anew at the same price, it stays where it was.
            if (!live.has(one.conversation)) live.set(one.conversation, clock.now().toISOString().slice(0, 7));
          } else {
            await takeBack(`c${one.conversation}`);
            live.delete(one.conversation);
          }
        }
        clock.advance(40 * 86_400_000);
        expect((await close()).filter(({ result }) => result.kind === 'failed')).toEqual([]);

        const months = [];
        for (let month = 10; `${parsePeriod(label(month), 'UTC').end.toISOString()}` <= clock.now().toISOString(); month += 1) months.push(label(month));
        let [expected, towards] = [0n, 0n];
        months.forEach((month, index) => {
          const outcomes = slowPriceOf(at, [...live.values()].filter((of) => of === month).map(() => UNIT));
          const isLast = given.commitment !== null && index === given.months - 1;
          const rest = isLast ? (given.commitment ?? 0n) * UNIT - towards : undefined;
          const total = slowTotal(outcomes, { ...(given.minimum !== null && { minimum: given.minimum * UNIT }), ...(given.cap !== null && { cap: given.cap * UNIT }), ...(rest !== undefined && { commitmentRest: rest }) });
          towards += total;
          expected += total;
        });
        const balances = await projections.balances(stores.postgres, { organizationId, account: 'receivable:northwind' });
        expect(balances[0]?.amountMicros ?? 0n).toBe(expected);
        expect(await projections.differences(stores.postgres, { organizationId })).toEqual([]);
        expect((await closing.verifyLocked(organizationId)).differences).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

/** `2026-10` for 10, `2027-01` for 13. */
function label(month: number): string {
  return new Date(Date.UTC(2026, month - 1, 15)).toISOString().slice(0, 7);
}
