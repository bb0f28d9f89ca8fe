import type { Micros } from '#platform';
import type { EvidenceGrade } from '../decision.js';
import type { Contract, PeriodTerms } from '../read-contract.js';
import { priceOf, type QuantityMicros } from './price.js';

/** What the outcomes of a period come to in one price of the contract. */
export interface RatedLine {
  outcome: string;
  grade: EvidenceGrade;
  count: number;
  quantity: QuantityMicros;
  amountMicros: Micros;
}

export interface RatedPeriod {
  lines: RatedLine[];
  /** Sum of the lines. */
  outcomesMicros: Micros;
  /** What is missing to the contract's minimum for a period, or to a commitment that ends in it. */
  topUpMicros: Micros;
  /** Negative: what is above the contract's cap for a period. */
  capMicros: Micros;
  totalMicros: Micros;
}

/** What the terms of a contract add to the outcomes of a period. */
export interface TermAmounts {
  /** 0 or less. */
  capMicros: Micros;
  /** 0 or more. */
  minimumMicros: Micros;
  /** 0 or more. */
  commitmentMicros: Micros;
}

/**
 * The cap first, then the minimum, then what a commitment still lacks: a customer who pays at least the minimum never pays more than the
 * cap, and one who committed to an amount pays it, whatever was capped on the way.
 * @param terms null for what the contract does not say
 * @param commitment what is still to be reached where a commitment ends with this period; undefined in every other
 */
export function applyTerms(outcomesMicros: Micros, terms: Pick<PeriodTerms, 'capMicros' | 'minimumMicros'>, commitment?: { restMicros: Micros }): TermAmounts {
  const { capMicros: cap, minimumMicros: minimum } = terms;
  const capped = cap !== null && outcomesMicros > cap ? cap : outcomesMicros;
  const atLeast = larger(capped, minimum ?? 0n);
  return { capMicros: capped - outcomesMicros, minimumMicros: atLeast - capped, commitmentMicros: larger(commitment?.restMicros ?? 0n, atLeast) - atLeast };
}

/** Billable outcomes of one period, by outcome and grade. */
export interface PeriodCount {
  outcome: string;
  grade: EvidenceGrade;
  count: number;
  quantity: QuantityMicros;
}

/**
 * The money of a contract's period (a month of its time zone): each line priced by its own quantity, then the terms.
 *
 * Pure: the same counts in any order give the same amounts.
 * @param commitment what is still to be reached where a commitment ends with this period; undefined in every other
 */
export function ratePeriod(contract: Pick<Contract, 'policies' | 'terms'>, counts: readonly PeriodCount[], commitment?: { restMicros: Micros }): RatedPeriod {
  const lines = contract.policies.flatMap(({ outcome, prices }) =>
    Object.entries(prices).flatMap(([grade, price]) => {
      const counted = counts.filter((one) => one.outcome === outcome && one.grade === grade);
      if (counted.length === 0) return [];
      const quantity = counted.reduce((sum, one) => sum + one.quantity, 0n);
      return [{ outcome, grade: grade as EvidenceGrade, count: counted.reduce((sum, one) => sum + one.count, 0), quantity, amountMicros: priceOf(price, quantity) }];
    }),
  );
  const outcomesMicros = lines.reduce((sum, line) => sum + line.amountMicros, 0n);
  const terms = applyTerms(outcomesMicros, contract.terms, commitment);
  const topUpMicros = terms.minimumMicros + terms.commitmentMicros;
  return { lines, outcomesMicros, topUpMicros, capMicros: terms.capMicros, totalMicros: outcomesMicros + terms.capMicros + topUpMicros };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
