import type { Config } from '#platform';

export interface StripeSettings {
  secretKey: string;
  /** Null for Stripe itself. */
  apiUrl: string | null;
}

const SANDBOX_KEY = 'sk_test_sandbox';

/**
 * Which Stripe is spoken to. Without a secret key it is the sandbox and never Stripe, whatever else is set; where the sandbox runs on a
 * port that was free, whoever started it sets STRIPE_API_URL.
 */
export function stripeSettings(config: Pick<Config, 'STRIPE_SECRET_KEY' | 'STRIPE_API_URL' | 'STRIPE_SANDBOX_PORT'>): StripeSettings {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_API_URL: apiUrl, STRIPE_SANDBOX_PORT: port } = config;
  if (secretKey) return { secretKey, apiUrl: apiUrl ?? null };
  return { secretKey: SANDBOX_KEY, apiUrl: apiUrl ?? `http://127.0.0.1:${port}` };
}
