import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Stripe from 'stripe';
import { StripeGateway, stripeSettings } from '#billing';
import { outcomeCharge, outcomePosting, periodOf } from '#ledger';
import type { Decision } from '#outcomes';
import { derivedId, ManualClock } from '#platform';
import { startStripeSandbox, type StripeSandbox } from '../../apps/stripe-sandbox/src/start-stripe-sandbox.js';
import { billingServices } from '../support/billing-services.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const HOUR = 3_600_000;
const TIME_ZONE = 'America/New_York';
const METER = 'astrolabe_resolved_usd';
const clock = new ManualClock('2026-11-10T12:00:00Z');

let stores: TestStores;
let sandbox: StripeSandbox;
let stripe: Stripe;
let count = 0;
/** Every test has an organization of its own, and so customers of its own in the sandbox. */
let organizationId: string;

beforeAll(async () => {
  stores = await openTestStores();
  sandbox = await startStripeSandbox({ port: 0, directory: join(stores.config.DATA_DIR, 'stripe'), clock });
  stripe = new Stripe('sk_test_tamperer', { host: '127.0.0.1', port: sandbox.port, protocol: 'http', telemetry: false });
});
afterAll(async () => {
  await sandbox.close();
  await stores.close();
});
beforeEach(async () => {
  organizationId = `org${(count += 1)}`;
  const createdAt = clock.now();
  await stores.postgres.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt }).execute();
  await stores.postgres.insertInto('customers').values(['northwind', 'contoso'].map((id) => ({ organizationId, id, name: id.toUpperCase(), createdAt }))).execute();
});

const gateway = () => new StripeGateway(stripeSettings({ ...stores.config, STRIPE_API_URL: sandbox.url }));

const startServices = (stripeGateway = gateway()) => billingServices(stores.postgres, clock, stripeGateway);

const idOf = (conversationId: string, revision: number) => derivedId('decision', organizationId, conversationId, 1, revision);

/** What of a decision no test here looks at. */
const elsewhere = { addition: '', quantityMicros: 1_000_000n, listed: null, finalAt: null, contractId: 'support', contractVersion: 1, agent: 'support', variant: 'base', locale: 'en', channel: 'chat', isTestTraffic: false, facts: {}, factsSha256: '', explanation: [] };

/** Writes a decision, as the job that decides would, and books it in the same transaction. */
async function decideAndBook(given: Partial<Decision> & Pick<Decision, 'conversationId'>, times = 1) {
  const { revision = 1, conversationId } = given;
  const at = clock.now();
  const decision: Decision = {
    id: idOf(conversationId, revision),
    organizationId,
    ...elsewhere,
    ...{ episodeStartedAt: at, episodeEndedAt: at, decidedAt: at },
    episode: 1,
    revision,
    customerId: 'northwind',
    outcome: 'resolved',
    isBillable: true,
    reason: 'policy_held',
    grade: 'customer_confirmed',
    amountMicros: 990_000n,
    currency: 'USD',
    evidence: { traceIds: [`trace-${conversationId}`], signalIds: [] },
    modelCostUsd: '0.02',
    costUnknownSpans: 0,
    supersedes: revision > 1 ? idOf(conversationId, revision - 1) : null,
    ...given,
  };
  const { booking } = startServices();
  return stores.postgres.transaction().execute(async (tx) => {
    const { listed: _listed, ...row } = decision;
    const json = { facts: JSON.stringify(decision.facts), explanation: JSON.stringify(decision.explanation), evidence: JSON.stringify(decision.evidence) };
    await tx.insertInto('outcomeDecisions').values({ ...row, ...json }).onConflict((conflict) => conflict.doNothing()).execute();
    const results = [];
    for (let time = 0; time < times; time += 1) results.push((await booking.book(tx, [{ decision, superseded: null, timeZone: TIME_ZONE, price: { kind: 'flat', unitMicros: decision.amountMicros } }]))[0]?.kind);
    return results;
  });
}

const notBillable = { isBillable: false, amountMicros: 0n, grade: null, reason: 'reopened', outcome: 'none' } as const;

async function events() {
  return stores.postgres.selectFrom('meterEvents').select(['status', 'valueMicros', 'attempts', 'lastError']).where('organizationId', '=', organizationId).orderBy('sequence').execute();
}

const statuses = async () => (await events()).map(({ status }) => status);

/** What the sandbox has counted for a customer in the whole of the tests' time, read with the SDK and not with our gateway. */
async function stripeTotal(customerId = 'northwind') {
  const { directory } = startServices();
  const meter = await directory.find(organizationId, 'meter', METER);
  const customer = await directory.find(organizationId, 'customer', customerId);
  if (!meter || !customer) return null;
  const summaries = await stripe.billing.meters.listEventSummaries(meter, { customer, start_time: Date.UTC(2026, 9, 1) / 1000, end_time: Date.UTC(2027, 0, 1) / 1000 });
  return summaries.data.reduce((sum, { aggregated_value }) => sum + aggregated_value, 0);
}

async function askForFault(fault: Record<string, unknown>) {
  const response = await fetch(`${sandbox.url}/sandbox/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) });
  expect(response.status).toBe(200);
}

describe('booking', () => {
  it('books a decision once, however often it is asked to', async () => {
    expect(await decideAndBook({ conversationId: 'a' }, 2)).toEqual(['booked', 'unchanged']);
    expect(await decideAndBook({ conversationId: 'a' })).toEqual(['unchanged']);
    const { projections } = startServices();
    expect(await projections.balances(stores.postgres, { organizationId })).toEqual([
      { account: 'receivable:northwind', currency: 'USD', amountMicros: 990_000n },
      { account: 'revenue:resolved', currency: 'USD', amountMicros: -990_000n },
    ]);
    expect(await events()).toEqual([{ status: 'pending', valueMicros: 990_000n, attempts: 0, lastError: null }]);
    const [posting] = await stores.postgres.selectFrom('postings').selectAll().where('organizationId', '=', organizationId).execute();
    // November in New York: from -4 hours to -5.
    expect([posting?.periodStart, posting?.periodEnd]).toEqual([new Date('2026-11-01T04:00:00Z'), new Date('2026-12-01T05:00:00Z')]);
  });

  it('books nothing for a new revision with the same money, and takes back the posting that is still live', async () => {
    await decideAndBook({ conversationId: 'a' });
    expect(await decideAndBook({ conversationId: 'a', revision: 2, modelCostUsd: '0.03' })).toEqual(['unchanged']);
    expect(await decideAndBook({ conversationId: 'a', revision: 3, ...notBillable }, 2)).toEqual(['booked', 'unchanged']);
    expect((await events()).map(({ valueMicros }) => valueMicros)).toEqual([990_000n, -990_000n]);
    const rows = await stores.postgres.selectFrom('postings').innerJoin('charges', 'charges.id', 'chargeId').select(['postings.kind', 'decisionId', 'grade']).where('postings.organizationId', '=', organizationId).orderBy('sequence').execute();
    expect(rows).toEqual([
      { kind: 'outcome', decisionId: idOf('a', 1), grade: 'customer_confirmed' },
      { kind: 'reversal', decisionId: idOf('a', 3), grade: 'customer_confirmed' },
    ]);
    // What a newer revision has replaced is not booked again by a late repeat.
    expect(await decideAndBook({ conversationId: 'a', revision: 2 })).toEqual(['unchanged']);
    expect(await decideAndBook({ conversationId: 'a' })).toEqual(['unchanged']);
  });

  it('replaces what was booked when grade and price change', async () => {
    await decideAndBook({ conversationId: 'a', grade: 'inferred', amountMicros: 500_000n });
    await decideAndBook({ conversationId: 'a', revision: 2 });
    expect((await events()).map(({ valueMicros }) => valueMicros)).toEqual([500_000n, -500_000n, 990_000n]);
  });

  it('books again what was taken back and is billable after all', async () => {
    await decideAndBook({ conversationId: 'a' });
    await decideAndBook({ conversationId: 'a', revision: 2, ...notBillable });
    await decideAndBook({ conversationId: 'a', revision: 3 });
    expect((await events()).map(({ valueMicros }) => valueMicros)).toEqual([990_000n, -990_000n, 990_000n]);
  });

  it('books no decision that is not billable, and of one that is free that there was one', async () => {
    expect(await decideAndBook({ conversationId: 'a', ...notBillable })).toEqual(['unchanged']);
    expect(await decideAndBook({ conversationId: 'b', amountMicros: 0n })).toEqual(['booked']);
    expect(await events()).toEqual([]);
    expect((await startServices().statements.read(organizationId, 'northwind', '2026-11')).lines).toMatchObject([{ outcomes: 1, amountMicros: 0n }]);
  });

  it('cannot commit a posting that does not sum to zero, whatever wrote it', async () => {
    await decideAndBook({ conversationId: 'a' });
    const { id: postingId } = await stores.postgres.selectFrom('postings').select('id').where('organizationId', '=', organizationId).executeTakeFirstOrThrow();
    const entry = { postingId, line: 3, account: 'revenue:resolved', currency: 'USD', amountMicros: 1n };
    await expect(stores.postgres.insertInto('entries').values(entry).execute()).rejects.toThrow('does not sum to zero');
  });
});

describe('delivery', () => {
  it('counts an event once when the answer to it was cut off', async () => {
    await decideAndBook({ conversationId: 'a' });
    await askForFault({ path: '/v1/billing/meter_events', drop_answer_after_acting: 1 });
    await startServices().delivery.deliverDue(organizationId);
    expect([await statuses(), await stripeTotal()]).toEqual([['sent'], 990_000]);
  });

  it('does not know after a 500, holds its queue, and sends the same again after the back-off', async () => {
    await decideAndBook({ conversationId: 'a' });
    await decideAndBook({ conversationId: 'b' });
    await askForFault({ path: '/v1/billing/meter_events', fail_with: 500 });
    const { delivery } = startServices();
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ ambiguous: 1, accepted: 0 });
    expect(await statuses()).toEqual(['ambiguous', 'pending']);
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ ambiguous: 0, accepted: 0 });
    clock.advance(500); // random is 0: half of the first second
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ accepted: 2 });
    expect([await statuses(), await stripeTotal()]).toEqual([['sent', 'sent'], 1_980_000]);
  });

  it('goes back to pending after a 429', async () => {
    await decideAndBook({ conversationId: 'a' });
    await askForFault({ path: '/v1/billing/meter_events', fail_with: 429 });
    expect(await startServices().delivery.deliverDue(organizationId)).toMatchObject({ retry: 1 });
    expect(await events()).toMatchObject([{ status: 'pending', attempts: 1, lastError: expect.stringContaining('429') }]);
  });

  it('keeps events pending while Stripe cannot be reached at all', async () => {
    await decideAndBook({ conversationId: 'a' });
    const nobody = new StripeGateway({ secretKey: 'sk_test_x', apiUrl: 'http://127.0.0.1:1' });
    expect(await startServices(nobody).delivery.deliverDue(organizationId)).toMatchObject({ retry: 1 });
    expect(await statuses()).toEqual(['pending']);
  });

  it('is done once by two deliverers at once, one call at a time for each customer and meter', async () => {
    for (let index = 0; index < 12; index += 1) await decideAndBook({ conversationId: `c${index}`, customerId: index % 2 === 0 ? 'northwind' : 'contoso' });
    const reports = await Promise.all([startServices(), startServices()].map(({ delivery }) => delivery.deliverDue(organizationId)));
    // A second call under way for a customer and meter would have met the sandbox's 429, and been a retry.
    expect(reports.reduce((sum, { retry, ambiguous, already_known }) => sum + retry + ambiguous + already_known, 0)).toBe(0);
    expect(reports.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(12);
    expect([await stripeTotal('northwind'), await stripeTotal('contoso')]).toEqual([5_940_000, 5_940_000]);
    expect((await events()).every(({ attempts, status }) => attempts === 1 && status === 'sent')).toBe(true);
  });

  it('does not double what was sent by a process that died before it could write that down', async () => {
    await decideAndBook({ conversationId: 'a' });
    const dying = gateway();
    const send = dying.sendMeterEvent.bind(dying);
    const sent = new Promise<void>((done) => {
      dying.sendMeterEvent = async (event) => {
        await send(event);
        done();
        return new Promise(() => undefined);
      };
    });
    void startServices(dying).delivery.deliverDue(organizationId);
    await sent;
    expect([await statuses(), await stripeTotal()]).toEqual([['ambiguous'], 990_000]);
    const { delivery } = startServices();
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ accepted: 0 });
    clock.advance(120_000);
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ accepted: 1 });
    expect([await statuses(), await stripeTotal()]).toEqual([['sent'], 990_000]);
  });

  it('takes it as sent when Stripe refuses the identifier as known', async () => {
    await decideAndBook({ conversationId: 'a' });
    const { delivery, directory } = startServices();
    const { id: identifier } = await stores.postgres.selectFrom('meterEvents').select('id').where('organizationId', '=', organizationId).executeTakeFirstOrThrow();
    await directory.ensureMeter(organizationId, METER);
    const payload = { stripe_customer_id: await directory.ensureCustomer(organizationId, 'northwind'), value: '990000' };
    // Under another idempotency key, so that our call is not answered from the record of this one.
    await stripe.billing.meterEvents.create({ event_name: METER, identifier, payload }, { idempotencyKey: `elsewhere-${organizationId}` });
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ already_known: 1, accepted: 0 });
    expect([await statuses(), await stripeTotal()]).toEqual([['sent'], 990_000]);
  });

  it('makes one Stripe customer of ours, also when two workers meet it at once', async () => {
    const ids = await Promise.all([startServices(), startServices()].map(({ directory }) => directory.ensureCustomer(organizationId, 'northwind').catch(() => null)));
    const made = (await stripe.customers.list({ limit: 100 }).autoPagingToArray({ limit: 10_000 })).filter(({ metadata }) => metadata['astrolabe_organization'] === organizationId);
    expect(made).toHaveLength(1);
    // The slower of the two may meet Stripe's "in use" and try again later; whoever has an id has this one.
    expect(new Set(ids.filter((id) => id !== null))).toEqual(new Set([made[0]?.id]));
    expect(await startServices().directory.ensureCustomer(organizationId, 'northwind')).toBe(made[0]?.id);
  });

  it('uses the Stripe customer that was remembered first', async () => {
    const slow = gateway();
    slow.createCustomer = async () => {
      await stores.postgres.insertInto('stripeObjects').values({ organizationId, kind: 'customer', key: 'northwind', stripeId: 'cus_first', createdAt: clock.now() }).execute();
      return 'cus_second';
    };
    expect(await startServices(slow).directory.ensureCustomer(organizationId, 'northwind')).toBe('cus_first');
  });

  it('tells of what is older than Stripe takes as of now, and keeps when it was', async () => {
    const decidedAt = new Date(clock.now().getTime() - 36 * 24 * HOUR);
    await decideAndBook({ conversationId: 'old', decidedAt });
    expect(await startServices().delivery.deliverDue(organizationId)).toMatchObject({ accepted: 1 });
    expect(await stores.postgres.selectFrom('meterEvents').select(['occurredAt', 'countsAt', 'status']).where('organizationId', '=', organizationId).execute()).toEqual([{ occurredAt: decidedAt, countsAt: clock.now(), status: 'sent' }]);
    expect(await stripeTotal()).toBe(990_000);
  });

  it('cancels what Stripe was told of less than a day ago, and takes back what is older by an event below zero', async () => {
    await decideAndBook({ conversationId: 'a' });
    const { delivery } = startServices();
    await delivery.deliverDue(organizationId);
    await decideAndBook({ conversationId: 'a', revision: 2, ...notBillable });
    await delivery.deliverDue(organizationId);
    const methods = () => stores.postgres.selectFrom('meterEvents').select(['method', 'status']).where('organizationId', '=', organizationId).orderBy('sequence').execute();
    expect([await methods(), await stripeTotal()]).toEqual([[{ method: 'event', status: 'sent' }, { method: 'cancel', status: 'sent' }], 0]);
    await decideAndBook({ conversationId: 'b' });
    await delivery.deliverDue(organizationId);
    clock.advance(23 * HOUR);
    await decideAndBook({ conversationId: 'b', revision: 2, ...notBillable });
    await delivery.deliverDue(organizationId);
    expect([(await methods()).slice(2), await stripeTotal()]).toEqual([[{ method: 'event', status: 'sent' }, { method: 'event', status: 'sent' }], 0]);
  });

  it('cancels once when the answer to it was cut off, and says the amount where Stripe cancels no more', async () => {
    await decideAndBook({ conversationId: 'a' });
    const { delivery } = startServices();
    await delivery.deliverDue(organizationId);
    await decideAndBook({ conversationId: 'a', revision: 2, ...notBillable });
    await askForFault({ path: '/v1/billing/meter_event_adjustments', drop_answer_after_acting: 2 });
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ ambiguous: 1 });
    clock.advance(1_000);
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ ambiguous: 0, rejected: 0 });
    expect([await statuses(), await stripeTotal()]).toEqual([['sent', 'sent'], 0]);

    await decideAndBook({ conversationId: 'b' });
    await delivery.deliverDue(organizationId);
    await decideAndBook({ conversationId: 'b', revision: 2, ...notBillable });
    const refusing = gateway();
    refusing.cancelMeterEvent = async () => ({ kind: 'rejected', code: 'invalid_request_error', message: 'received more than 24 hours ago' });
    expect(await startServices(refusing).delivery.deliverDue(organizationId)).toMatchObject({ accepted: 1 });
    expect(await stripeTotal()).toBe(0);
  });

  it('gives up what Stripe refuses, and goes on with the rest', async () => {
    await decideAndBook({ conversationId: 'refused' });
    await decideAndBook({ conversationId: 'new' });
    const refusing = gateway();
    const send = refusing.sendMeterEvent.bind(refusing);
    let calls = 0;
    // Stripe's clock is behind ours, and then is right again.
    refusing.sendMeterEvent = (event) => send((calls += 1) === 1 ? { ...event, countsAt: new Date(event.countsAt.getTime() + 10 * HOUR) } : event);
    expect(await startServices(refusing).delivery.deliverDue(organizationId)).toMatchObject({ rejected: 1, accepted: 1 });
    expect(await events()).toMatchObject([{ status: 'failed', lastError: expect.stringContaining('timestamp_in_future') }, { status: 'sent' }]);
    const run = await startServices().reconciliation.reconcile(organizationId);
    expect(run.breaks).toMatchObject([{ kind: 'rejected', customerId: 'northwind', detail: { valueMicros: '990000' } }]);
  });
});

describe('reconciliation', () => {
  it('confirms what agrees, and says nothing new when run again', async () => {
    await decideAndBook({ conversationId: 'a' });
    await decideAndBook({ conversationId: 'b' });
    await decideAndBook({ conversationId: 'b', revision: 2, ...notBillable });
    const { delivery, reconciliation } = startServices();
    expect((await reconciliation.reconcile(organizationId)).meters).toMatchObject([{ pendingMicros: 990_000n, toldMicros: 0n, stripeMicros: 0n }]);
    await delivery.deliverDue(organizationId);
    const run = await reconciliation.reconcile(organizationId);
    expect(run).toMatchObject({ breaks: [], confirmedCount: 3 });
    expect(run.meters).toMatchObject([{ eventName: METER, evidenceMicros: 990_000n, ledgerMicros: 990_000n, outboxMicros: 990_000n, toldMicros: 990_000n, stripeMicros: 990_000n }]);
    expect(await statuses()).toEqual(['confirmed', 'confirmed', 'confirmed']);
    clock.advance(60_000);
    const again = await reconciliation.reconcile(organizationId);
    expect([again.id, again.confirmedCount]).toEqual([run.id, 0]);
    expect(await stores.postgres.selectFrom('reconciliations').select('ranAt').where('organizationId', '=', organizationId).execute()).toHaveLength(2);
    expect(await reconciliation.latest(organizationId)).toEqual({ id: run.id, ranAt: clock.now(), meters: run.meters, breaks: [] });
  });

  it('finds an event that somebody else sent', async () => {
    await decideAndBook({ conversationId: 'a' });
    const { delivery, directory, reconciliation } = startServices();
    await delivery.deliverDue(organizationId);
    await reconciliation.reconcile(organizationId);
    const customer = (await directory.find(organizationId, 'customer', 'northwind')) ?? '';
    await stripe.billing.meterEvents.create({ event_name: METER, payload: { stripe_customer_id: customer, value: '1' } });
    const expected = [{ customerId: 'northwind', kind: 'extra_in_stripe', detail: { eventName: METER, toldMicros: '990000', stripeMicros: '990001', differenceMicros: '1' } }];
    expect((await reconciliation.reconcile(organizationId)).breaks).toMatchObject(expected);
    await reconciliation.reconcile(organizationId);
    expect(await stores.postgres.selectFrom('breaks').select('id').where('organizationId', '=', organizationId).execute()).toHaveLength(1);
  });

  it('finds an event that was taken out of Stripe', async () => {
    await decideAndBook({ conversationId: 'a' });
    const { delivery, reconciliation } = startServices();
    await delivery.deliverDue(organizationId);
    await reconciliation.reconcile(organizationId);
    const { id } = await stores.postgres.selectFrom('meterEvents').select('id').where('organizationId', '=', organizationId).executeTakeFirstOrThrow();
    await stripe.billing.meterEventAdjustments.create({ type: 'cancel', event_name: METER, cancel: { identifier: id } });
    expect((await reconciliation.reconcile(organizationId)).breaks).toMatchObject([{ kind: 'missing_in_stripe', detail: { differenceMicros: '-990000' } }]);
  });

  it.each([
    ['arrived', true, 'confirmed'],
    ['did not arrive', false, 'pending'],
  ])('finds out after a day that an event without an answer %s', async (_name, arrives, status) => {
    await decideAndBook({ conversationId: 'a' });
    const silent = gateway();
    const send = silent.sendMeterEvent.bind(silent);
    silent.sendMeterEvent = async (event) => {
      if (arrives) await send(event);
      return { kind: 'ambiguous', reason: 'no answer' };
    };
    await startServices(silent).delivery.deliverDue(organizationId);
    clock.advance(24 * HOUR);
    const { delivery, reconciliation } = startServices();
    expect(await delivery.deliverDue(organizationId)).toMatchObject({ accepted: 0, ambiguous: 0 });
    expect((await reconciliation.reconcile(organizationId)).breaks).toEqual([]);
    expect(await statuses()).toEqual([status]);
    await delivery.deliverDue(organizationId);
    expect(await stripeTotal()).toBe(990_000);
  });

  it('finds a posting that no decision asks for, and a decision that was not booked', async () => {
    await decideAndBook({ conversationId: 'a', ...notBillable });
    await decideAndBook({ conversationId: 'b' });
    const { books, periods, reconciliation } = startServices();
    const at = clock.now();
    const period = periodOf(at, 'UTC');
    const pricing = { kind: 'flat', unitMicros: '5' };
    const charge = outcomeCharge({ organizationId, customerId: 'contoso', contractId: 'forged', period, currency: 'USD', pricing, outcome: 'resolved', grade: 'judged' });
    const forged = outcomePosting(charge, { decisionId: idOf('a', 1), amountMicros: 5n, quantityMicros: 1_000_000n, period, bookedAt: at });
    await stores.postgres.transaction().execute(async (tx) => {
      await periods.ensure(tx, [{ organizationId, customerId: 'contoso', period, timeZone: 'UTC' }]);
      await books.post(tx, [forged]);
    });
    const unbooked = await stores.postgres.selectFrom('outcomeDecisions').selectAll().where('id', '=', idOf('b', 1)).executeTakeFirstOrThrow();
    const { sequence: _, ...row } = { ...unbooked, id: idOf('c', 1), conversationId: 'c', facts: '{}', explanation: '[]', evidence: '{}' };
    await stores.postgres.insertInto('outcomeDecisions').values(row).execute();
    const { breaks } = await reconciliation.reconcile(organizationId);
    expect(breaks).toHaveLength(2);
    expect(breaks).toMatchObject([
      { kind: 'orphan_posting', customerId: 'contoso', detail: { postingId: forged.id, ledgerMicros: '5', evidenceMicros: null } },
      { kind: 'amount_mismatch', customerId: 'northwind', detail: { decisionId: idOf('c', 1), evidenceMicros: '990000', ledgerMicros: null } },
    ]);
  });
});

describe('statements', () => {
  it('add up: lines, ledger and the meter of the sandbox say the same, down to each decision', async () => {
    for (const conversationId of ['a', 'b', 'c']) await decideAndBook({ conversationId });
    await decideAndBook({ conversationId: 'd', grade: 'inferred', amountMicros: 333_335n });
    await decideAndBook({ conversationId: 'b', revision: 2, ...notBillable });
    const { delivery, reconciliation, statements } = startServices();
    await delivery.deliverDue(organizationId);
    await reconciliation.reconcile(organizationId);

    const statement = await statements.read(organizationId, 'northwind', '2026-11', { timeZone: TIME_ZONE });
    const [line] = statement.lines;
    const charge = { contractId: 'support', outcomes: 1, reversals: 0, quantityMicros: 1_000_000n, reversedMicros: 0n, adjustedMicros: 0n };
    expect(statement).toMatchObject({
      customer: { id: 'northwind', name: 'NORTHWIND' },
      currency: 'USD',
      period: { label: '2026-11', start: new Date('2026-11-01T04:00:00Z'), end: new Date('2026-12-01T05:00:00Z'), timeZone: TIME_ZONE },
      status: 'open',
      lockedAt: null,
      totalMicros: 2_313_335n,
      totalMinor: 231n,
      ledgerBalanceMicros: 2_313_335n,
      stripe: { amountMicros: 2_313_335n, asOf: clock.now() },
    });
    expect(statement.lines).toEqual([
      {
        ...{ kind: 'outcome', outcome: 'resolved', eventName: METER, corrects: null, outcomes: 4, reversals: 1, amountMicros: 2_313_335n, amountMinor: 231n },
        charges: [
          expect.objectContaining({ ...charge, grade: 'customer_confirmed', outcomes: 3, reversals: 1, quantityMicros: 2_000_000n, listedMicros: 2_970_000n, reversedMicros: -990_000n, amountMicros: 1_980_000n }),
          expect.objectContaining({ ...charge, grade: 'inferred', listedMicros: 333_335n, amountMicros: 333_335n }),
        ],
      },
    ]);
    expect(await stripeTotal()).toBe(2_313_335);
    expect(await statements.list(organizationId)).toMatchObject([{ customer: { id: 'northwind' }, period: { label: '2026-11', timeZone: TIME_ZONE }, totalMicros: 2_313_335n }]);

    const key = { organizationId, customerId: 'northwind', period: statement.period, chargeId: line?.charges[0]?.id ?? '' };
    const first = await statements.outcomesOf(key, { limit: 2 });
    const second = await statements.outcomesOf(key, { limit: 2, cursor: first.nextCursor ?? undefined });
    expect([...first.items, ...second.items].map(({ conversationId, kind }) => [conversationId, kind])).toEqual([['a', 'outcome'], ['b', 'outcome'], ['c', 'outcome'], ['b', 'reversal']]);
    expect(second.nextCursor).toBeNull();
    expect(first.items[0]).toMatchObject({ episode: 1, amountMicros: 990_000n, reason: 'policy_held', evidence: { traceIds: ['trace-a'] } });
    expect(second.items[1]).toMatchObject({ conversationId: 'b', decisionId: idOf('b', 2), reversedDecisionId: idOf('b', 1), reason: 'reopened', amountMicros: -990_000n });
    expect((await statements.outcomesOf({ ...key, customerId: 'contoso' })).items).toEqual([]);
  });

  it('say what is missing or not clear, and show nothing of another organization', async () => {
    await decideAndBook({ conversationId: 'a' });
    await decideAndBook({ conversationId: 'b', currency: 'EUR' });
    const { statements, outbox, reconciliation, margins } = startServices();
    await expect(statements.read(organizationId, 'northwind', '2026-11')).rejects.toMatchObject({ code: 'statement_not_unique' });
    expect(await statements.read(organizationId, 'northwind', '2026-11', { currency: 'EUR' })).toMatchObject({ totalMicros: 990_000n, stripe: { amountMicros: null, asOf: null } });
    await expect(statements.read(organizationId, 'northwind', '2026-10')).rejects.toMatchObject({ code: 'statement_not_found' });
    await expect(statements.read('org1', 'contoso', '2026-11')).rejects.toMatchObject({ code: 'statement_not_found' });
    await stores.postgres.insertInto('organizations').values({ id: `${organizationId}-other`, name: 'other', createdAt: clock.now() }).execute();
    const other = `${organizationId}-other`;
    expect([await statements.list(other), await outbox.counts(other), await margins.read(other), await reconciliation.latest(other)]).toEqual([[], [], [], undefined]);
  });
});

describe('margin', () => {
  it('carries the cost of what earned nothing, counts live decisions only, and shows what is unknown', async () => {
    await decideAndBook({ conversationId: 'a', modelCostUsd: '0.010000000001', costUnknownSpans: 1 });
    await decideAndBook({ conversationId: 'b', modelCostUsd: '0.02', ...notBillable });
    await decideAndBook({ conversationId: 'c', modelCostUsd: '5' });
    await decideAndBook({ conversationId: 'c', revision: 2, modelCostUsd: '0.03', costUnknownSpans: 2 });
    const { margins } = startServices();
    const figures = { episodeCount: 3, billableCount: 2, revenueMicros: 1_980_000n, modelCostMicros: 60_000n, unknownSpans: 3, costPerBillableOutcomeMicros: 30_000n, marginMicros: 1_920_000n };
    expect(await margins.read(organizationId)).toEqual([{ customer: { id: 'northwind', name: 'NORTHWIND' }, currency: 'USD', ...figures }]);
    expect(await margins.read(organizationId, { customerId: 'contoso' })).toEqual([]);
  });
});
