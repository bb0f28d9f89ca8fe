import type { Margin } from '#billing';
import { divideHalfEven, type Micros } from '#platform';

/** What all customers together earned and cost. Amounts of different currencies are kept apart. */
export interface TotalMargin {
  episodeCount: number;
  billableCount: number;
  /** By currency, those without revenue left out; empty where nothing was billable. */
  revenue: { currency: string; amountMicros: Micros }[];
  /** Known cost; null where there is none but unknown cost. */
  modelCostMicros: Micros | null;
  unknownSpans: number;
  /** In micros of USD, the episodes that earned nothing included; null where nothing was billable or no cost is known. */
  costPerBillableOutcomeMicros: Micros | null;
  /** Null where no cost is known, and where there is revenue in another currency than USD, in which models are paid: there is no exchange rate. */
  marginMicros: Micros | null;
}

export function totalMargin(margins: readonly Margin[]): TotalMargin {
  const count = (read: (margin: Margin) => number) => margins.reduce((total, margin) => total + read(margin), 0);
  const currencies = [...new Set(margins.filter((margin) => margin.revenueMicros !== 0n).map((margin) => margin.currency))].sort();
  const revenue = currencies.map((currency) => ({
    currency,
    amountMicros: margins.filter((margin) => margin.currency === currency).reduce((total, margin) => total + margin.revenueMicros, 0n),
  }));
  const billableCount = count((margin) => margin.billableCount);
  const knownCosts = margins.flatMap((margin) => (margin.modelCostMicros === null ? [] : [margin.modelCostMicros]));
  const modelCostMicros = knownCosts.length === 0 && margins.length > 0 ? null : knownCosts.reduce((total, cost) => total + cost, 0n);
  const isAllUsd = currencies.every((currency) => currency === 'USD');
  return {
    episodeCount: count((margin) => margin.episodeCount),
    billableCount,
    revenue,
    modelCostMicros,
    unknownSpans: count((margin) => margin.unknownSpans),
    costPerBillableOutcomeMicros: billableCount > 0 && modelCostMicros !== null ? divideHalfEven(modelCostMicros, BigInt(billableCount)) : null,
    marginMicros: isAllUsd && modelCostMicros !== null ? (revenue[0]?.amountMicros ?? 0n) - modelCostMicros : null,
  };
}
