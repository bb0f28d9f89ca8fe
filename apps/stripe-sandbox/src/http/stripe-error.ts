/** The `error` object of Stripe's v1 answers; the SDK picks its exception class from the status and `type`. */
export interface StripeErrorBody {
  type: 'invalid_request_error' | 'api_error' | 'idempotency_error';
  message: string;
  code?: string;
  param?: string;
  doc_url?: string;
}

/** An answer in Stripe's error shape, thrown anywhere below a controller and written by StripeErrorFilter. */
export class StripeError extends Error {
  constructor(
    readonly status: number,
    readonly body: StripeErrorBody,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(body.message);
    this.name = 'StripeError';
  }
}

/** Not an answer at all: the fault that cuts the connection after the call has acted. */
export class AnswerDropped extends Error {}

/** 400. `code` is left out where Stripe is known to send none. */
export function invalidRequest(message: string, details: { code?: string; param?: string } = {}): StripeError {
  const docUrl = details.code === undefined ? {} : { doc_url: `https://stripe.com/docs/error-codes/${details.code.replaceAll('_', '-')}` };
  return new StripeError(400, { type: 'invalid_request_error', message, ...details, ...docUrl });
}

/** 404 for the object named by the address, 400 when a parameter names it: Stripe makes this difference. */
export function resourceMissing(noun: string, id: string, where: { param: string; inAddress?: boolean }): StripeError {
  const { body } = invalidRequest(`No such ${noun}: '${id}'`, { code: 'resource_missing', param: where.param });
  return new StripeError(where.inAddress ? 404 : 400, body);
}

/** 429 without `stripe-should-retry`: the SDK does not retry it, the caller has to back off. */
export function rateLimited(reason: 'endpoint-concurrency' | 'global-rate' | 'fault', message: string): StripeError {
  const { body } = invalidRequest(message, { code: 'rate_limit' });
  return new StripeError(429, body, { 'stripe-rate-limited-reason': reason });
}
