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
import { BookedStore } from './booked.store.js';
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
   * Makes what is booked for the episode equal to what the decision says. The decision is already written in `tx`.
   * @throws DomainError `unknown_time_zone`
   */
  async book(tx: Tx, { decision, timeZone }: DecisionChange): Promise<BookingResult> {
    if (!(await this.booked.isNewestRevision(tx, decision))) return { kind: 'unchanged' };
    const live = await this.booked.livePosting(tx, decision);
    const wanted = moneySideOf(decision);
    if (isSameMoney(live ? moneySideOfPosting(live) : null, wanted)) return { kind: 'unchanged' };

    const when = { period: periodOf(decision.decidedAt, timeZone), bookedAt: decision.decidedAt };
    const postings: Posting[] = [];
    if (live) postings.push(reversalPosting(live, { decisionId: decision.id, ...when }));
    if (wanted) postings.push(outcomePosting({ ...wanted, organizationId: decision.organizationId, decisionId: decision.id, ...when }));
    const postingIds: string[] = [];
    for (const posting of postings) {
      const posted = await this.ledger.post(tx, posting);
      if (posted.kind === 'duplicate') continue;
      await this.outbox.enqueue(tx, posting);
      postingIds.push(posting.id);
    }
    return postingIds.length > 0 ? { kind: 'booked', postingIds } : { kind: 'unchanged' };
  }
}

function moneySideOfPosting(posting: Posting): MoneySide {
  const { customerId, outcome, grade } = posting;
  return { customerId, outcome, grade, ...receivableMovement(posting) };
}
