import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { derivedId, Postgres, type Micros, type Tx } from '#platform';
import { receivableMovement, type Posting } from '#ledger';
import { meterOf } from '../booking/meter-name.js';
import { claimOf, type Claim, type MeterEventStatus, type Settlement } from '../delivery/delivery-state.js';

/** A queue of the outbox: the events of one customer on one meter go out one after the other. */
export interface Queue {
  organizationId: string;
  customerId: string;
  eventName: string;
}

/** A meter event whose turn it is, as it is about to be sent. */
export interface ClaimedEvent extends Queue {
  id: string;
  valueMicros: Micros;
  occurredAt: Date;
  claim: Claim;
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
    firstSentAt: null,
    lastError: null,
  };
}

/** The meter events, from booking to Stripe. */
@Injectable()
export class OutboxStore {
  constructor(private readonly db: Postgres) {}

  /** One event per posting that moves what a customer owes, of that amount. Its id is what Stripe sees as identifier and as idempotency key. */
  async enqueue(tx: Tx, postings: readonly Posting[]): Promise<void> {
    for (let from = 0; from < postings.length; from += EVENTS_PER_STATEMENT) {
      await tx.insertInto('meterEvents').values(postings.slice(from, from + EVENTS_PER_STATEMENT).map(eventOf)).execute();
    }
  }

  /** Queues with an event that may be due. Uses meter_events_undelivered, which holds nothing that was delivered. */
  async dueQueues(organizationId: string, now: Date): Promise<Queue[]> {
    return this.db
      .selectFrom('meterEvents')
      .select(['organizationId', 'customerId', 'eventName'])
      .distinct()
      .where('organizationId', '=', organizationId)
      .where('status', 'in', ['pending', 'ambiguous'])
      .where('nextAttemptAt', '<=', now)
      .orderBy('customerId')
      .orderBy('eventName')
      .execute();
  }

  /**
   * Takes the event whose turn it is, by writing down that it may be about to reach Stripe. Undefined when none is due.
   * Workers that ask at once wait for each other on the queue's lock; the second finds the event claimed. `FOR UPDATE SKIP LOCKED` alone
   * would not do: it would hand the second worker the next event of the queue, and two would be under way.
   */
  async claimNext(queue: Queue, now: Date): Promise<ClaimedEvent | undefined> {
    return this.db.transaction().execute(async (tx) => {
      const key = JSON.stringify(['deliver', queue.organizationId, queue.customerId, queue.eventName]);
      await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx);
      const head = await tx
        .selectFrom('meterEvents')
        .select(['id', 'valueMicros', 'occurredAt', 'status', 'attempts', 'firstSentAt', 'nextAttemptAt'])
        .where('organizationId', '=', queue.organizationId)
        .where('customerId', '=', queue.customerId)
        .where('eventName', '=', queue.eventName)
        .where('status', 'in', ['pending', 'ambiguous'])
        // A sequence number is taken before its transaction commits: an event may appear in front of one that is under way.
        .orderBy(sql`status = 'ambiguous'`, 'desc')
        .orderBy('sequence')
        .limit(1)
        .executeTakeFirst();
      const claim = head && claimOf({ ...head, status: head.status as MeterEventStatus }, now);
      if (!head || !claim) return undefined;
      await tx.updateTable('meterEvents').set(claim.write).where('id', '=', head.id).execute();
      return { ...queue, id: head.id, valueMicros: head.valueMicros, occurredAt: head.occurredAt, claim };
    });
  }

  /** Writes what came of a claim, unless somebody else has taken the event since. */
  async settle({ id, claim }: ClaimedEvent, settlement: Settlement): Promise<void> {
    await this.db
      .updateTable('meterEvents')
      .set(settlement)
      .where('id', '=', id)
      .where('status', '=', 'ambiguous')
      .where('attempts', '=', claim.write.attempts)
      .execute();
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
}

