import { divideHalfEven } from '#platform';

/** What the agent's model calls of one trial cost. Unknown is a value of its own: never zero, and never left out silently. */
export type AgentCost = { kind: 'known'; usd: number } | { kind: 'unknown'; reason: string };

export interface CostTotal {
  /** USD over the trials whose cost is known, rounded once to micros from an exact sum; null where none is known. */
  known: number | null;
  knownTrials: number;
  unknownTrials: number;
  /** Why costs are unknown, with the number of trials for each reason. */
  unknownReasons: readonly { reason: string; trials: number }[];
}

/**
 * A run writes 0 for a call whose model was missing from the price table of the day, and null when it could not price at all. So a
 * cost of nothing is believed only where no model was called.
 */
export function decideAgentCost(usd: number | null, calls: { modelCalls: number; tokens: number }): AgentCost {
  if (usd !== null && usd > 0) return { kind: 'known', usd };
  if (usd === 0 && calls.modelCalls === 0 && calls.tokens === 0) return { kind: 'known', usd: 0 };
  if (calls.tokens > 0) return { kind: 'unknown', reason: `the file says ${usd ?? 'nothing'} although tokens were used: the model had no price` };
  return { kind: 'unknown', reason: usd === null ? 'the file gives no cost' : `the file says ${usd} and no token usage` };
}

export function totalCost(costs: readonly AgentCost[]): CostTotal {
  let sum = 0n;
  const reasons = new Map<string, number>();
  for (const cost of costs) {
    if (cost.kind === 'known') sum += toScaled(cost.usd);
    else reasons.set(cost.reason, (reasons.get(cost.reason) ?? 0) + 1);
  }
  const unknownReasons = [...reasons].map(([reason, trials]) => ({ reason, trials }));
  const unknownTrials = unknownReasons.reduce((total, { trials }) => total + trials, 0);
  const micros = divideHalfEven(sum, 10n ** BigInt(SCALE - 6));
  const knownTrials = costs.length - unknownTrials;
  return { known: knownTrials === 0 ? null : Number(micros) / 1e6, knownTrials, unknownTrials, unknownReasons };
}

// A double of at least 1e-13 prints with at most 30 decimals; what is below that is far under a micro of any sum.
const SCALE = 30;

// The shortest decimal that reads back as this double, which is what the file said, as an integer scaled by 10^30.
function toScaled(usd: number): bigint {
  const [mantissa = '0', exponent = '0'] = String(usd).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = SCALE - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfEven(digits, 10n ** BigInt(-shift));
}
