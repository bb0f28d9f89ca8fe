import { monthIn } from '../contract-for.js';
import { decideConversation, type DecideConversationInput } from '../decide-conversation.js';
import { EPISODE_MERGED, type Decision } from '../decision.js';
import type { Contract } from '../read-contract.js';

/** What would have been decided about an episode, and the month in which it ended. */
export interface ReplayedOutcome extends Pick<
  Decision,
  'conversationId' | 'episode' | 'addition' | 'outcome' | 'isBillable' | 'reason' | 'grade' | 'amountMicros' | 'quantityMicros' | 'currency' | 'locale' | 'agent' | 'explanation' | 'episodeEndedAt'
> {
  /** Null where no contract covered the episode. */
  contract: Contract | null;
  /** Such as 2026-11, in the zone of the contract. A statement has it in the month in which it was decided, which is up to a quiet window later. */
  month: string;
}

export interface ReplayWindow {
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
}

/**
 * Decides a conversation as if nothing had been decided yet, and gives the outcomes of episodes that ended in the window. Nothing is written.
 * @param contracts what would have been active
 */
export function replayConversation(input: Pick<DecideConversationInput, 'organizationId' | 'conversationId' | 'rows' | 'now'>, contracts: readonly Contract[], { from, to }: ReplayWindow): ReplayedOutcome[] {
  const { changes } = decideConversation({ ...input, contracts, retired: [], standing: [] });
  return changes.flatMap(({ decision }) => {
    const { episodeEndedAt, reason, contractId, contractVersion } = decision;
    if (episodeEndedAt < from || episodeEndedAt >= to || reason === EPISODE_MERGED) return [];
    const contract = contracts.find(({ id, version }) => id === contractId && version === contractVersion) ?? null;
    const { conversationId, episode, addition, outcome, isBillable, grade, amountMicros, quantityMicros, currency, locale, agent, explanation } = decision;
    return [
      { conversationId, episode, addition, outcome, isBillable, reason, grade, amountMicros, quantityMicros, currency, locale, agent, explanation, episodeEndedAt, contract, month: monthIn(contract ?? { timeZone: 'UTC' }, episodeEndedAt) },
    ];
  });
}

/**
 * The contract without the days that it covers and the days that are free: what it says is asked about days before it.
 */
export function undated(contract: Contract): Contract {
  return { ...contract, effectiveFrom: null, effectiveUntil: null, terms: { ...contract.terms, pilotUntil: null } };
}
