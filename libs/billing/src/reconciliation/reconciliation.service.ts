/**
 * Compares four layers: evidence (the decisions), ledger, outbox, and what Stripe's meters say. What differs is a break with a name.
 *
 * Stripe is asked first and our side is read afterwards, in one snapshot: what was sent in between is then "not counted yet" and not
 * "too much". What agrees becomes confirmed; an ambiguous event that is shown to be missing goes back to the outbox.
 * Safe to repeat: it writes only what the figures prove, under conditions, and a run that finds what the last one found adds nothing.
 * Known gaps: usage that somebody else sends for a period in which nothing is booked is not looked at, nor are invoices.
 */
import { Injectable } from '@nestjs/common';
import { Clock, forEachBounded, type Micros } from '#platform';
import { StripeDirectory } from '../stripe/stripe-directory.js';
import { StripeGateway } from '../stripe/stripe.gateway.js';
import type { BookingBreakRow } from './booking-breaks.query.js';
import type { MeterSumsRow } from './compared-meters.query.js';
import { judgeMeter, type ToldEvent } from './judge-meter.js';
import { ReconciliationStore, type OpenEvent, type Picture } from './reconciliation.store.js';
import type { Break, ComparedMeter, Reconciliation, ReconciliationRun } from './reconciliation.js';

/** Stripe takes usage for 35 days back; a period that is over for longer no longer changes by itself. */
const EXAMINED_AFTER_END_MS = 40 * 86_400_000;
const STRIPE_READS_AT_ONCE_MAX = 4;

type MeterKey = Pick<ComparedMeter, 'customerId' | 'eventName' | 'currency' | 'periodStart' | 'periodEnd'>;

@Injectable()
export class ReconciliationService {
  constructor(
    private readonly store: ReconciliationStore,
    private readonly directory: StripeDirectory,
    private readonly gateway: StripeGateway,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `stripe_unavailable`, `stripe_refused`, `meter_total_not_exact`: then nothing is written */
  async reconcile(organizationId: string): Promise<ReconciliationRun> {
    const endedAfter = new Date(this.clock.now().getTime() - EXAMINED_AFTER_END_MS);
    const totals = await this.#stripeTotals(organizationId, meterKeys(await this.store.picture(organizationId, endedAfter)));
    const now = this.clock.now();
    const picture = await this.store.picture(organizationId, endedAfter);

    const breaks: Break[] = picture.bookingBreaks.map(bookingBreak);
    const meters: ComparedMeter[] = [];
    const confirmedIds: string[] = [];
    const requeuedIds: string[] = [];
    for (const key of meterKeys(picture)) {
      const stripeMicros = totals.get(nameOf(key));
      // Booked since Stripe was asked: the next run's.
      if (stripeMicros === undefined) continue;
      const judged = judgeKey(key, picture, stripeMicros, now);
      meters.push(judged.meter);
      breaks.push(...judged.breaks);
      confirmedIds.push(...judged.confirmedIds);
      requeuedIds.push(...judged.requeuedIds);
    }
    breaks.push(...picture.sums.filter(({ eventName }) => eventName === null).map(postingsWithoutEvent));
    await this.store.applyFates(organizationId, { confirmedIds, requeuedIds }, now);
    const recorded = await this.store.record(organizationId, now, meters, breaks);
    return { ...recorded, confirmedCount: confirmedIds.length, requeuedCount: requeuedIds.length };
  }

  /** The findings of the latest run, if there was one. */
  latest(organizationId: string): Promise<Reconciliation | undefined> {
    return this.store.latest(organizationId);
  }

  async #stripeTotals(organizationId: string, keys: readonly MeterKey[]): Promise<Map<string, Micros>> {
    const totals = new Map<string, Micros>();
    await forEachBounded(keys, STRIPE_READS_AT_ONCE_MAX, async (key) => {
      const customer = await this.directory.find(organizationId, 'customer', key.customerId);
      const meter = await this.directory.find(organizationId, 'meter', key.eventName);
      // What Stripe has never heard of it has counted nothing for.
      const total = customer && meter ? await this.gateway.readMeterTotal(meter, customer, key.periodStart, key.periodEnd) : 0n;
      totals.set(nameOf(key), total);
    });
    return totals;
  }
}

const nameOf = ({ customerId, eventName, currency, periodStart, periodEnd }: MeterKey): string =>
  JSON.stringify([customerId, eventName, currency, periodStart.getTime(), periodEnd.getTime()]);

/** Every meter of a customer in every period of theirs that is looked at: also where nothing was booked on it, as Stripe may have something. */
function meterKeys({ sums }: Picture): MeterKey[] {
  const keys = new Map<string, MeterKey>();
  for (const { customerId, periodStart, periodEnd } of sums) {
    for (const { customerId: owner, eventName, currency } of sums) {
      if (owner !== customerId || eventName === null) continue;
      const key = { customerId, eventName, currency, periodStart, periodEnd };
      keys.set(nameOf(key), key);
    }
  }
  return [...keys.values()];
}

function judgeKey(key: MeterKey, picture: Picture, stripeMicros: Micros, now: Date) {
  const name = nameOf(key);
  const sums = picture.sums.find((row) => row.eventName !== null && nameOf({ ...row, eventName: row.eventName }) === name);
  const events = picture.events.filter((event) => nameOf(event) === name);
  const judgement = judgeMeter({ confirmedMicros: micros(sums?.confirmedMicros), events: events.filter(isTold), stripeMicros, now });
  const { verdict, toldMicros, confirmedIds, requeuedIds } = judgement;
  const meter: ComparedMeter = {
    ...key,
    evidenceMicros: micros(sums?.evidenceMicros),
    ledgerMicros: micros(sums?.ledgerMicros),
    outboxMicros: micros(sums?.outboxMicros),
    pendingMicros: micros(sums?.pendingMicros),
    failedMicros: micros(sums?.failedMicros),
    toldMicros,
    inFlightMicros: verdict.kind === 'agrees' ? verdict.inFlightMicros : 0n,
    stripeMicros,
  };
  const where = { eventName: key.eventName, currency: key.currency, periodStart: key.periodStart.toISOString(), periodEnd: key.periodEnd.toISOString() };
  const breaks: Break[] = events
    .filter(({ status }) => status === 'failed')
    .map((event) => ({ customerId: key.customerId, kind: 'rejected', detail: { ...where, meterEventId: event.id, valueMicros: event.valueMicros.toString(), error: event.lastError } }));
  if (meter.ledgerMicros !== meter.outboxMicros) {
    breaks.push({ customerId: key.customerId, kind: 'amount_mismatch', detail: { ...where, layers: 'ledger, outbox', ledgerMicros: meter.ledgerMicros.toString(), outboxMicros: meter.outboxMicros.toString() } });
  }
  if (verdict.kind !== 'agrees') {
    const amounts = { toldMicros: toldMicros.toString(), stripeMicros: stripeMicros.toString(), differenceMicros: verdict.differenceMicros.toString() };
    breaks.push({ customerId: key.customerId, kind: verdict.kind, detail: { ...where, layers: 'outbox, stripe', ...amounts } });
  }
  return { meter, breaks, confirmedIds, requeuedIds };
}

const micros = (text: string | undefined): Micros => BigInt(text ?? 0);

function isTold(event: OpenEvent): event is OpenEvent & ToldEvent {
  return event.status !== 'failed' && event.firstSentAt !== null;
}

function bookingBreak(row: BookingBreakRow): Break {
  const { customerId, decisionId, postingId, bookingKind, evidenceMicros, ledgerMicros } = row;
  const kind = decisionId === null ? 'orphan_posting' : 'amount_mismatch';
  return { customerId, kind, detail: { layers: 'evidence, ledger', bookingKind, decisionId, postingId, evidenceMicros, ledgerMicros } };
}

function postingsWithoutEvent(row: MeterSumsRow): Break {
  const { customerId, currency, ledgerMicros, periodStart, periodEnd } = row;
  const period = { periodStart: periodStart.toISOString(), periodEnd: periodEnd.toISOString() };
  return { customerId, kind: 'amount_mismatch', detail: { layers: 'ledger, outbox', currency, ...period, ledgerMicros, outboxMicros: null } };
}
