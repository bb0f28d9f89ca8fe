import type { Micros } from '#platform';
import type { EvidenceGrade, ExplainedExpression } from './decision.js';
import type { CompiledExpression } from './expression.js';
import type { Facts } from './facts.js';
import type { Contract } from './read-contract.js';

/** What a contract says of an episode. */
export interface Verdict {
  outcome: string;
  isBillable: boolean;
  reason: string;
  grade: EvidenceGrade | null;
  amountMicros: Micros;
  explanation: ExplainedExpression[];
}

/**
 * Exclusions first, then policies in order; the first that holds decides. Everything that was evaluated on the way is explained.
 * Pure: the same contract and facts give the same verdict.
 */
export function decide(contract: Contract, facts: Facts): Verdict {
  const explanation: ExplainedExpression[] = [];
  const holds = (expression: CompiledExpression) => {
    const held = expression.evaluate(facts) === true;
    explanation.push({ at: expression.at, expression: expression.text, held });
    return held;
  };
  for (const exclusion of contract.exclusions) {
    if (holds(exclusion.when)) return { ...NOTHING, reason: exclusion.reason, explanation };
  }
  for (const policy of contract.policies) {
    if (!holds(policy.when)) continue;
    if (policy.unless && holds(policy.unless)) continue;
    const grade = policy.grade.evaluate(facts);
    explanation.push({ at: policy.grade.at, expression: policy.grade.text, held: grade !== false });
    if (grade === false) continue;
    const amountMicros = policy.prices[grade as EvidenceGrade];
    const decided = { outcome: policy.outcome, grade: grade as EvidenceGrade, explanation };
    // An outcome whose grade has no price was reached, and is shown, but is not what the customer pays for.
    if (amountMicros === undefined) return { ...decided, isBillable: false, reason: 'grade_not_priced', amountMicros: 0n };
    return { ...decided, isBillable: true, reason: 'policy_held', amountMicros };
  }
  return { ...NOTHING, reason: 'no_policy_held', explanation };
}

const NOTHING = { outcome: 'none', isBillable: false, grade: null, amountMicros: 0n } as const;
