import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import { localUrl } from './local-url.js';

type Fields = Pick<
  Stripe.V2.Core.EventDestination,
  'id' | 'object' | 'created' | 'description' | 'enabled_events' | 'events_from' | 'livemode' | 'metadata' | 'name' | 'updated'
>;

export type EventDestinationObject = Fields & {
  event_payload: 'thin';
  status: 'enabled';
  type: 'webhook_endpoint';
  webhook_endpoint: { url?: string; signing_secret?: string };
};

/** Kept with what is shown only when `include` asks for it. */
export type EventDestinationRecord = EventDestinationObject & { webhook_endpoint: { url: string; signing_secret: string } };

type Include = 'webhook_endpoint.url' | 'webhook_endpoint.signing_secret';

export const includeUrl = () => z.array(z.literal('webhook_endpoint.url')).max(1).default([]);

/** v2 takes JSON. Snapshot events go to webhook endpoints of v1 here. */
export const destinationParams = z.strictObject({
  name: z.string().min(1).max(250),
  description: z.string().max(5_000).default(''),
  type: z.literal('webhook_endpoint'),
  event_payload: z.literal('thin'),
  enabled_events: z.array(z.string().min(1).max(100)).min(1).max(100),
  events_from: z.array(z.literal('@self')).optional(),
  metadata: z.record(z.string(), z.string()).default({}),
  webhook_endpoint: z.strictObject({ url: localUrl() }),
  include: z.array(z.enum(['webhook_endpoint.url', 'webhook_endpoint.signing_secret'])).default([]),
});

export function createDestination(params: z.output<typeof destinationParams>, now: number): EventDestinationRecord {
  const created = new Date(now * 1_000).toISOString();
  return {
    id: randomId('ed_sandbox'),
    object: 'v2.core.event_destination',
    created,
    description: params.description,
    enabled_events: params.enabled_events,
    event_payload: 'thin',
    events_from: ['@self'],
    livemode: false,
    metadata: params.metadata,
    name: params.name,
    status: 'enabled',
    type: 'webhook_endpoint',
    updated: created,
    webhook_endpoint: { url: params.webhook_endpoint.url, signing_secret: randomId('whsec_sandbox') },
  };
}

export function showDestination(record: EventDestinationRecord, include: readonly Include[]): EventDestinationObject {
  const { url, signing_secret } = record.webhook_endpoint;
  return {
    ...record,
    webhook_endpoint: {
      ...(include.includes('webhook_endpoint.url') && { url }),
      ...(include.includes('webhook_endpoint.signing_secret') && { signing_secret }),
    },
  };
}
