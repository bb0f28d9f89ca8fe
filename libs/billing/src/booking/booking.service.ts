/**
 * Turns decisions into postings, in the transaction that writes the decisions.
 *
 * Invariants: an episode has one live posting at most. What follows from a posting is `Books`'.
 * Safe to repeat: the ids of postings are derived, the live posting is compared before anything is written, and a decision that a newer
 * revision has replaced books nothing any more. Revisions of one episode cannot overtake each other and need no lock here: the row of a
 * revision refers to the one it supersedes, which is committed with its booking before.
 * An outcome belongs to the period in which it was decided: Stripe drops usage that arrives for a final invoice. What takes it back belongs
 * there, too, until the period is locked; from then on both go on in the first period that is not.
 */
import { Injectable } from '@nestjs/common';
import type { DecisionChange } from '#outcomes';
import type { Tx } from '#platform';
import { bookingAt, outcomeCharge, outcomePosting, periodOf, PeriodStore, reversalPosting, takingBackAt, type Calendar, type Posting } from '#ledger';
import { pricingOf } from '../rating/charge-pricing.js';
import { BookedStore, episodeKeyOf } from './booked.store.js';
import { Books } from './books.js';
import { isSameMoney, moneySideOf, moneySideOfPosting } from './money-side.js';

export type BookingResult = { kind: 'unchanged' } | { kind: 'booked'; postingIds: string[] };

@Injectable()
export class BookingService {
  constructor(
    private readonly booked: BookedStore,
    private readonly periods: PeriodStore,
    private readonly books: Books,
  ) {}

  /**
   * Makes what is booked for each episode equal to what its decision says. The decisions are already written in `tx`. Asks the database a
   * fixed number of times, however many there are.
   * @returns what became of each, in order
   * @throws DomainError `unknown_time_zone`
   */
  async book(tx: Tx, changes: readonly DecisionChange[]): Promise<BookingResult[]> {
    if (changes.length === 0) return [];
    const decisions = changes.map(({ decision }) => decision);
    const [{ organizationId } = { organizationId: '' }] = decisions;
    const replaced = await this.booked.replacedAmong(tx, decisions);
    // A first revision follows nothing that could be booked.
    const live = await this.booked.livePostings(tx, decisions.filter(({ supersedes }) => supersedes !== null));
    const differing = changes.flatMap((change) => {
      const standing = live.get(episodeKeyOf(change.decision));
      return replaced.has(change.decision.id) || isSameMoney(standing ? moneySideOfPosting(standing) : null, moneySideOf(change.decision)) ? [] : [{ change, standing }];
    });
    const customers = differing.flatMap(({ change, standing }) => [...(standing ? [standing.charge.customerId] : []), ...(moneySideOf(change.decision) ? [change.decision.customerId] : [])]);
    const calendars = await this.periods.takeBooks(tx, organizationId, customers);
    const wanted = new Map(differing.map(({ change, standing }) => [change.decision.id, postingsFor(change, standing, calendars)]));
    const postings = [...wanted.values()].flat();
    await this.periods.ensure(
      tx,
      postings.map(({ posting: { period, charge }, timeZone }) => ({ organizationId, customerId: charge.customerId, period, timeZone })),
    );
    const written = new Set((await this.books.post(tx, postings.map(({ posting }) => posting))).map(({ id }) => id));
    return decisions.map(({ id }) => {
      const postingIds = (wanted.get(id) ?? []).map(({ posting }) => posting.id).filter((postingId) => written.has(postingId));
      return postingIds.length > 0 ? { kind: 'booked', postingIds } : { kind: 'unchanged' };
    });
  }
}

interface Wanted {
  posting: Posting;
  timeZone: string;
}

function postingsFor(change: DecisionChange, standing: Posting | undefined, calendars: ReadonlyMap<string, Calendar>): Wanted[] {
  const { decision, price } = change;
  const money = moneySideOf(decision);
  const calendarOf = (customerId: string) => {
    const { timeZone, lockedUntil } = calendars.get(customerId) ?? { timeZone: null, lockedUntil: null };
    return { timeZone: timeZone ?? change.timeZone, lockedUntil };
  };
  const wanted: Wanted[] = [];
  if (standing) {
    const { timeZone, lockedUntil } = calendarOf(standing.charge.customerId);
    const booking = takingBackAt(decision.decidedAt, standing.charge.period, timeZone, lockedUntil);
    wanted.push({ posting: reversalPosting(standing, { ...booking, decisionId: decision.id }), timeZone });
  }
  if (money) {
    const { customerId, contractId, outcome, grade, currency, amountMicros, quantityMicros } = money;
    const { timeZone, lockedUntil } = calendarOf(customerId);
    // Its quantity counts where it was decided, also when that is locked: only the money is booked later.
    const key = { organizationId: decision.organizationId, customerId, contractId, period: periodOf(decision.decidedAt, timeZone), currency, pricing: pricingOf(price) };
    const booking = { ...bookingAt(decision.decidedAt, timeZone, lockedUntil), decisionId: decision.id, quantityMicros, amountMicros };
    wanted.push({ posting: outcomePosting(outcomeCharge({ ...key, outcome, grade }), booking), timeZone });
  }
  return wanted;
}
