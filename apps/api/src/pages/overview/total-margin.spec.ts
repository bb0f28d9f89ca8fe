import { describe, expect, it } from '@jest/globals';
import type { Margin } from '#billing';
import { totalMargin } from './total-margin.js';

function margin(id: string, currency: string, figures: Pick<Margin, 'episodeCount' | 'billableCount' | 'revenueMicros' | 'modelCostMicros' | 'unknownSpans'>): Margin {
  return { customer: { id, name: id }, currency, ...figures, costPerBillableOutcomeMicros: null, marginMicros: null };
}

const northwind = margin('northwind', 'USD', { episodeCount: 4, billableCount: 2, revenueMicros: 1_980_000n, modelCostMicros: 300_000n, unknownSpans: 1 });
const earnedNothing = margin('contoso', 'USD', { episodeCount: 3, billableCount: 0, revenueMicros: 0n, modelCostMicros: 100_001n, unknownSpans: 0 });
const inEuro = margin('fabrikam', 'EUR', { episodeCount: 1, billableCount: 1, revenueMicros: 2_000_000n, modelCostMicros: 0n, unknownSpans: 0 });

describe('totalMargin', () => {
  it('carries the cost of what earned nothing', () => {
    expect(totalMargin([northwind, earnedNothing])).toEqual({
      episodeCount: 7,
      billableCount: 2,
      revenue: [{ currency: 'USD', amountMicros: 1_980_000n }],
      modelCostMicros: 400_001n,
      unknownSpans: 1,
      // 200,000.5 rounds to the even neighbour.
      costPerBillableOutcomeMicros: 200_000n,
      marginMicros: 1_579_999n,
    });
  });

  it('adds no currencies together and gives no margin over several', () => {
    expect(totalMargin([northwind, inEuro])).toMatchObject({
      revenue: [
        { currency: 'EUR', amountMicros: 2_000_000n },
        { currency: 'USD', amountMicros: 1_980_000n },
      ],
      marginMicros: null,
    });
  });

  it('has a loss where nothing was billable, in whatever currency it would have been', () => {
    expect(totalMargin([earnedNothing, { ...inEuro, revenueMicros: 0n, billableCount: 0 }])).toMatchObject({ revenue: [], costPerBillableOutcomeMicros: null, marginMicros: -100_001n });
    expect(totalMargin([])).toMatchObject({ episodeCount: 0, revenue: [], marginMicros: 0n });
  });
});
