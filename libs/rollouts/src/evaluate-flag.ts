import { assignVariant, EXPOSURE_BP_MAX } from './assign-variant.js';
import type { FlagValue, Rollout } from './rollout-definition.js';

/** What is known about who asks. Only the targeting key bears on the answer. */
export interface EvaluationContext {
  /** The conversation's id: what has to stay on one variant. Never empty. */
  targetingKey: string;
  [attribute: string]: unknown;
}

export interface FlagEvaluation {
  flagKey: string;
  value: FlagValue;
  variant: string;
  /** OpenFeature's: `STATIC` when everybody gets the same, `SPLIT` when the targeting key decided, `DISABLED` when the rollout is off. */
  reason: 'STATIC' | 'SPLIT' | 'DISABLED';
  /** Primitives only, as OpenFeature's flag metadata has to be. */
  flagMetadata: Record<string, string | number | boolean>;
}

/** The variant of one rollout for one context: a pure function, so that any past answer can be worked out again. */
export function evaluateFlag(rollout: Rollout, context: EvaluationContext): FlagEvaluation {
  const variant = rollout.isEnabled ? assignVariant({ ...rollout, targetingKey: context.targetingKey }) : rollout.base;
  return {
    flagKey: rollout.flagKey,
    value: variant.value,
    variant: variant.name,
    reason: reasonOf(rollout),
    flagMetadata: { agent: rollout.agent, task: rollout.task, exposureBp: rollout.exposureBp },
  };
}

function reasonOf({ isEnabled, exposureBp }: Rollout): FlagEvaluation['reason'] {
  if (!isEnabled) return 'DISABLED';
  return exposureBp === 0 || exposureBp === EXPOSURE_BP_MAX ? 'STATIC' : 'SPLIT';
}
