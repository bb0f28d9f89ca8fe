import type Stripe from 'stripe';
import { z } from 'zod';
import { randomId } from '#platform';
import { API_VERSION } from '../events/event.js';
import { boolean, metadata, metadataChange, text, withMetadata } from '../http/read-params.js';
import { localUrl } from './local-url.js';

export type WebhookEndpointObject = Pick<
  Stripe.WebhookEndpoint,
  'id' | 'object' | 'api_version' | 'application' | 'created' | 'description' | 'enabled_events' | 'livemode' | 'metadata' | 'secret' | 'url'
> & { status: 'enabled' | 'disabled' };

/** Kept with its secret; shown with it only in the answer that made it. */
export type WebhookEndpointRecord = WebhookEndpointObject & { secret: string };

const enabledEvents = () => z.array(text(100)).min(1).max(100);

export const endpointParams = z.strictObject({
  url: localUrl(),
  enabled_events: enabledEvents(),
  // Objects are rendered in one version only.
  api_version: z.literal(API_VERSION).optional(),
  description: z.string().max(5_000).optional(),
  metadata: metadata(),
});

export const endpointChangeParams = z.strictObject({
  url: localUrl().optional(),
  enabled_events: enabledEvents().optional(),
  description: z.string().max(5_000).optional(),
  disabled: boolean().optional(),
  metadata: metadataChange(),
});

export function createEndpoint(params: z.output<typeof endpointParams>, now: number): WebhookEndpointRecord {
  return {
    id: randomId('we_sandbox'),
    object: 'webhook_endpoint',
    api_version: API_VERSION,
    application: null,
    created: now,
    description: params.description ?? null,
    enabled_events: params.enabled_events,
    livemode: false,
    metadata: params.metadata,
    secret: randomId('whsec_sandbox'),
    status: 'enabled',
    url: params.url,
  };
}

export function changeEndpoint(endpoint: WebhookEndpointRecord, params: z.output<typeof endpointChangeParams>): WebhookEndpointRecord {
  const { url, enabled_events, description, disabled } = params;
  return {
    ...endpoint,
    url: url ?? endpoint.url,
    enabled_events: enabled_events ?? endpoint.enabled_events,
    description: description ?? endpoint.description,
    metadata: withMetadata(endpoint.metadata, params.metadata),
    status: disabled === undefined ? endpoint.status : disabled ? 'disabled' : 'enabled',
  };
}

export function showEndpoint({ secret: _secret, ...endpoint }: WebhookEndpointRecord): Omit<WebhookEndpointObject, 'secret'> {
  return endpoint;
}
