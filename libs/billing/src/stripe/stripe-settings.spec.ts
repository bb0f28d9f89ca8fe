import { describe, expect, it } from '@jest/globals';
import { stripeSettings } from './stripe-settings.js';

describe('stripeSettings', () => {
  it('is the sandbox without a secret key, and never Stripe', () => {
    expect(stripeSettings({ STRIPE_SANDBOX_PORT: 4319 })).toEqual({ secretKey: 'sk_test_sandbox', apiUrl: 'http://127.0.0.1:4319' });
    expect(stripeSettings({ STRIPE_SANDBOX_PORT: 0, STRIPE_API_URL: 'http://127.0.0.1:5000' })).toEqual({ secretKey: 'sk_test_sandbox', apiUrl: 'http://127.0.0.1:5000' });
  });

  it('is Stripe with one, unless another address is given', () => {
    expect(stripeSettings({ STRIPE_SANDBOX_PORT: 4319, STRIPE_SECRET_KEY: 'sk_live_x' })).toEqual({ secretKey: 'sk_live_x', apiUrl: null });
    expect(stripeSettings({ STRIPE_SANDBOX_PORT: 4319, STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_API_URL: 'http://localhost:12111' }).apiUrl).toBe('http://localhost:12111');
  });
});
