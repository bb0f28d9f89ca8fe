/**
 * The one place that writes postings. Whatever is posted, three things follow in the same transaction: a charge whose quantity changed is
 * repriced as a whole, the terms of a period that was settled already are worked out again, and every movement of what a customer owes
 * becomes a meter event.
 *
 * Invariants: what is booked for a charge is what its price makes of its quantity; what is booked for a term of a settled period is what
 * the contract makes of the period; each posting that moves money has one meter event of the same amount.
 * Safe to repeat: postings that are there already change nothing, and ids of adjustments name what they were worked out from. The caller
 * has taken the customers' books (`PeriodStore.takeBooks`), so that no two work out the same charge at once.
 */
import { Injectable } from '@nestjs/common';
import { assertInvariant, canonicalJson, Clock, sha256Hex, type Tx } from '#platform';
import { adjustmentPosting, bookedMicros, LedgerStore, NO_TOTAL, ProjectionStore, receivableMovement, roundingCharge, type Booking, type Charge, type ChargeTotal, type Period, type Posting, type TermCharge } from '#ledger';
import { OutboxStore } from '../outbox/outbox.store.js';
import { commitmentStart, missingFrom } from '../rating/charge-pricing.js';
import { termAmounts } from '../rating/term-amounts.js';
import { minorMicros } from '../statements/rounded-minor.js';
import type { StatementLine } from '../statements/statement.js';

/** What terms are worked out for. */
export interface ContractPeriod {
  organizationId: string;
  customerId: string;
  contractId: string;
  currency: string;
  period: Period;
}

@Injectable()
export class Books {
  constructor(
    private readonly ledger: LedgerStore,
    private readonly projections: ProjectionStore,
    private readonly outbox: OutboxStore,
    private readonly clock: Clock,
  ) {}

  /** @returns what was written: those of `postings` that were not there before, and what follows from them */
  async post(tx: Tx, postings: readonly Posting[]): Promise<Posting[]> {
    const posted = await this.ledger.post(tx, postings, this.clock.now());
    const repriced = await this.ledger.post(tx, await this.#repricings(tx, posted), this.clock.now());
    const written = [...posted, ...repriced];
    await this.#enqueue(tx, written);
    return [...written, ...(await this.#resettle(tx, written))];
  }

  /** Books what the terms of a contract come to in a period that is over. A second time it books what has changed since. */
  async settle(tx: Tx, of: ContractPeriod, booking: Booking): Promise<Posting[]> {
    const chargesIn = async (from: Date, until: Date) => (await this.ledger.charges(tx, of, from, until)).filter(isOf(of));
    const charges = await chargesIn(of.period.start, of.period.end);
    const commitment = charges.find((charge): charge is TermCharge => charge.kind === 'commitment');
    const earlier = commitment ? await chargesIn(commitmentStart(commitment), of.period.start) : [];
    const totals = await this.projections.totals(tx, [...charges, ...earlier].map(({ id }) => id));
    const amounts = termAmounts(charges, earlier, totals);
    const after = nameOf([...charges, ...earlier], totals);
    const adjustments = charges.flatMap((charge) => {
      const amount = amounts.get(charge.id);
      const missing = amount === undefined ? 0n : amount - bookedMicros(totals.get(charge.id) ?? NO_TOTAL);
      return missing === 0n ? [] : [adjustmentPosting(charge, missing, after, booking)];
    });
    const written = await this.ledger.post(tx, adjustments, this.clock.now());
    await this.#enqueue(tx, written);
    return written;
  }

  /**
   * Rounds the lines of a period that is over: what is booked for each is then a whole number of cents, and Stripe has nothing left to round.
   * A second time it books what has changed since.
   */
  async round(tx: Tx, of: Omit<ContractPeriod, 'contractId' | 'currency'>, lines: readonly (Pick<StatementLine, 'eventName' | 'corrects' | 'amountMicros' | 'amountMinor'> & { currency: string })[], booking: Booking): Promise<Posting[]> {
    const unrounded = lines.map((line) => ({ ...line, missing: minorMicros(line.amountMinor, line.currency) - line.amountMicros })).filter(({ missing }) => missing !== 0n);
    if (unrounded.length === 0) return [];
    const after = `posting ${await this.ledger.lastSequence(tx, of)}`;
    const postings = unrounded.map(({ eventName, corrects, currency, missing }) => adjustmentPosting(roundingCharge({ ...of, period: corrects ? { start: corrects.start, end: corrects.end } : of.period, currency }, eventName), missing, after, booking));
    const written = await this.ledger.post(tx, postings, this.clock.now());
    await this.#enqueue(tx, written);
    return written;
  }

  async #repricings(tx: Tx, posted: readonly Posting[]): Promise<Posting[]> {
    const changed = lastByCharge(posted.filter(({ quantityMicros }) => quantityMicros !== 0n));
    const totals = await this.projections.totals(tx, [...changed.keys()]);
    return [...changed.values()].flatMap(({ charge, period, bookedAt }) => {
      assertInvariant(charge.kind === 'outcome', `only outcomes have a quantity, ${charge.id} is a ${charge.kind}`);
      const missing = missingFrom(charge, totals.get(charge.id));
      return missing === 0n ? [] : [adjustmentPosting(charge, missing, nameOf([charge], totals), { period, bookedAt })];
    });
  }

  // An outcome of a period that is over may be taken back, or lie above a cap that was reached without it.
  async #resettle(tx: Tx, written: readonly Posting[]): Promise<Posting[]> {
    const changed = [...lastByCharge(written).values()];
    const settled = await this.ledger.settledCharges(tx, changed.map(({ charge }) => charge.id));
    const affected = new Map<string, { of: ContractPeriod; booking: Booking }>();
    for (const { charge, period, bookedAt } of changed) {
      if (charge.kind === 'rounding' || !settled.has(charge.id)) continue;
      const booking = { period, bookedAt };
      const add = (of: ContractPeriod) => affected.set(keyOf(of), { of, booking });
      add(charge);
      // A commitment that ends in a later period counts this one, too.
      for (const later of await this.ledger.commitments(tx, charge)) if (commitmentStart(later) <= charge.period.start && charge.period.start < later.period.start) add(later);
    }
    const postings: Posting[] = [];
    const inOrder = [...affected.values()].sort((a, b) => a.of.period.start.getTime() - b.of.period.start.getTime());
    for (const { of, booking } of inOrder) postings.push(...(await this.settle(tx, of, booking)));
    return postings;
  }

  async #enqueue(tx: Tx, postings: readonly Posting[]): Promise<void> {
    await this.outbox.enqueue(tx, postings.filter((posting) => receivableMovement(posting) !== 0n));
  }
}

const keyOf = ({ customerId, contractId, currency, period }: ContractPeriod) => JSON.stringify([customerId, contractId, currency, period.start]);

const isOf = ({ contractId, currency }: ContractPeriod) => (charge: Charge) => charge.contractId === contractId && charge.currency === currency;

/** For each charge the posting that counts last: what follows from a batch counts with that. */
function lastByCharge(postings: readonly Posting[]): Map<string, Posting> {
  const last = new Map<string, Posting>();
  for (const posting of postings) if ((last.get(posting.charge.id)?.bookedAt ?? posting.bookedAt) <= posting.bookedAt) last.set(posting.charge.id, posting);
  return last;
}

/** What amounts were worked out from: numbers of bookings only grow, so that no two states have one name. */
function nameOf(charges: readonly Charge[], totals: ReadonlyMap<string, ChargeTotal>): string {
  const counts = charges.map(({ id }) => [id, totals.get(id)?.outcomes ?? 0, totals.get(id)?.reversals ?? 0, bookedMicros(totals.get(id) ?? NO_TOTAL)]);
  return sha256Hex(canonicalJson(counts));
}
