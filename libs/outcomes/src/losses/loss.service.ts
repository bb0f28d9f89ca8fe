import { Injectable } from '@nestjs/common';
import type { Micros } from '#platform';
import { TraceReader } from '#traces';
import { LossStore, type LossFilter, type ReasonLoss } from './loss-store.js';
import { MissingSteps, type MissingStep } from './missing-steps.js';

/** A reason with all that it cost. */
export interface RankedReason extends ReasonLoss {
  /**
   * For the episodes of which nothing says what they would have been: as much as an episode that earns something earns on average. An
   * estimate, and never part of `listedMicros`; null where nothing was earned in the currency.
   */
  estimatedMicros: Micros | null;
}

export interface Losses {
  reasons: RankedReason[];
  steps: MissingStep[];
}

const BATCH_CONVERSATIONS = 500;

/** Why what was not paid for was not, the most expensive reason first; and what people did that the agent could not. */
@Injectable()
export class LossService {
  constructor(
    private readonly losses: LossStore,
    private readonly traces: TraceReader,
  ) {}

  async read(organizationId: string, filter: LossFilter): Promise<Losses> {
    const [reasons, means, steps] = await Promise.all([this.losses.byReason(organizationId, filter), this.losses.meanEarnings(organizationId, filter), this.#steps(organizationId, filter)]);
    const meanIn = new Map(means.map(({ currency, meanMicros }) => [currency, meanMicros]));
    return { reasons: reasons.map((reason) => ({ ...reason, estimatedMicros: estimated(reason, meanIn.get(reason.currency)) })).sort(byLoss), steps };
  }

  async #steps(organizationId: string, filter: LossFilter): Promise<MissingStep[]> {
    const steps = new MissingSteps();
    for (let after = ''; ; ) {
      const batch = await this.losses.handedOver(organizationId, filter, after, BATCH_CONVERSATIONS);
      if (batch.length === 0) return steps.result();
      const signals = Map.groupBy(await this.traces.signalsOf(organizationId, batch.map(({ conversationId }) => conversationId)), (signal) => signal.conversation_id);
      for (const episode of batch) steps.add(episode, signals.get(episode.conversationId) ?? []);
      after = batch.at(-1)?.conversationId ?? after;
    }
  }
}

function estimated({ episodes, listedEpisodes }: ReasonLoss, meanMicros: Micros | undefined): Micros | null {
  const unknown = BigInt(episodes - listedEpisodes);
  if (unknown === 0n) return 0n;
  return meanMicros === undefined ? null : unknown * meanMicros;
}

function byLoss(a: RankedReason, b: RankedReason): number {
  const loss = ({ listedMicros, estimatedMicros }: RankedReason) => listedMicros + (estimatedMicros ?? 0n);
  return loss(a) > loss(b) ? -1 : loss(a) < loss(b) ? 1 : b.episodes - a.episodes;
}
