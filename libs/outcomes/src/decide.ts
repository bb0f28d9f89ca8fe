import type { EvidenceGrade, ExplainedExpression, ListedOutcome } from './decision.js';
import type { CompiledExpression } from './expression.js';
import type { FactSources } from './fact-sources.js';
import type { Facts } from './facts.js';
import { ONE_UNIT, listPriceOf, type QuantityMicros } from './rating/price.js';
import type { Contract, Policy } from './read-contract.js';

/** What a contract says of an episode. */
export interface Verdict {
  outcome: string;
  isBillable: boolean;
  reason: string;
  grade: EvidenceGrade | null;
  /** 0 unless billable. */
  amountMicros: bigint;
  quantityMicros: QuantityMicros;
  listed: ListedOutcome | null;
  explanation: ExplainedExpression[];
}

/** What a contract looks at beside the facts of the episode. */
export interface Circumstances {
  /** The episode ended while outcomes were free. */
  isPilot: boolean;
  /** The end user came back within the contract's window. */
  isReopened: boolean;
  /** An earlier episode of the conversation is billed. */
  isChargedAlready: boolean;
}

const ORDINARY: Circumstances = { isPilot: false, isReopened: false, isChargedAlready: false };

/**
 * Exclusions first, then policies in order; the first that holds decides, and in an additive contract each. Everything that was evaluated on
 * the way is explained. Pure: the same contract, facts and circumstances give the same verdicts.
 * @param sources where the facts come from; with them the explanation names signals and spans
 * @returns one verdict about the episode, and in an additive contract one more for each further policy that holds
 */
export function decide(contract: Contract, facts: Facts, circumstances: Circumstances = ORDINARY, sources?: FactSources): [Verdict, ...Verdict[]] {
  const explanation: ExplainedExpression[] = [];
  const explain = (expression: CompiledExpression, held: boolean) => void explanation.push({ at: expression.at, expression: expression.text, held, ...partsOf(expression, facts, sources) });
  const exclusion = contract.exclusions.find(({ when }) => {
    const held = when.evaluate(facts) === true;
    explain(when, held);
    return held;
  });
  if (exclusion) {
    const [reached] = reachedOutcomes(contract, facts, () => undefined);
    return [{ ...NOTHING, reason: exclusion.reason, listed: reached ? listedOf(reached) : null, explanation }];
  }
  const [first, ...others] = reachedOutcomes(contract, facts, explain).map((reached) => ({ ...verdictOn(reached, contract, circumstances), explanation }));
  return first ? [first, ...others] : [{ ...NOTHING, reason: 'no_policy_held', explanation }];
}

/** An outcome of the contract, before it is asked whether it is paid for. */
interface ReachedOutcome {
  policy: Policy;
  grade: EvidenceGrade;
  /** Undefined where the policy's value is no amount of anything. */
  quantity: QuantityMicros | undefined;
}

function reachedOutcomes(contract: Contract, facts: Facts, explain: (expression: CompiledExpression, held: boolean) => void): ReachedOutcome[] {
  const reached: ReachedOutcome[] = [];
  for (const policy of contract.policies) {
    const outcome = reachedOf(policy, facts, explain);
    if (outcome) reached.push(outcome);
    if (outcome && contract.combine === 'precedence') break;
  }
  return reached;
}

function reachedOf(policy: Policy, facts: Facts, explain: (expression: CompiledExpression, held: boolean) => void): ReachedOutcome | undefined {
  const holds = (expression: CompiledExpression) => {
    const held = expression.evaluate(facts) === true;
    explain(expression, held);
    return held;
  };
  if (!holds(policy.when) || (policy.unless && holds(policy.unless))) return undefined;
  const grade = policy.grade.evaluate(facts);
  explain(policy.grade, grade !== false);
  if (grade === false) return undefined;
  const value = policy.value ? policy.value.evaluate(facts) : 1;
  const quantity = quantityOf(value);
  if (policy.value) explain(policy.value, quantity !== undefined);
  return { policy, grade: grade as EvidenceGrade, quantity };
}

function verdictOn(reached: ReachedOutcome, contract: Contract, { isPilot, isReopened, isChargedAlready }: Circumstances): Omit<Verdict, 'explanation'> {
  const { policy, grade, quantity } = reached;
  const decided = { outcome: policy.outcome, grade, quantityMicros: quantity ?? ONE_UNIT };
  const notBillable = (reason: string, listed: ListedOutcome | null) => ({ ...decided, isBillable: false, reason, amountMicros: 0n, listed });
  const listed = listedOf(reached);
  // It was reached, and is shown, but is not what the customer pays for.
  if (!policy.prices[grade]) return notBillable('grade_not_priced', null);
  if (!listed) return notBillable('value_unknown', null);
  if (isReopened && contract.reopen?.reverses.includes(grade)) return notBillable('reopened', listed);
  if (isChargedAlready && contract.chargeOncePer === 'conversation') return notBillable('charged_already', listed);
  if (isPilot) return notBillable('pilot', listed);
  return { ...decided, isBillable: true, reason: 'policy_held', amountMicros: listed.amountMicros, listed: null };
}

function listedOf({ policy, grade, quantity }: ReachedOutcome): ListedOutcome | null {
  const price = policy.prices[grade];
  return price && quantity !== undefined ? { outcome: policy.outcome, grade, amountMicros: listPriceOf(price, quantity) } : null;
}

// A single condition that rests on nothing says no more than the expression does.
function partsOf(expression: CompiledExpression, facts: Facts, sources: FactSources | undefined): Pick<ExplainedExpression, 'parts'> {
  const parts = sources ? expression.explain(facts, sources) : [];
  return parts.length > 1 || parts.some(({ restsOn }) => restsOn.length > 0) ? { parts } : {};
}

const UNITS_MAX = 1_000_000_000;

/** Of a `value`, rounded to a millionth; undefined where it is not above 0, or more than anybody sells. */
function quantityOf(value: unknown): QuantityMicros | undefined {
  if (typeof value !== 'number' || !(value > 0) || value > UNITS_MAX) return undefined;
  const quantity = BigInt(Math.round(value * Number(ONE_UNIT)));
  return quantity > 0n ? quantity : undefined;
}

const NOTHING = { outcome: 'none', isBillable: false, grade: null, amountMicros: 0n, quantityMicros: ONE_UNIT, listed: null } as const;
