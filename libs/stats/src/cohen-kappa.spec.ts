import { describe, expect, it } from '@jest/globals';
import { cohenKappa } from './cohen-kappa.js';

/** The pairs of a table of counts: the first labeller by row, the second by column. */
function pairsOf(table: readonly (readonly number[])[]): [string, string][] {
  return table.flatMap((row, first) => row.flatMap((count, second) => Array.from({ length: count }, (): [string, string] => [String(first), String(second)])));
}

describe('cohenKappa', () => {
  it('gives the published figures of two dermatologists (SAS/STAT, PROC FREQ, skin condition)', () => {
    const { items, kappa, standardError, interval } = cohenKappa(pairsOf([[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]));
    expect(items).toBe(88);
    expect(kappa).toBeCloseTo(0.3449, 4);
    expect(standardError).toBeCloseTo(0.0724, 4);
    expect(interval?.lower).toBeCloseTo(0.203, 4);
    expect(interval?.upper).toBeCloseTo(0.4868, 4);
  });

  it('gives those of two psychiatrists (Fleiss, Statistical Methods for Rates and Proportions, table 18.1)', () => {
    const { observed, expected, kappa } = cohenKappa(pairsOf([[75, 1, 4], [5, 4, 1], [0, 0, 10]]));
    expect(observed).toBeCloseTo(0.89, 12);
    // .8 x .8 + .1 x .05 + .1 x .15.
    expect(expected).toBeCloseTo(0.66, 12);
    expect(kappa).toBeCloseTo(0.23 / 0.34, 12);
  });

  it('works by hand', () => {
    // po = 3/4, pe = 1/2 x 3/4 + 1/2 x 1/4 = 1/2, kappa = 1/2. Variance, with (1-pe) = 1/2 and (1-po) = 1/4:
    // agreeing 1/2 (1/2 - 5/4 x 1/4)^2 + 1/4 (1/2 - 3/4 x 1/4)^2 = 1/2 x 9/256 + 1/4 x 25/256 = 43/1024;
    // differing 1/16 x 1/4 (1/4 + 1/2)^2, "no" by the first and "yes" by the second: p.no + pyes. = 3/4, so 9/1024;
    // less (3/8 - 1 + 3/4)^2 = 1/64 = 16/1024. 36/1024 over 4 x 1/16 = 9/64; the error is 3/8.
    expect(cohenKappa([['yes', 'yes'], ['yes', 'yes'], ['no', 'no'], ['no', 'yes']])).toEqual({
      ...{ items: 4, observed: 0.75, expected: 0.5, kappa: 0.5, standardError: 0.375 },
      interval: { lower: expect.closeTo(0.5 - 1.959963984540054 * 0.375, 12), upper: 1 },
    });
  });

  it('is undefined, not 1 or 0, where there is one answer or no item', () => {
    expect(cohenKappa([['yes', 'yes'], ['yes', 'yes']])).toEqual({ items: 2, observed: 1, expected: 1, kappa: null, standardError: null, interval: null });
    expect(cohenKappa([])).toEqual({ items: 0, observed: null, expected: null, kappa: null, standardError: null, interval: null });
  });

  it('is 1 with two answers and no disagreement, without an interval that would claim certainty', () => {
    expect(cohenKappa([['yes', 'yes'], ['no', 'no'], ['no', 'no']])).toMatchObject({ kappa: 1, standardError: 0, interval: null });
    // The one always says yes: whatever the other says, it is no better than chance.
    expect(cohenKappa([['yes', 'yes'], ['yes', 'no']])).toMatchObject({ kappa: 0 });
    expect(cohenKappa([['yes', 'no'], ['no', 'yes']])).toMatchObject({ kappa: -1 });
  });
});
