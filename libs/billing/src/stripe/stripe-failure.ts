/**
 * What Stripe's errors mean, in one place: told apart by class, status and code. The one exception is a known identifier: the v1 endpoint
 * refuses it with status 400 and no code at all (langfuse/langfuse#16292), so it is recognised by naming *our identifier*, which no other
 * refusal does, and not by its wording.
 */
import Stripe from 'stripe';
import { DomainError, messageOf } from '#platform';
import type { SendAnswer } from './send-answer.js';

/** A key that is refused is for a person to mend; events wait, and are not given up. */
const CREDENTIALS_RETRY_MS = 60_000;
/** The connection was never made, so nothing was sent. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

type Refusal = Stripe.errors.StripeInvalidRequestError;

/** For writes that the outbox repeats: never throws for what Stripe or the network did. @param isKnown whether the refusal says that Stripe has done it before */
export async function answered(call: () => Promise<unknown>, isKnown: (refusal: Refusal) => boolean): Promise<SendAnswer> {
  try {
    await call();
    return { kind: 'accepted' };
  } catch (error) {
    return answerOf(error, isKnown);
  }
}

export const isKnownIdentifier = (identifier: string) => ({ code, message }: Refusal): boolean => code === 'duplicate_meter_event' || (code === undefined && message.includes(identifier));

/** No code says so. It is asked for again only by whoever cancelled it and got no answer. */
export const isCancelledAlready = ({ message }: Refusal): boolean => /already (been )?cancell?ed/i.test(message);

function answerOf(error: unknown, isKnown: (refusal: Refusal) => boolean): SendAnswer {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const reason = reasonOf(error);
  if (error instanceof Stripe.errors.StripeConnectionError) {
    const cause = (error.detail as { code?: unknown } | undefined)?.code;
    return NEVER_CONNECTED.has(String(cause)) ? { kind: 'retry', afterMs: 0, reason } : { kind: 'ambiguous', reason };
  }
  if (error instanceof Stripe.errors.StripeRateLimitError) return { kind: 'retry', afterMs: retryAfterMs(error), reason };
  if (error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError) {
    return { kind: 'retry', afterMs: CREDENTIALS_RETRY_MS, reason };
  }
  // The first call under this key is still being worked on.
  if (error.statusCode === 409) return { kind: 'retry', afterMs: retryAfterMs(error), reason };
  if (error instanceof Stripe.errors.StripeInvalidRequestError) {
    return isKnown(error) ? { kind: 'already_known' } : { kind: 'rejected', code: error.code ?? error.rawType ?? 'invalid_request_error', message: error.message };
  }
  if (error instanceof Stripe.errors.StripeIdempotencyError) return { kind: 'rejected', code: 'idempotency_error', message: error.message };
  return { kind: 'ambiguous', reason };
}

function retryAfterMs(error: Stripe.errors.StripeError): number {
  const seconds = Number(error.headers?.['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

function reasonOf(error: Stripe.errors.StripeError): string {
  return [error.type, error.statusCode, error.code].filter((part) => part !== undefined).join(' ') + `: ${error.message}`;
}

/** For calls whose failure stops what was being done. */
export async function translated<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    const isRefusal = error instanceof Stripe.errors.StripeInvalidRequestError || error instanceof Stripe.errors.StripeIdempotencyError;
    throw new DomainError({
      kind: isRefusal ? 'conflict' : 'unavailable',
      code: isRefusal ? 'stripe_refused' : 'stripe_unavailable',
      message: isRefusal ? `Stripe refused (${reasonOf(error)})` : `Stripe cannot be used now (${messageOf(error)}): check STRIPE_SECRET_KEY, STRIPE_API_URL and the network`,
      cause: error,
    });
  }
}
