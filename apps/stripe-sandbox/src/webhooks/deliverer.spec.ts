import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Stripe from 'stripe';
import { at, NOW, SandboxHarness } from '../testing/sandbox-harness.js';
import { WebhookReceiver } from '../testing/webhook-receiver.js';

const DECEMBER = at('2026-12-01');

describe('webhooks, through the SDK', () => {
  let harness: SandboxHarness;
  let receiver: WebhookReceiver;
  let stripe: Stripe;

  beforeEach(async () => {
    harness = await SandboxHarness.start();
    receiver = await WebhookReceiver.start();
    stripe = harness.client();
  });
  afterEach(async () => {
    await receiver.close();
    await harness.dispose();
  });

  const endpoint = (events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = ['*']) => stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: events });

  it('tell of what happens, signed over the raw body', async () => {
    const { secret = '' } = await endpoint();
    const customer = await stripe.customers.create({ name: 'Acme' });
    await harness.tick();
    expect(receiver.types).toEqual(['customer.created']);
    const [webhook] = receiver.received;
    const event = stripe.webhooks.constructEvent(webhook?.body ?? '', webhook?.signature ?? '', secret);
    expect(event).toMatchObject({ type: 'customer.created', livemode: false, data: { object: { id: customer.id, name: 'Acme' } } });
    expect(() => stripe.webhooks.constructEvent(`${webhook?.body ?? ''} `, webhook?.signature ?? '', secret)).toThrow();
    expect(await stripe.events.retrieve(event.id)).toMatchObject({ id: event.id, type: 'customer.created' });
  });

  it('are sent to those who want them, and repeated until they are taken, also after a restart', async () => {
    await endpoint(['invoice.created']);
    let answers = 0;
    receiver.answer = () => ((answers += 1) < 3 ? 500 : 200);
    await harness.seed();
    harness.moveTo(DECEMBER);
    await harness.tick();
    expect(receiver.types).toEqual(['invoice.created']);
    await harness.restart();
    for (let later = 0; later < 5; later += 1) {
      harness.clock.advance(3_600_000);
      await harness.tick();
    }
    expect(receiver.types).toEqual(['invoice.created', 'invoice.created', 'invoice.created']);
    const { data } = await harness.control<{ data: { status: string; attempts: { http_status: number }[] }[] }>('GET', 'deliveries');
    expect(data.map(({ status, attempts }) => [status, attempts.map(({ http_status }) => http_status)])).toEqual([['delivered', [500, 500, 200]]]);
  });

  it('hold the finalisation of an invoice of whose making nobody has been told', async () => {
    await endpoint();
    receiver.answer = ({ body }) => (body.includes('"invoice.created"') ? 500 : 200);
    const { stripe: client } = await harness.seed();
    harness.moveTo(DECEMBER);
    await harness.tick();
    harness.moveTo(DECEMBER + 2 * 3_600);
    await harness.tick();
    const statuses = async () => (await client.invoices.list()).data.map(({ status }) => status);
    expect(await statuses()).toEqual(['draft']);
    // Not for ever.
    harness.moveTo(DECEMBER + 73 * 3_600);
    await harness.tick();
    expect(await statuses()).toEqual(['paid']);
  });

  it('come twice, late, or not at the first attempt when that is asked for', async () => {
    await endpoint(['customer.created']);
    await harness.control('POST', 'faults', { webhooks: { duplicate: 1 } });
    await stripe.customers.create();
    await harness.tick();
    expect(receiver.received).toHaveLength(2);
    await harness.control('POST', 'faults', { webhooks: { drop: 1 } });
    await stripe.customers.create();
    await harness.tick();
    expect(receiver.received).toHaveLength(2);
    harness.clock.advance(60_000);
    await harness.tick();
    expect(receiver.received).toHaveLength(3);
    await harness.control('POST', 'faults', { webhooks: { reverse: true } });
    const [first, second] = [await stripe.customers.create(), await stripe.customers.create()];
    await harness.tick();
    expect(receiver.received.slice(3).map(({ body }) => (JSON.parse(body) as { data: { object: { id: string } } }).data.object.id)).toEqual([second.id, first.id]);
  });

  it('say thinly that usage could not be counted, and what of it when they are asked', async () => {
    const destination = await stripe.v2.core.eventDestinations.create({
      name: 'Astrolabe',
      type: 'webhook_endpoint',
      event_payload: 'thin',
      enabled_events: ['v1.billing.meter.error_report_triggered'],
      webhook_endpoint: { url: receiver.url },
      include: ['webhook_endpoint.signing_secret'],
    });
    const { meter } = await harness.seed();
    await stripe.billing.meterEvents.create({ event_name: 'outcomes', identifier: 'lost', timestamp: NOW, payload: { stripe_customer_id: 'cus_nobody', value: '1' } });
    harness.clock.advance(600_000);
    await harness.tick();
    const [webhook] = receiver.received;
    const notification = stripe.parseEventNotification(webhook?.body ?? '', webhook?.signature ?? '', destination.webhook_endpoint?.signing_secret ?? '');
    expect(notification).toMatchObject({ type: 'v1.billing.meter.error_report_triggered', related_object: { id: meter.id } });
    const event = await stripe.v2.core.events.retrieve(notification.id);
    expect(event).toMatchObject({ data: { reason: { error_count: 1, error_types: [{ code: 'meter_event_customer_not_found', error_count: 1, sample_errors: [{ request: { identifier: 'lost' } }] }] } } });
  });
});
