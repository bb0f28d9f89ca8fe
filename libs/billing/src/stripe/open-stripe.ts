import Stripe from 'stripe';
import type { StripeSettings } from './stripe-settings.js';

const CALL_TIMEOUT_MS = 20_000;

/** Stripe's SDK, for the gateways of this folder: nothing else calls it. */
export function openStripe({ secretKey, apiUrl }: StripeSettings, options: { callTimeoutMs?: number } = {}): Stripe {
  const url = apiUrl === null ? null : new URL(apiUrl);
  const protocol = url?.protocol === 'http:' ? 'http' : 'https';
  return new Stripe(secretKey, {
    timeout: options.callTimeoutMs ?? CALL_TIMEOUT_MS,
    telemetry: false,
    appInfo: { name: 'astrolabe' },
    ...(url && { host: url.hostname, port: url.port || (protocol === 'http' ? 80 : 443), protocol }),
  });
}
