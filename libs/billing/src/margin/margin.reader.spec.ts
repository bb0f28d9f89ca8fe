import { describe, expect, it } from '@jest/globals';
import { marginOf } from './margin.reader.js';

describe('marginOf', () => {
  it('rounds the cost once, half to even', () => {
    // 1.0000005 USD is 1,000,000.5 micros, half to even 1,000,000; a third of 1,000,000.5 is 333,333.5, half to even 333,334.
    const margin = marginOf({ currency: 'USD', billableCount: 3, revenueMicros: 2_970_000n, modelCostUsd: '1.000000500000', unknownSpans: 2 });
    expect(margin).toEqual({ modelCostMicros: 1_000_000n, costPerBillableOutcomeMicros: 333_334n, marginMicros: 1_970_000n });
  });

  it('gives no cost per outcome where there is none, and a loss as a loss', () => {
    expect(marginOf({ currency: 'USD', billableCount: 0, revenueMicros: 0n, modelCostUsd: '0.25', unknownSpans: 0 })).toEqual({ modelCostMicros: 250_000n, costPerBillableOutcomeMicros: null, marginMicros: -250_000n });
  });

  it('takes no dollars from euros', () => {
    expect(marginOf({ currency: 'EUR', billableCount: 1, revenueMicros: 990_000n, modelCostUsd: '0.25', unknownSpans: 0 }).marginMicros).toBeNull();
  });

  it('gives no figure where no cost is known, and 0 where there was no call', () => {
    const nothing = { currency: 'USD', billableCount: 2, revenueMicros: 1_980_000n, modelCostUsd: '0' };
    expect(marginOf({ ...nothing, unknownSpans: 248 })).toEqual({ modelCostMicros: null, costPerBillableOutcomeMicros: null, marginMicros: null });
    expect(marginOf({ ...nothing, unknownSpans: 0 })).toEqual({ modelCostMicros: 0n, costPerBillableOutcomeMicros: 0n, marginMicros: 1_980_000n });
  });
});
