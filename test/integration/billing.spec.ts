import { describe, expect, it } from '@jest/globals';
import { outcomeCharge, outcomePosting, periodOf } from '#ledger';
import { HOUR, TIME_ZONE, METER, clock, stores, stripe, organizationId, gateway, startServices, idOf, decideAndBook, notBillable, events, statuses, stripeTotal } from './billing-setup.js';

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
