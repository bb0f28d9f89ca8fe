import { Injectable } from '@nestjs/common';
import type { Decision } from '#outcomes';
import { assertInvariant, type Tx } from '#platform';
import { LedgerStore, type Posting } from '#ledger';

/** An episode, or what an additive contract bills beside it. */
type Episode = Pick<Decision, 'organizationId' | 'conversationId' | 'episode' | 'addition'>;

/** What is booked for an episode. */
@Injectable()
export class BookedStore {
  constructor(private readonly ledger: LedgerStore) {}

  async isNewestRevision(tx: Tx, decision: Decision): Promise<boolean> {
    const newer = await tx
      .selectFrom('outcomeDecisions')
      .select('id')
      .where('organizationId', '=', decision.organizationId)
      .where('conversationId', '=', decision.conversationId)
      .where('episode', '=', decision.episode)
      .where('addition', '=', decision.addition)
      .where('revision', '>', decision.revision)
      .limit(1)
      .executeTakeFirst();
    return newer === undefined;
  }

  /**
   * The posting of the episode that no other reverses. It need not be of the revision before: that one may have changed nothing about the
   * money and booked nothing. Found by the unique index of decisions by episode, then postings_by_decision.
   */
  async livePosting(tx: Tx, episode: Episode): Promise<Posting | undefined> {
    const rows = await tx
      .selectFrom('postings')
      .innerJoin('outcomeDecisions', 'outcomeDecisions.id', 'postings.decisionId')
      .leftJoin('postings as reversal', 'reversal.reverses', 'postings.id')
      .select('postings.id')
      .where('outcomeDecisions.organizationId', '=', episode.organizationId)
      .where('outcomeDecisions.conversationId', '=', episode.conversationId)
      .where('outcomeDecisions.episode', '=', episode.episode)
      .where('outcomeDecisions.addition', '=', episode.addition)
      .where('postings.kind', '=', 'outcome')
      .where('reversal.id', 'is', null)
      .execute();
    assertInvariant(rows.length <= 1, `an episode has one live posting at most, not ${rows.length} (${episode.conversationId}, episode ${episode.episode})`);
    return rows[0] && this.ledger.read(tx, episode.organizationId, rows[0].id);
  }
}
