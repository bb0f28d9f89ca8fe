import { shareOfTotal, stratifiedProportion, type EstimatedTotal, type StratifiedProportion, type Stratum } from '#stats';
import type { Draw } from './review.js';

/** A sampled decision and what people say of it. */
export interface JudgedDecision {
  id: string;
  outcome: string;
  locale: string;
  isBillable: boolean;
  draw: Draw;
  drawnAt: Date;
  /** Whether people say that it was decided right; null while they are divided, unsure or have not said. */
  isRight: boolean | null;
  /** The outcome that people say it should have billed; null unless it bills nothing and is wrong. */
  missed: string | null;
}

/** A rate that was measured, or why there is none. */
export type Measured =
  | {
      kind: 'measured';
      rate: number;
      /** 95 %. */
      interval: { lower: number; upper: number };
      /** Decisions that people answered yes or no about. */
      n: number;
      /** What share of the sampled population the rate is of: below 1 where of some stratum nothing is settled yet. */
      coverage: number;
    }
  | { kind: 'too_few'; n: number; nMin: number }
  /** Of too much of the population nothing is settled yet. */
  | { kind: 'incomplete'; n: number; coverage: number };

/** A rate of less of the population than this would be a rate of something else. */
const COVERAGE_MIN = 0.95;

/**
 * Precision: of the decisions that bill an outcome, the share in which people say that it was reached. Each stratum (month, outcome, locale) is a
 * simple random sample, weighted by its size when it was last drawn from; the interval is Wilson's, with the effective number of trials
 * where strata differ in their rate of sampling (`stratifiedProportion`, which names its sources).
 */
export function precisionOf(judged: readonly JudgedDecision[], nMin: number): Measured {
  const estimate = estimateOf(judged.filter(({ isBillable }) => isBillable), isRight, nMin);
  return 'kind' in estimate ? estimate : { kind: 'measured', rate: estimate.share.rate, interval: estimate.share.interval, n: estimate.share.trials, coverage: estimate.coverage };
}

/**
 * Recall: of the outcomes that people say were reached, the share that was billed, TP / (TP + FN). TP is precision x the billable population; FN is
 * the share of the not billable decisions in which people say that the outcome was missed x their population. Not billable decisions are many
 * and sampled thinly, so that each miss that was found stands for many. Billable and not billable are sampled independently, and the
 * interval is made of the two (`shareOfTotal`, MOVER-R): it keeps a width where no miss was found, as the delta method does not. The sizes of
 * the populations are known, not estimated.
 * @param outcome of which one policy's outcome; null for all together
 */
export function recallOf(judged: readonly JudgedDecision[], outcome: string | null, nMin: number): Measured {
  const billed = judged.filter((one) => one.isBillable && (outcome === null || one.outcome === outcome));
  const notBilled = judged.filter(({ isBillable }) => !isBillable);
  const right = estimateOf(billed, isRight, nMin);
  if ('kind' in right) return right;
  const missed = estimateOf(notBilled, (one) => one.isRight === false && (outcome === null || one.missed === outcome), nMin);
  if ('kind' in missed) return missed;
  const share = shareOfTotal(totalOf(right), totalOf(missed));
  const n = right.share.trials + missed.share.trials;
  if (!share) return { kind: 'too_few', n: 0, nMin };
  return { kind: 'measured', ...share, n, coverage: Math.min(right.coverage, missed.coverage) };
}

const isRight = (one: JudgedDecision): boolean => one.isRight === true;

interface Estimate {
  share: StratifiedProportion;
  /** How many decisions the share is of. */
  size: number;
  coverage: number;
}

function estimateOf(judged: readonly JudgedDecision[], isCounted: (one: JudgedDecision) => boolean, nMin: number): Estimate | Extract<Measured, { kind: 'too_few' | 'incomplete' }> {
  const strata = strataOf(judged, isCounted);
  const n = strata.reduce((sum, { trials }) => sum + trials, 0);
  if (n < nMin) return { kind: 'too_few', n, nMin };
  const settled = strata.filter(({ trials }) => trials > 0);
  const sizeOf = (some: readonly Stratum[]) => some.reduce((sum, { size }) => sum + size, 0);
  const [size, coverage] = [sizeOf(settled), sizeOf(settled) / sizeOf(strata)];
  const share = coverage < COVERAGE_MIN ? null : stratifiedProportion(settled);
  return share ? { share, size, coverage } : { kind: 'incomplete', n, coverage };
}

function strataOf(judged: readonly JudgedDecision[], isCounted: (one: JudgedDecision) => boolean): Stratum[] {
  const strata = Map.groupBy(judged, ({ draw, outcome, locale, isBillable }) => JSON.stringify([draw.period, outcome, locale, isBillable]));
  return [...strata.values()].map((stratum) => {
    const [latest] = [...stratum].sort((a, b) => b.drawnAt.getTime() - a.drawnAt.getTime() || b.draw.stratumSize - a.draw.stratumSize);
    const settled = stratum.filter((one) => one.isRight !== null);
    return { size: latest?.draw.stratumSize ?? 0, trials: settled.length, successes: settled.filter(isCounted).length };
  });
}

function totalOf({ share: { rate, interval }, size }: Estimate): EstimatedTotal {
  return { value: rate * size, interval: { lower: interval.lower * size, upper: interval.upper * size } };
}
