import { randomId } from '#platform';

/** Stripe repeats a delivery "for up to three days with an exponential back off"; its pauses are not published. */
const DELIVERY_SECONDS_MAX = 3 * 86_400;
const FIRST_PAUSE_SECONDS = 5;
const PAUSE_SECONDS_MAX = 3 * 3_600;

/** One attempt: what came back, or why nothing did. `at` is in unix seconds of the sandbox's clock. */
export interface DeliveryAttempt {
  at: number;
  http_status: number | null;
  error: string | null;
}

/** One event on its way to one endpoint. */
export interface Delivery {
  id: string;
  object: 'sandbox.delivery';
  event: string;
  event_type: string;
  /** A webhook endpoint, or an event destination. */
  endpoint: string;
  /** `failed` after three days, `dropped` when the endpoint was deleted or disabled. */
  status: 'pending' | 'delivered' | 'failed' | 'dropped';
  created: number;
  next_attempt_at: number | null;
  attempts: DeliveryAttempt[];
  /** The draft whose finalisation waits for this one. */
  invoice: string | null;
}

export function createDelivery(given: { event: { id: string; type: string }; endpoint: string; invoice: string | null }, now: number): Delivery {
  return {
    id: randomId('dlv_sandbox'),
    object: 'sandbox.delivery',
    event: given.event.id,
    event_type: given.event.type,
    endpoint: given.endpoint,
    status: 'pending',
    created: now,
    next_attempt_at: now,
    attempts: [],
    invoice: given.invoice,
  };
}

/** Any 2xx counts as delivered, and nothing else: not a redirect either. */
export function afterAttempt(delivery: Delivery, attempt: DeliveryAttempt): Delivery {
  const attempts = [...delivery.attempts, attempt];
  // The second of two duplicates: the first has already decided.
  if (delivery.status !== 'pending') return { ...delivery, attempts };
  const { http_status: status } = attempt;
  if (status !== null && status >= 200 && status < 300) return { ...delivery, attempts, status: 'delivered', next_attempt_at: null };
  const next = attempt.at + pauseSeconds(attempts.length);
  if (next > delivery.created + DELIVERY_SECONDS_MAX) return { ...delivery, attempts, status: 'failed', next_attempt_at: null };
  return { ...delivery, attempts, next_attempt_at: next };
}

export function drop(delivery: Delivery): Delivery {
  return { ...delivery, status: 'dropped', next_attempt_at: null };
}

/** 5 s, 10 s, 20 s and so on up to three hours: short at first, for a client on the same machine that is just being restarted. */
function pauseSeconds(failures: number): number {
  return Math.min(FIRST_PAUSE_SECONDS * 2 ** (failures - 1), PAUSE_SECONDS_MAX);
}
