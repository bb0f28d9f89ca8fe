export { EPISODE_MERGED, evidenceGrades, type Decision, type DecisionChange, type Evidence, type EvidenceGrade, type ExplainedExpression } from './decision.js';
export { type Facts } from './facts.js';
export { readContract, type Contract, type Policy } from './read-contract.js';
export { ContractStore, type ContractStatus, type StoredContract } from './contract-store.js';
export { DecisionStore, type OutcomeCount } from './decision-store.js';
export { DecisionService, type Book } from './decision.service.js';
export { PendingStore } from './pending-store.js';
export { OutcomeMirror } from './outcome-mirror.js';
export { OutcomesModule } from './outcomes.module.js';
