import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { derivedId, Postgres, type Micros, type Tx } from '#platform';
import { receivableMovement, type Posting } from '#ledger';
import { meterOf } from '../booking/meter-name.js';
import { CLAIM_MS, claimable, countsAt, isRemembered, rememberedSince, type Claim, type EventState, type MeterEventStatus, type Settlement } from '../delivery/delivery-state.js';

/** A queue of the outbox: the events of one customer on one meter go out one after the other. */
export interface Queue {
  organizationId: string;
  customerId: string;
  eventName: string;
}

/** A meter event whose turn it is, as it is about to be sent. */
export interface ClaimedEvent {
  id: string;
  /** What Stripe sees as identifier, and as idempotency key. */
  identifier: string;
  method: 'event' | 'cancel';
  /** Of the event that this one takes back, where there is one. */
  reversesIdentifier: string | null;
  valueMicros: Micros;
  occurredAt: Date;
  countsAt: Date;
  claim: Claim;
}

/** A queue that is leased, with its first events. */
export interface ClaimedQueue extends Queue {
  /** Null where Stripe does not know them yet. */
  stripeCustomerId: string | null;
  stripeMeterId: string | null;
  events: ClaimedEvent[];
}

/** What came of a claim. */
export interface SettledEvent {
  event: ClaimedEvent;
  settlement: Settlement;
}

export interface OutboxCounts {
  status: MeterEventStatus;
  count: number;
  /** When the oldest of them occurred. */
  oldestOccurredAt: Date;
}

// PostgreSQL takes 65,535 parameters in a statement.
const EVENTS_PER_STATEMENT = 1000;

function eventOf(posting: Posting) {
  const { organizationId, customerId, currency } = posting.charge;
  return {
    id: derivedId('meter_event', posting.id),
    organizationId,
    customerId,
    postingId: posting.id,
    eventName: meterOf(posting.charge),
    currency,
    valueMicros: receivableMovement(posting),
    occurredAt: posting.bookedAt,
    nextAttemptAt: posting.bookedAt,
    route: 'meter' as const,
    firstSentAt: null,
    lastError: null,
  };
}

/** The meter events, from booking to Stripe, and their queues. */
@Injectable()
export class OutboxStore {
  constructor(private readonly db: Postgres) {}

  /** One event per posting that moves what a customer owes, of that amount. Its id is what Stripe sees as identifier and as idempotency key. */
  async enqueue(tx: Tx, postings: readonly Posting[]): Promise<void> {
    const events = postings.map(eventOf);
    for (let from = 0; from < events.length; from += EVENTS_PER_STATEMENT) {
      await tx.insertInto('meterEvents').values(events.slice(from, from + EVENTS_PER_STATEMENT)).execute();
    }
    await this.makeDue(tx, events.map(({ nextAttemptAt: dueAt, ...event }) => ({ ...event, dueAt })));
  }

  /** Says of queues that an event of theirs may be sent from a time on. In the order of their keys, so that two writers do not deadlock. */
  async makeDue(tx: Tx, queues: readonly (Queue & { dueAt: Date })[]): Promise<void> {
    const first = new Map<string, Queue & { dueAt: Date }>();
    for (const queue of queues) {
      const key = JSON.stringify([queue.organizationId, queue.customerId, queue.eventName]);
      const known = first.get(key);
      if (!known || queue.dueAt < known.dueAt) first.set(key, queue);
    }
    const rows = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, queue]) => queue);
    if (rows.length === 0) return;
    const column = <Value>(read: (row: (typeof rows)[number]) => Value) => rows.map(read);
    await sql`
      INSERT INTO meter_queues (organization_id, customer_id, event_name, due_at)
      SELECT * FROM unnest(${column((row) => row.organizationId)}::text[], ${column((row) => row.customerId)}::text[], ${column((row) => row.eventName)}::text[], ${column((row) => row.dueAt)}::timestamptz[])
      ON CONFLICT (organization_id, customer_id, event_name) DO UPDATE SET due_at = least(meter_queues.due_at, excluded.due_at)`.execute(tx);
  }

  /**
   * Leases queues that are due, and writes down of the first events of each that they may be about to reach Stripe. Whoever asks at once gets
   * other queues (`SKIP LOCKED`); a leased one is nobody else's until it is released or its claims have run out.
   * Uses meter_queues_due, then meter_events_undelivered for each queue.
   */
  async claim(organizationId: string, now: Date, limits: { queues: number; eventsPerQueue: number }): Promise<ClaimedQueue[]> {
    return this.db.transaction().execute(async (tx) => {
      const { rows: queues } = await sql<Queue>`
        SELECT organization_id, customer_id, event_name FROM meter_queues
        WHERE organization_id = ${organizationId} AND due_at <= ${now} AND (leased_until IS NULL OR leased_until <= ${now})
        ORDER BY due_at LIMIT ${limits.queues}
        FOR UPDATE SKIP LOCKED`.execute(tx);
      if (queues.length === 0) return [];
      const claimed = await this.#firstEvents(tx, organizationId, queues, now, limits.eventsPerQueue);
      await this.#writeClaims(tx, claimed.flatMap(({ events }) => events));
      await sql`
        UPDATE meter_queues q SET leased_until = ${new Date(now.getTime() + CLAIM_MS)} FROM ${queueRows(queues)} AS taken (customer_id, event_name)
        WHERE q.organization_id = ${organizationId} AND q.customer_id = taken.customer_id AND q.event_name = taken.event_name`.execute(tx);
      return claimed;
    });
  }

  /** Writes what came of claims, unless somebody else has taken an event since, and gives the queues free. */
  async release(organizationId: string, queues: readonly Queue[], settled: readonly SettledEvent[], now: Date): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      const column = <Value>(read: (row: (typeof settled)[number]) => Value) => settled.map(read);
      await sql`
        UPDATE meter_events m SET status = s.status, method = s.method, first_sent_at = s.first_sent_at, next_attempt_at = s.next_attempt_at, last_error = s.last_error,
          counts_at = CASE WHEN s.first_sent_at IS NULL THEN NULL ELSE m.counts_at END
        FROM unnest(${column(({ event }) => event.id)}::text[], ${column(({ event }) => event.claim.write.attempts)}::integer[], ${column(({ event }) => event.method)}::text[],
          ${column(({ settlement }) => settlement.status)}::text[], ${column(({ settlement }) => settlement.firstSentAt)}::timestamptz[],
          ${column(({ settlement }) => settlement.nextAttemptAt)}::timestamptz[], ${column(({ settlement }) => settlement.lastError)}::text[])
          AS s (id, attempts, method, status, first_sent_at, next_attempt_at, last_error)
        WHERE m.id = s.id AND m.status = 'ambiguous' AND m.attempts = s.attempts`.execute(tx);
      await this.#reschedule(tx, organizationId, queues, now);
    });
  }

  async counts(organizationId: string): Promise<OutboxCounts[]> {
    const rows = await this.db
      .selectFrom('meterEvents')
      .select(({ fn }) => ['status', fn.countAll<bigint>().as('count'), fn.min<Date>('occurredAt').as('oldestOccurredAt')])
      .where('organizationId', '=', organizationId)
      .groupBy('status')
      .orderBy('status')
      .execute();
    return rows.map((row) => ({ ...row, status: row.status as MeterEventStatus, count: Number(row.count) }));
  }

  /**
   * Says when each queue is due again: never, where its first event may not be sent again before it is known whether it arrived. Its row is locked first and its events are looked at in a statement of their own: one that was booked
   * while the row was waited for would not be seen by the statement that waited, and its queue would never be due.
   */
  async #reschedule(tx: Tx, organizationId: string, queues: readonly Queue[], now: Date): Promise<void> {
    await sql`
      SELECT FROM meter_queues q JOIN ${queueRows(queues)} AS taken (customer_id, event_name) ON q.customer_id = taken.customer_id AND q.event_name = taken.event_name
      WHERE q.organization_id = ${organizationId} ORDER BY q.customer_id, q.event_name FOR UPDATE OF q`.execute(tx);
    await sql`
      UPDATE meter_queues q SET leased_until = NULL, due_at = (
        SELECT CASE WHEN m.status = 'pending' OR m.first_sent_at > ${rememberedSince(now)} THEN m.next_attempt_at END FROM meter_events m
        WHERE m.organization_id = q.organization_id AND m.customer_id = q.customer_id AND m.event_name = q.event_name AND m.status IN ('pending', 'ambiguous') AND m.route = 'meter'
        ORDER BY m.status = 'ambiguous' DESC, m.sequence LIMIT 1)
      FROM ${queueRows(queues)} AS taken (customer_id, event_name)
      WHERE q.organization_id = ${organizationId} AND q.customer_id = taken.customer_id AND q.event_name = taken.event_name`.execute(tx);
  }

  async #firstEvents(tx: Tx, organizationId: string, queues: readonly Queue[], now: Date, perQueue: number): Promise<ClaimedQueue[]> {
    const { rows } = await sql<EventRow>`
      SELECT q.customer_id, q.event_name, m.*, customer.stripe_id AS stripe_customer_id, meter.stripe_id AS stripe_meter_id
      FROM ${queueRows(queues)} AS q (customer_id, event_name)
      LEFT JOIN stripe_objects customer ON customer.organization_id = ${organizationId} AND customer.kind = 'customer' AND customer.key = q.customer_id
      LEFT JOIN stripe_objects meter ON meter.organization_id = ${organizationId} AND meter.kind = 'meter' AND meter.key = q.event_name
      LEFT JOIN LATERAL (
        SELECT e.id, e.generation, e.value_micros, e.occurred_at, e.counts_at, e.status, e.method, e.attempts, e.first_sent_at, e.next_attempt_at,
          original.id AS reverses_id, original.generation AS reverses_generation, original.status AS reverses_status, original.first_sent_at AS reverses_first_sent_at
        FROM meter_events e
        JOIN postings p ON p.id = e.posting_id
        LEFT JOIN meter_events original ON original.posting_id = p.reverses
        WHERE e.organization_id = ${organizationId} AND e.customer_id = q.customer_id AND e.event_name = q.event_name AND e.status IN ('pending', 'ambiguous') AND e.route = 'meter'
        -- A sequence number is taken before its transaction commits: an event may appear in front of one that was claimed.
        ORDER BY e.status = 'ambiguous' DESC, e.sequence LIMIT ${perQueue}
      ) m ON true`.execute(tx);
    const byQueue = Map.groupBy(rows, ({ customerId, eventName }) => JSON.stringify([customerId, eventName]));
    return [...byQueue.values()].flatMap((ofQueue) => {
      const [first] = ofQueue;
      if (!first) return [];
      const { customerId, eventName, stripeCustomerId, stripeMeterId } = first;
      const events = claimable(ofQueue.filter(({ id }) => id !== null), now).map(({ event, claim }) => claimedEvent(event, claim, now));
      return [{ organizationId, customerId, eventName, stripeCustomerId, stripeMeterId, events }];
    });
  }

  async #writeClaims(tx: Tx, events: readonly ClaimedEvent[]): Promise<void> {
    const column = <Value>(read: (event: ClaimedEvent) => Value) => events.map(read);
    await sql`
      UPDATE meter_events m SET status = 'ambiguous', attempts = c.attempts, first_sent_at = c.first_sent_at, next_attempt_at = c.next_attempt_at, counts_at = c.counts_at, method = c.method
      FROM unnest(${column(({ id }) => id)}::text[], ${column(({ claim }) => claim.write.attempts)}::integer[], ${column(({ claim }) => claim.write.firstSentAt)}::timestamptz[],
        ${column(({ claim }) => claim.write.nextAttemptAt)}::timestamptz[], ${column((event) => event.countsAt)}::timestamptz[], ${column(({ method }) => method)}::text[])
        AS c (id, attempts, first_sent_at, next_attempt_at, counts_at, method)
      WHERE m.id = c.id`.execute(tx);
  }
}

interface EventRow extends EventState, Omit<Queue, 'organizationId'> {
  id: string;
  generation: number;
  valueMicros: bigint;
  occurredAt: Date;
  countsAt: Date | null;
  method: string;
  stripeCustomerId: string | null;
  stripeMeterId: string | null;
  reversesId: string | null;
  reversesGeneration: number | null;
  reversesStatus: string | null;
  reversesFirstSentAt: Date | null;
}

function claimedEvent(row: EventRow, claim: Claim, now: Date): ClaimedEvent {
  const { id, generation, valueMicros, occurredAt } = row;
  return {
    id,
    identifier: identifierOf(id, generation),
    method: methodOf(row, now),
    reversesIdentifier: row.reversesId === null ? null : identifierOf(row.reversesId, row.reversesGeneration ?? 0),
    valueMicros,
    occurredAt,
    countsAt: row.countsAt ?? countsAt(occurredAt, false, now),
    claim,
  };
}

/**
 * What Stripe was told of less than a day ago can be cancelled; everything else is taken back by an event below zero. What may have reached
 * Stripe already is sent again as it was.
 */
function methodOf({ status, method, reversesStatus, reversesFirstSentAt }: EventRow, now: Date): 'event' | 'cancel' {
  if (status === 'ambiguous') return method === 'cancel' ? 'cancel' : 'event';
  const isTold = reversesStatus === 'sent' || reversesStatus === 'confirmed';
  return isTold && isRemembered(reversesFirstSentAt, now) ? 'cancel' : 'event';
}

/** An event that Stripe refused is sent under another identifier, because it may remember the first. */
function identifierOf(id: string, generation: number): string {
  return generation === 0 ? id : `${id}_${generation}`;
}

const queueRows = (queues: readonly Queue[]) => sql`unnest(${queues.map(({ customerId }) => customerId)}::text[], ${queues.map(({ eventName }) => eventName)}::text[])`;
