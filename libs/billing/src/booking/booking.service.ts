/**
 * Turns a decision into postings and meter events, in the transaction that writes the decision.
 *
 * Invariants: an episode has one live posting at most; every posting has one meter event of the same amount; both or neither exist.
 * Safe to repeat: the ids of postings and events are derived, the live posting is compared before anything is written, and a decision that
 * a newer revision has replaced books nothing any more. Revisions of one episode cannot overtake each other and need no lock here: the row
 * of a revision refers to the one it supersedes, which is committed with its booking before.
 * An outcome belongs to the period in which it was decided, and so does its reversal: Stripe drops usage that arrives for a final invoice.
 */
import { Injectable } from '@nestjs/common';
import type { DecisionChange } from '#outcomes';
import type { Tx } from '#platform';
import { LedgerStore, outcomePosting, periodOf, receivableMovement, reversalPosting, type Posting } from '#ledger';
import { OutboxStore } from '../outbox/outbox.store.js';
import { BookedStore, episodeKeyOf } from './booked.store.js';
import { isSameMoney, moneySideOf, type MoneySide } from './money-side.js';

export type BookingResult = { kind: 'unchanged' } | { kind: 'booked'; postingIds: string[] };

@Injectable()
export class BookingService {
  constructor(
    private readonly ledger: LedgerStore,
    private readonly booked: BookedStore,
    private readonly outbox: OutboxStore,
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
    const replaced = await this.booked.replacedAmong(tx, decisions);
    // A first revision follows nothing that could be booked.
    const live = await this.booked.livePostings(tx, decisions.filter(({ supersedes }) => supersedes !== null));
    const wanted = changes.map((change) => (replaced.has(change.decision.id) ? [] : postingsFor(change, live.get(episodeKeyOf(change.decision)))));
    const posted = await this.ledger.post(tx, wanted.flat());
    await this.outbox.enqueue(tx, wanted.flat().filter(({ id }) => posted.has(id)));
    return wanted.map((postings) => {
      const postingIds = postings.map(({ id }) => id).filter((id) => posted.has(id));
      return postingIds.length > 0 ? { kind: 'booked', postingIds } : { kind: 'unchanged' };
    });
  }
}

function postingsFor({ decision, timeZone }: DecisionChange, live: Posting | undefined): Posting[] {
  const wanted = moneySideOf(decision);
  if (isSameMoney(live ? moneySideOfPosting(live) : null, wanted)) return [];
  const when = { period: periodOf(decision.decidedAt, timeZone), bookedAt: decision.decidedAt };
  return [
    ...(live ? [reversalPosting(live, { decisionId: decision.id, ...when })] : []),
    ...(wanted ? [outcomePosting({ ...wanted, organizationId: decision.organizationId, decisionId: decision.id, ...when })] : []),
  ];
}

function moneySideOfPosting(posting: Posting): MoneySide {
  const { customerId, outcome, grade } = posting;
  return { customerId, outcome, grade, ...receivableMovement(posting) };
}
