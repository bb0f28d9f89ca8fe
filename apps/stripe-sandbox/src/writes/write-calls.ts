/**
 * The way every write takes, and the only place where the sandbox changes.
 *
 * Order: a key in use is refused (409), a busy customer and meter too (429), a fault applied, and then a known key is replayed or the
 * endpoint acts. From its first check to the change in memory it runs without a pause, so no other call comes between; the answer goes out
 * when change and answer are on disk, in one line.
 *
 * As with Stripe, only an endpoint that has begun to act leaves an answer under its key: refusals of parameters, conflicts and limits do
 * not. Known difference: Stripe also keeps failures of an endpoint that had begun (its 500s); the sandbox has none of its own.
 */
import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson, sha256Hex } from '#platform';
import type { Happening } from '../events/event.js';
import { recordEvents } from '../events/record-events.js';
import type { StripeCall } from '../http/stripe-call.js';
import { AnswerDropped, StripeError, invalidRequest, rateLimited } from '../http/stripe-error.js';
import type { Change } from '../state/journal-entry.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { Faults, type Fault } from './faults.js';

const KEY_LENGTH_MAX = 255;

/** What an endpoint does: its answer, the changes that make it true, and what is to be told of it. */
interface Write<Body> {
  body: Body;
  changes: Change[];
  events?: Happening[];
}

interface WritePlan<Body> {
  /** Checks and decides, synchronously and without changing anything. `now` is in unix seconds. */
  act: (now: number) => Write<Body>;
  /** What only one call may hold at a time, such as a customer and meter. */
  slot?: string | undefined;
}

@Injectable()
export class WriteCalls {
  readonly #keysInUse = new Set<string>();
  readonly #slotsInUse = new Set<string>();

  constructor(
    private readonly store: SandboxStore,
    private readonly faults: Faults,
  ) {}

  /** @throws StripeError, or AnswerDropped when a fault asks for it */
  async perform<Body>(call: StripeCall, plan: WritePlan<Body>): Promise<Body> {
    const { idempotencyKey: key } = call;
    if (key !== undefined) {
      if (key.length > KEY_LENGTH_MAX) throw invalidRequest(`The idempotency key has more than ${KEY_LENGTH_MAX} characters.`);
      call.setHeader('idempotency-key', key);
      if (this.#keysInUse.has(key)) throw keyInUse(key);
    }
    if (plan.slot !== undefined && this.#slotsInUse.has(plan.slot)) {
      throw rateLimited('endpoint-concurrency', 'Another call for this customer and meter is in progress. Send one at a time.');
    }
    return this.#holding(key, plan.slot, async () => {
      const fault = this.faults.take(call.path);
      if (fault) await applyBefore(fault);
      const body = await this.#replayOrAct(call, plan);
      if (fault?.drop_answer_after_acting) throw new AnswerDropped();
      return body;
    });
  }

  async #replayOrAct<Body>(call: StripeCall, { act }: WritePlan<Body>): Promise<Body> {
    const now = this.store.now();
    const { idempotencyKey: key } = call;
    if (key === undefined) {
      const { body, changes } = this.#act(call, act, now);
      await this.store.commit({ changes });
      return body;
    }
    const fingerprint = sha256Hex(canonicalJson([call.method, call.path, call.params]));
    const saved = this.store.state.savedAnswer(key, now);
    if (!saved) {
      const { body, changes } = this.#act(call, act, now);
      await this.store.commit({ changes, answer: { key, fingerprint, savedAt: now, body } });
      return body;
    }
    if (saved.fingerprint !== fingerprint) throw keyReused(key);
    await this.store.settled();
    call.setHeader('idempotent-replayed', 'true');
    return saved.body as Body;
  }

  #act<Body>(call: StripeCall, act: WritePlan<Body>['act'], now: number): { body: Body; changes: Change[] } {
    const { body, changes, events = [] } = act(now);
    const cause = { requestId: call.requestId, idempotencyKey: call.idempotencyKey };
    return { body, changes: [...changes, ...recordEvents(this.store.state, events, { cause, now })] };
  }

  async #holding<Result>(key: string | undefined, slot: string | undefined, work: () => Promise<Result>): Promise<Result> {
    if (key !== undefined) this.#keysInUse.add(key);
    if (slot !== undefined) this.#slotsInUse.add(slot);
    try {
      return await work();
    } finally {
      if (key !== undefined) this.#keysInUse.delete(key);
      if (slot !== undefined) this.#slotsInUse.delete(slot);
    }
  }
}

async function applyBefore(fault: Fault): Promise<void> {
  if (fault.delay_ms > 0) await sleep(fault.delay_ms);
  if (fault.fail_with === 429) throw rateLimited('fault', 'Request rate limit exceeded (asked for at /sandbox/faults).');
  if (fault.fail_with === 500) throw new StripeError(500, { type: 'api_error', message: 'The sandbox failed, as asked for at /sandbox/faults.' });
}

function keyInUse(key: string): StripeError {
  const message = `There is currently another in-progress request using this idempotency key: ${key}`;
  const { body } = invalidRequest(message, { code: 'idempotency_key_in_use' });
  return new StripeError(409, body);
}

function keyReused(key: string): StripeError {
  const message =
    'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
    `Try using a key other than '${key}' if you meant to execute a different request.`;
  return new StripeError(400, { type: 'idempotency_error', message });
}
