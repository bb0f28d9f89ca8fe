export { evidenceGrades, type Decision, type DecisionChange, type Evidence, type EvidenceGrade, type ExplainedExpression } from './decision.js';
