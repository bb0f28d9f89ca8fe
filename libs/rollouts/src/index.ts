export { assignVariant, bucketOf, type Assignment, type AssignmentKey } from './assign-variant.js';
export { parseRollout, readRollout, writeRollout, type FlagValue, type Rollout, type RolloutDefinition, type Variant } from './rollout-definition.js';
export { evaluateFlag, type EvaluationContext, type FlagEvaluation } from './evaluate-flag.js';
export { RolloutStore, type PutRollout } from './rollout-store.js';
export { FLAG_SET_TTL_MS, FlagService } from './flag-service.js';
export { RolloutsModule } from './rollouts.module.js';
