import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '#platform';
import { monthIn } from '../contract-for.js';
import { ContractStore, type ContractVersion } from '../contract-store.js';
import type { DecideConversationInput } from '../decide-conversation.js';
import { DecisionStore } from '../decision-store.js';
import { EPISODE_MERGED, type Decision } from '../decision.js';
import { evidenceCheck } from '../evidence.js';
import type { Contract } from '../read-contract.js';
import { ReplayComparison, type ReplayResult } from './replay-comparison.js';
import { replayConversation, undated, type ReplayWindow, type ReplayedOutcome } from './replay-conversation.js';
import { ShadowStore, type ShadowedConversation } from './shadow-store.js';

const BATCH_CONVERSATIONS = 500;
const ALWAYS: ReplayWindow = { from: new Date(0), to: new Date(8.64e15) };

/** Runs contracts in the shadow of the active ones: on the same conversations, at the same time, for nothing. */
@Injectable()
export class ShadowService {
  constructor(
    private readonly shadows: ShadowStore,
    private readonly contracts: ContractStore,
    private readonly decisions: DecisionStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * What every shadow contract makes of conversations that are being decided, to be written with what the active ones decide. One that fails
   * costs no decision; one of which a part was deleted keeps what was made of it when it was whole.
   */
  async decide(organizationId: string, conversations: readonly Omit<DecideConversationInput, 'contracts' | 'retired'>[]): Promise<ShadowedConversation[]> {
    const shadowed: ShadowedConversation[] = [];
    for (const contract of await this.shadows.contractsOf(organizationId)) {
      for (const input of conversations) {
        const { conversationId, standing, rows } = input;
        if (!standing.map(({ evidence }) => evidence).every(evidenceCheck(rows))) continue;
        try {
          shadowed.push({ contract, conversationId, outcomes: outcomesUnder(contract, input) });
        } catch (error) {
          this.logger.error({ err: error, organizationId, conversationId, contract: `${contract.id}@${contract.version}` }, 'a shadow contract cannot decide a conversation; it says nothing about it');
        }
      }
    }
    return shadowed;
  }

  /**
   * What a shadow contract decided of episodes that ended in the window, beside what was decided of the same conversations.
   * @throws DomainError `contract_not_found`
   */
  async report(organizationId: string, { id, version }: ContractVersion, window: ReplayWindow, sampleSize: number): Promise<ReplayResult> {
    const { contract } = await this.contracts.read(organizationId, id, version);
    const comparison = new ReplayComparison(sampleSize);
    let after = '';
    for (;;) {
      const ids = await this.shadows.conversations(organizationId, contract, window, after, BATCH_CONVERSATIONS);
      if (ids.length === 0) return comparison.result();
      after = ids.at(-1) ?? after;
      const drafts = Map.groupBy(await this.shadows.read(organizationId, contract, ids, window), ({ conversationId }) => conversationId);
      const bases = Map.groupBy(await this.#decided(organizationId, ids, window), ({ conversationId }) => conversationId);
      for (const conversationId of ids) comparison.add(conversationId, bases.get(conversationId) ?? [], drafts.get(conversationId) ?? []);
    }
  }

  async #decided(organizationId: string, conversationIds: readonly string[], { from, to }: ReplayWindow): Promise<ReplayedOutcome[]> {
    const decisions = (await this.decisions.standing(organizationId, conversationIds)).filter(({ episodeEndedAt, reason }) => episodeEndedAt >= from && episodeEndedAt < to && reason !== EPISODE_MERGED);
    const versions = decisions.flatMap(({ contractId, contractVersion }) => (contractId === null || contractVersion === null ? [] : [{ id: contractId, version: contractVersion }]));
    const contracts = await this.contracts.versions(organizationId, versions);
    return decisions.map((decision) => asReplayed(decision, contracts));
  }
}

// Of a conversation whose contract is another's there is nothing to say.
function outcomesUnder(contract: Contract, input: Parameters<typeof replayConversation>[0]): ReplayedOutcome[] {
  return replayConversation(input, [undated(contract)], ALWAYS).filter((outcome) => outcome.contract !== null);
}

function asReplayed(decision: Decision, contracts: readonly Contract[]): ReplayedOutcome {
  const contract = contracts.find(({ id, version }) => id === decision.contractId && version === decision.contractVersion) ?? null;
  return { ...decision, contract, month: monthIn(contract ?? { timeZone: 'UTC' }, decision.episodeEndedAt) };
}
