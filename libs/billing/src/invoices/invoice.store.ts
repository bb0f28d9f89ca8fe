import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Postgres, toWire, type Micros } from '#platform';
import type { InvoiceDifference } from './compare-invoice.js';
import type { InvoiceLine, InvoiceStatus, StripeInvoice } from './stripe-invoice.js';

/** An invoice as it was last read, and what came of comparing it. */
export interface StoredInvoice extends Omit<StripeInvoice, 'stripeCustomerId' | 'isAutoAdvancing'> {
  customerId: string;
  heldAt: Date | null;
  readAt: Date;
  comparedAt: Date | null;
  differences: InvoiceDifference[] | null;
}

/** What a meter was told for a range of time, and whether that is all. */
export interface ToldMeter {
  eventName: string;
  amountMicros: Micros;
  /** Events that are not sent yet, or of which it is not known whether Stripe has them. */
  openCount: number;
  /** When the last of them may have reached Stripe; null where none did. */
  lastSentAt: Date | null;
}

@Injectable()
export class InvoiceStore {
  constructor(private readonly db: Postgres) {}

  /** Keeps what was read, unless something newer was read since. */
  async keep(organizationId: string, customerId: string, invoice: StripeInvoice, readAt: Date): Promise<void> {
    const { id, number, status, currency, periodStart, periodEnd, totalMinor, lines } = invoice;
    const row = { number, status, currency, periodStart, periodEnd, totalMinor, lines: JSON.stringify(toWire(lines)), readAt };
    await this.db
      .insertInto('stripeInvoices')
      .values({ organizationId, id, customerId, ...row })
      .onConflict((conflict) => conflict.columns(['organizationId', 'id']).doUpdateSet(row).where('stripeInvoices.readAt', '<=', readAt))
      .execute();
  }

  async markHeld(organizationId: string, id: string, heldAt: Date): Promise<void> {
    await this.db.updateTable('stripeInvoices').set({ heldAt }).where('organizationId', '=', organizationId).where('id', '=', id).where('heldAt', 'is', null).execute();
  }

  async markCompared(organizationId: string, id: string, comparedAt: Date, differences: readonly InvoiceDifference[]): Promise<void> {
    await this.db
      .updateTable('stripeInvoices')
      .set({ comparedAt, differences: differences.length === 0 ? null : JSON.stringify(toWire(differences)) })
      .where('organizationId', '=', organizationId)
      .where('id', '=', id)
      .execute();
  }

  async list(organizationId: string, filter: { customerId?: string; status?: InvoiceStatus; endsAfter?: Date } = {}): Promise<StoredInvoice[]> {
    let query = this.db.selectFrom('stripeInvoices').selectAll().where('organizationId', '=', organizationId).orderBy('periodStart', 'desc').orderBy('id');
    if (filter.customerId !== undefined) query = query.where('customerId', '=', filter.customerId);
    if (filter.status !== undefined) query = query.where('status', '=', filter.status);
    if (filter.endsAfter) query = query.where('periodEnd', '>', filter.endsAfter);
    return (await query.execute()).map(({ organizationId: _, lines, differences, status, ...row }) => ({
      ...row,
      status: status as InvoiceStatus,
      lines: (lines as unknown as WireLine[]).map(lineOf),
      differences: differences === null ? null : (differences as unknown as WireDifference[]).map(differenceOf),
    }));
  }

  /** What the meters of a customer and currency were told for [from, to), by the timestamps that Stripe has. */
  async told(organizationId: string, customerId: string, currency: string, from: Date, to: Date): Promise<ToldMeter[]> {
    const { rows } = await sql<{ eventName: string; amountMicros: string; openCount: string; lastSentAt: Date | null }>`
      SELECT event_name, sum(value_micros)::text AS amount_micros, count(*) FILTER (WHERE status IN ('pending', 'ambiguous'))::text AS open_count, max(first_sent_at) AS last_sent_at
      FROM meter_events
      WHERE organization_id = ${organizationId} AND customer_id = ${customerId} AND currency = ${currency} AND route = 'meter' AND status <> 'failed'
        AND coalesce(counts_at, occurred_at) >= ${from} AND coalesce(counts_at, occurred_at) < ${to}
      GROUP BY event_name ORDER BY event_name`.execute(this.db);
    return rows.map((row) => ({ ...row, amountMicros: BigInt(row.amountMicros), openCount: Number(row.openCount) }));
  }

  /** Whether every period of the customer that ends in the range of an invoice is locked. */
  async isLockedThrough(organizationId: string, customerId: string, end: Date): Promise<boolean> {
    const open = await this.db
      .selectFrom('periods')
      .select('periodStart')
      .where('organizationId', '=', organizationId)
      .where('customerId', '=', customerId)
      .where('periodEnd', '<=', end)
      .where('lockedAt', 'is', null)
      .limit(1)
      .executeTakeFirst();
    return open === undefined;
  }
}

type WireLine = { [Key in keyof InvoiceLine]: string };
type WireDifference = { [Key in keyof InvoiceDifference]: string | null };

function lineOf({ id, priceId, description, amountMinor, periodStart, periodEnd }: WireLine): InvoiceLine {
  return { id, priceId, description, amountMinor: BigInt(amountMinor), periodStart: new Date(periodStart), periodEnd: new Date(periodEnd) };
}

function differenceOf({ eventName, invoiceLineId, expectedMinor, stripeMinor }: WireDifference): InvoiceDifference {
  const minor = (text: string | null) => (text === null ? null : BigInt(text));
  return { eventName, invoiceLineId, expectedMinor: minor(expectedMinor), stripeMinor: minor(stripeMinor) };
}
