import { Injectable } from '@nestjs/common';
import { Clock, DomainError, type Audit } from '#platform';
import { evaluateFlag, type EvaluationContext, type FlagEvaluation } from './evaluate-flag.js';
import type { Rollout, RolloutDefinition } from './rollout-definition.js';
import { RolloutStore, type PutRollout } from './rollout-store.js';

type FlagSet = ReadonlyMap<string, Rollout>;

/** How long an instance may answer from a flag set that another instance has changed meanwhile. A rollback is in force after this. */
export const FLAG_SET_TTL_MS = 1000;
const ORGANIZATIONS_MAX = 10_000;

/**
 * Flags as agents ask for them: once per turn or more, so a flag set is read at most once in `FLAG_SET_TTL_MS` per organization, however
 * many ask at the same time. A change made through this instance is seen by it at once.
 */
@Injectable()
export class FlagService {
  readonly #flagSets = new Map<string, { flagSet: Promise<FlagSet>; readAtMs: number }>();

  constructor(
    private readonly rollouts: RolloutStore,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `flag_not_found` */
  async evaluate(organizationId: string, flagKey: string, context: EvaluationContext): Promise<FlagEvaluation> {
    const rollout = (await this.#flagSetOf(organizationId)).get(flagKey);
    if (rollout) return evaluateFlag(rollout, context);
    throw new DomainError({ kind: 'not_found', code: 'flag_not_found', message: `There is no flag "${flagKey}" in the organization of this API key` });
  }

  /** Every flag of the organization, by flag key. */
  async evaluateAll(organizationId: string, context: EvaluationContext): Promise<FlagEvaluation[]> {
    return [...(await this.#flagSetOf(organizationId)).values()].map((rollout) => evaluateFlag(rollout, context));
  }

  /** Puts a rollout (see `RolloutStore.put`); the next evaluation here sees it. */
  async put(organizationId: string, definition: RolloutDefinition, changedBy: string, audit?: Audit): Promise<PutRollout> {
    const result = await this.rollouts.put(organizationId, definition, changedBy, audit);
    this.#flagSets.delete(organizationId);
    return result;
  }

  #flagSetOf(organizationId: string): Promise<FlagSet> {
    const nowMs = this.clock.now().getTime();
    const cached = this.#flagSets.get(organizationId);
    if (cached && nowMs - cached.readAtMs < FLAG_SET_TTL_MS) return cached.flagSet;
    if (this.#flagSets.size >= ORGANIZATIONS_MAX) this.#flagSets.clear();
    const entry = { flagSet: this.#read(organizationId), readAtMs: nowMs };
    this.#flagSets.set(organizationId, entry);
    // A failure is told to those who waited for it, and the next one asks again.
    entry.flagSet.catch(() => {
      if (this.#flagSets.get(organizationId) === entry) this.#flagSets.delete(organizationId);
    });
    return entry.flagSet;
  }

  async #read(organizationId: string): Promise<FlagSet> {
    const rollouts = await this.rollouts.list(organizationId);
    return new Map(rollouts.map((rollout) => [rollout.flagKey, rollout]));
  }
}
