import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Decision } from '#outcomes';
import { assertInvariant, type Tx } from '#platform';
import { LedgerStore, type Posting } from '#ledger';

/** An episode, or what an additive contract bills beside it. */
type Episode = Pick<Decision, 'conversationId' | 'episode' | 'addition'>;

/** Names an episode of an organization. */
export function episodeKeyOf({ conversationId, episode, addition }: Episode): string {
  return JSON.stringify([conversationId, episode, addition]);
}

/** What is booked for episodes of one organization. */
@Injectable()
export class BookedStore {
  constructor(private readonly ledger: LedgerStore) {}

  /** Which of the decisions a newer revision has replaced. By the unique index of decisions by episode. */
  async replacedAmong(tx: Tx, decisions: readonly Decision[]): Promise<Set<string>> {
    const column = <Value>(read: (decision: Decision) => Value) => decisions.map(read);
    const { rows } = await sql<{ id: string }>`
      SELECT asked.id
      FROM unnest(${column(({ id }) => id)}::text[], ${column(({ organizationId }) => organizationId)}::text[], ${column(({ conversationId }) => conversationId)}::text[], ${column(({ episode }) => episode)}::integer[], ${column(({ addition }) => addition)}::text[], ${column(({ revision }) => revision)}::integer[])
        AS asked (id, organization_id, conversation_id, episode, addition, revision)
      WHERE EXISTS (
        SELECT FROM outcome_decisions AS newer
        WHERE newer.organization_id = asked.organization_id AND newer.conversation_id = asked.conversation_id AND newer.episode = asked.episode
          AND newer.addition = asked.addition AND newer.revision > asked.revision)`.execute(tx);
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * The postings of the episodes that no other reverses, by episode. One need not be of the revision before: that one may have changed nothing
   * about the money and booked nothing. Found by the unique index of decisions by episode, then postings_by_decision.
   */
  async livePostings(tx: Tx, decisions: readonly Decision[]): Promise<Map<string, Posting>> {
    const [{ organizationId } = { organizationId: '' }] = decisions;
    if (decisions.length === 0) return new Map();
    const rows = await tx
      .selectFrom('outcomeDecisions')
      .innerJoin('postings', 'postings.decisionId', 'outcomeDecisions.id')
      .leftJoin('postings as reversal', 'reversal.reverses', 'postings.id')
      .select(['postings.id', 'outcomeDecisions.conversationId', 'outcomeDecisions.episode', 'outcomeDecisions.addition'])
      .where('outcomeDecisions.organizationId', '=', organizationId)
      .where('outcomeDecisions.conversationId', '=', anyOf([...new Set(decisions.map(({ conversationId }) => conversationId))]))
      .where('postings.kind', '=', 'outcome')
      .where('reversal.id', 'is', null)
      .execute();
    const postings = await this.ledger.read(tx, organizationId, rows.map(({ id }) => id));
    const live = new Map<string, Posting>();
    for (const row of rows) {
      const posting = postings.get(row.id);
      assertInvariant(!live.has(episodeKeyOf(row)), `an episode has one live posting at most (${row.conversationId}, episode ${row.episode})`);
      if (posting) live.set(episodeKeyOf(row), posting);
    }
    return live;
  }
}

function anyOf(texts: readonly string[]) {
  return sql<string>`any(${texts}::text[])`;
}
