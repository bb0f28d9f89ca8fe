import { bootstrapInterval, cohenKappa, krippendorffAlpha, seededRandom, type CohenKappa } from '#stats';
import type { GivenLabel } from './standing-labels.js';

type Interval = { lower: number; upper: number };

export interface LabellerPair extends CohenKappa {
  labellers: readonly [string, string];
}

export interface Agreement {
  /** Decisions that two or more labelled without seeing what others said. */
  items: number;
  labellers: number;
  /** Krippendorff's alpha; null where it is undefined (nobody met, or one answer alone), and where there are fewer items than `itemsMin`. */
  alpha: number | null;
  /** Bootstrap over decisions, 95 %. */
  interval: Interval | null;
  /** Each pair that labelled a decision in common, by name; without figures where it was fewer than `itemsMin`. */
  pairs: LabellerPair[];
}

const SEED = 20_110_125;

/**
 * How far people agree on one question, beyond chance. `unsure` is an answer like another: who is unsure where another is sure does not agree.
 * @param labels of one question, one for each labeller and decision
 * @param itemsMin below which no figure is given
 */
export function agreementOf(labels: readonly GivenLabel[], itemsMin: number): Agreement {
  const byDecision = [...Map.groupBy(labels, ({ decisionId }) => decisionId).values()];
  const shared = byDecision.filter((ofDecision) => ofDecision.length > 1);
  const answers = shared.map((ofDecision) => ofDecision.map(({ answer }) => answer));
  const isEnough = shared.length >= itemsMin;
  const alpha = isEnough ? krippendorffAlpha(answers) : null;
  return {
    items: shared.length,
    labellers: new Set(shared.flat().map(({ labeller }) => labeller)).size,
    alpha,
    // A fixed seed: the same labels give the same report.
    interval: alpha === null ? null : bootstrapInterval(answers, krippendorffAlpha, { random: seededRandom(SEED) }),
    pairs: pairsOf(shared, itemsMin),
  };
}

function pairsOf(shared: readonly (readonly GivenLabel[])[], itemsMin: number): LabellerPair[] {
  const names = [...new Set(shared.flat().map(({ labeller }) => labeller))].sort();
  return names.flatMap((first, index) =>
    names.slice(index + 1).flatMap((second): LabellerPair[] => {
      const both = shared.flatMap((ofDecision): [string, string][] => {
        const [mine, theirs] = [first, second].map((name) => ofDecision.find(({ labeller }) => labeller === name)?.answer);
        return mine === undefined || theirs === undefined ? [] : [[mine, theirs]];
      });
      if (both.length === 0) return [];
      const figures = cohenKappa(both);
      const withheld = { observed: null, expected: null, kappa: null, standardError: null, interval: null };
      return [{ labellers: [first, second], ...figures, ...(both.length < itemsMin && withheld) }];
    }),
  );
}
