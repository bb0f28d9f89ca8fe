import { describe, expect, it } from '@jest/globals';
import { StripeGateway } from '#billing';
import { HOUR, METER, clock, stores, stripe, organizationId, gateway, startServices, decideAndBook, notBillable, events, statuses, stripeTotal, askForFault } from './billing-setup.js';

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
