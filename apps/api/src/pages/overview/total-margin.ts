import type { Margin } from '#billing';
import { divideHalfEven, type Micros } from '#platform';

/** What all customers together earned and cost. Amounts of different currencies are kept apart. */
export interface TotalMargin {
  episodeCount: number;
  billableCount: number;
  /** By currency, those without revenue left out; empty where nothing was billable. */
  revenue: { currency: string; amountMicros: Micros }[];
  modelCostMicros: Micros;
  unknownSpans: number;
  /** In micros of USD, the episodes that earned nothing included; null where nothing was billable. */
  costPerBillableOutcomeMicros: Micros | null;
  /** Null where there is revenue in another currency than USD, in which models are paid: there is no exchange rate here. */
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
  const modelCostMicros = margins.reduce((total, margin) => total + margin.modelCostMicros, 0n);
  const isAllUsd = currencies.every((currency) => currency === 'USD');
  return {
    episodeCount: count((margin) => margin.episodeCount),
    billableCount,
    revenue,
    modelCostMicros,
    unknownSpans: count((margin) => margin.unknownSpans),
    costPerBillableOutcomeMicros: billableCount > 0 ? divideHalfEven(modelCostMicros, BigInt(billableCount)) : null,
    marginMicros: isAllUsd ? (revenue[0]?.amountMicros ?? 0n) - modelCostMicros : null,
  };
}
