import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { canonicalJson, derivedId, Postgres, sha256Hex, type Database, type Tx } from '#platform';
import { OutboxStore } from '../outbox/outbox.store.js';
import { bookingBreaks, type BookingBreakRow } from './booking-breaks.query.js';
import { examinedPeriods, meterSums, type MeterSumsRow } from './compared-meters.query.js';
import type { Break, BreakKind, ComparedMeter, Reconciliation } from './reconciliation.js';

/** A meter event whose fate is open, with where it belongs. */
export interface OpenEvent {
  id: string;
  customerId: string;
  eventName: string;
  currency: string;
  periodStart: Date;
  periodEnd: Date;
  status: 'sent' | 'ambiguous' | 'failed';
  valueMicros: bigint;
  firstSentAt: Date | null;
  lastError: string | null;
}

export interface Picture {
  sums: MeterSumsRow[];
  events: OpenEvent[];
  bookingBreaks: BookingBreakRow[];
}

type StoredMeter = { [Key in keyof ComparedMeter]: string };

@Injectable()
export class ReconciliationStore {
  constructor(
    private readonly db: Postgres,
    private readonly outbox: OutboxStore,
  ) {}

  /** All layers but Stripe, as of one moment. */
  async picture(organizationId: string, endedAfter: Date): Promise<Picture> {
    return this.db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (tx) => {
        const periods = (await examinedPeriods(organizationId, endedAfter).execute(tx)).rows as { periodStart: Date }[];
        const from = periods.reduce((first, { periodStart }) => (periodStart < first ? periodStart : first), endedAfter);
        return {
          sums: (await meterSums(organizationId, endedAfter, from).execute(tx)).rows,
          events: await this.#openEvents(tx, organizationId),
          bookingBreaks: (await bookingBreaks(organizationId, from).execute(tx)).rows,
        };
      });
  }

  async #openEvents(tx: Tx, organizationId: string): Promise<OpenEvent[]> {
    const rows = await tx
      .selectFrom('meterEvents as m')
      .innerJoin('postings as p', 'p.id', 'm.postingId')
      .select(['m.id', 'm.customerId', 'm.eventName', 'm.currency', 'm.status', 'm.valueMicros', 'm.firstSentAt', 'm.lastError', 'p.periodStart', 'p.periodEnd'])
      .where('m.organizationId', '=', organizationId)
      .where('m.status', 'in', ['sent', 'ambiguous', 'failed'])
      .orderBy('m.firstSentAt')
      .orderBy('m.sequence')
      .execute();
    return rows.map((row) => ({ ...row, status: row.status as OpenEvent['status'] }));
  }

  /** What Stripe's total proved. Conditional on the state it was read in: delivery may have moved on. Queues that waited to know it go on. */
  async applyFates(organizationId: string, fates: { confirmedIds: readonly string[]; requeuedIds: readonly string[] }, now: Date): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      const update = (ids: readonly string[], from: readonly string[], to: { status: string; lastError?: null; firstSentAt?: null; countsAt?: null; nextAttemptAt?: Date }) =>
        tx
          .updateTable('meterEvents')
          .set(to)
          .where('organizationId', '=', organizationId)
          .where('id', '=', sql<string>`any(${ids}::text[])`)
          .where('status', 'in', from)
          .returning(['organizationId', 'customerId', 'eventName'])
          .execute();
      const confirmed = await update(fates.confirmedIds, ['sent', 'ambiguous'], { status: 'confirmed', lastError: null });
      // As new: Stripe has forgotten the identifier, and the time that it counts at is chosen again.
      const requeued = await update(fates.requeuedIds, ['ambiguous'], { status: 'pending', firstSentAt: null, countsAt: null, nextAttemptAt: now });
      await this.outbox.makeDue(tx, [...confirmed, ...requeued].map((queue) => ({ ...queue, dueAt: now })));
    });
  }

  /**
   * Records a run. A run that found what the latest one found only moves its time on: what is stored is the history of findings, and
   * running again adds nothing to it.
   */
  async record(organizationId: string, ranAt: Date, meters: readonly ComparedMeter[], breaks: readonly Break[]): Promise<Reconciliation> {
    const stored = meters.map(toStored);
    const sha256 = sha256Hex(canonicalJson({ meters: stored, breaks }));
    return this.db.transaction().execute(async (tx) => {
      const latest = await this.#latestRow(tx, organizationId);
      const isSame = latest !== undefined && (latest.compared as unknown as { sha256: string }).sha256 === sha256;
      const id = isSame ? latest.id : derivedId('reconciliation', organizationId, latest?.id ?? 'first', sha256);
      await tx
        .insertInto('reconciliations')
        .values({ id, organizationId, ranAt, compared: JSON.stringify({ sha256, meters: stored }), breakCount: breaks.length })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ ranAt }))
        .execute();
      if (breaks.length > 0) {
        const rows = breaks.map((found) => ({
          id: derivedId('break', id, found.kind, found.customerId, canonicalJson(found.detail)),
          reconciliationId: id,
          organizationId,
          customerId: found.customerId,
          kind: found.kind,
          detail: JSON.stringify(found.detail),
        }));
        await tx.insertInto('breaks').values(rows).onConflict((conflict) => conflict.column('id').doNothing()).execute();
      }
      return { id, ranAt, meters: [...meters], breaks: [...breaks] };
    });
  }

  async latest(organizationId: string): Promise<Reconciliation | undefined> {
    const row = await this.#latestRow(this.db, organizationId);
    if (!row) return undefined;
    const breaks = await this.db.selectFrom('breaks').select(['customerId', 'kind', 'detail']).where('reconciliationId', '=', row.id).orderBy('id').execute();
    return {
      id: row.id,
      ranAt: row.ranAt,
      meters: (row.compared as unknown as { meters: StoredMeter[] }).meters.map(fromStored),
      breaks: breaks.map((found) => ({ customerId: found.customerId, kind: found.kind as BreakKind, detail: found.detail as Break['detail'] })),
    };
  }

  /** What Stripe's meters were last seen to hold for a customer, period and currency, and when. Undefined where no run has looked. */
  async stripeTotal(
    tx: Tx | Database,
    wanted: { organizationId: string; customerId: string; period: { start: Date; end: Date }; currency: string },
  ): Promise<{ amountMicros: bigint; asOf: Date } | undefined> {
    const { organizationId, customerId, period, currency } = wanted;
    const key = { customerId, currency, periodStart: period.start.toISOString(), periodEnd: period.end.toISOString() };
    const row = await tx
      .selectFrom('reconciliations')
      .select(['compared', 'ranAt'])
      .where('organizationId', '=', organizationId)
      .where((eb) => eb(eb.ref('compared'), '@>', JSON.stringify({ meters: [key] })))
      .orderBy('ranAt', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row) return undefined;
    const meters = (row.compared as unknown as { meters: StoredMeter[] }).meters.filter((meter) =>
      Object.entries(key).every(([name, value]) => meter[name as keyof StoredMeter] === value),
    );
    return { amountMicros: meters.reduce((sum, meter) => sum + BigInt(meter.stripeMicros), 0n), asOf: row.ranAt };
  }

  #latestRow(db: Tx | Database, organizationId: string) {
    return db.selectFrom('reconciliations').selectAll().where('organizationId', '=', organizationId).orderBy('ranAt', 'desc').orderBy('id').limit(1).executeTakeFirst();
  }
}

// JSON has no bigint and no date: both are text in it.
function toStored(meter: ComparedMeter): StoredMeter {
  const text = (value: string | bigint | Date) => (value instanceof Date ? value.toISOString() : value.toString());
  return Object.fromEntries(Object.entries(meter as unknown as Record<string, string | bigint | Date>).map(([name, value]) => [name, text(value)])) as StoredMeter;
}

function fromStored(stored: StoredMeter): ComparedMeter {
  const { customerId, eventName, currency, periodStart, periodEnd, ...amounts } = stored;
  const micros = Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, BigInt(value)])) as { [Key in keyof typeof amounts]: bigint };
  return { customerId, eventName, currency, periodStart: new Date(periodStart), periodEnd: new Date(periodEnd), ...micros };
}
