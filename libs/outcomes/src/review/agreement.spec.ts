import { describe, expect, it } from '@jest/globals';
import { label } from '../testing/review-items.js';
import { agreementOf } from './agreement.js';
import { independentLabels } from './standing-labels.js';

/** What each said of each decision, by position; a dot is a gap. */
function labelsOf(said: Record<string, string>) {
  const answers: Record<string, string> = { y: 'yes', n: 'no', u: 'unsure' };
  return independentLabels(Object.entries(said).flatMap(([labeller, text]) => [...text].flatMap((letter, index) => (letter === '.' ? [] : [label(`d-${index}`, labeller, answers[letter] ?? null)]))));
}

describe('agreementOf', () => {
  it('gives alpha over all and kappa of each pair', () => {
    // Anna and Ben: po 3/4, pe 1/2 as in the spec of cohenKappa. Alpha: 8 answers of 4 decisions, 5 yes and 3 no, 6 on the diagonal:
    // (7 x 6 - 26) / (56 - 26) = 16/30. Cleo meets each of them once.
    const agreement = agreementOf(labelsOf({ Anna: 'yynn.', Ben: 'yyny.' }), 1);
    expect(agreement).toMatchObject({ items: 4, labellers: 2, alpha: expect.closeTo(16 / 30, 12), pairs: [{ labellers: ['Anna', 'Ben'], items: 4, kappa: 0.5 }] });
    const three = agreementOf(labelsOf({ Anna: 'yynn.', Ben: 'yyny.', Cleo: 'n...u' }), 1);
    expect(three.pairs.map(({ labellers, items, kappa }) => [...labellers, items, kappa])).toEqual([['Anna', 'Ben', 4, 0.5], ['Anna', 'Cleo', 1, 0], ['Ben', 'Cleo', 1, 0]]);
    // Nine answers, 5 yes and 4 no. On the diagonal: yes, yes, no gives 2/2 = 1, two that agree 2 each, the last none: 5. (8 x 5 - 32) / (72 - 32).
    expect(three.alpha).toBeCloseTo((8 * 5 - 32) / (72 - 32), 12);
  });

  it('gives the same interval each time, around alpha', () => {
    const said = { Anna: 'yynnyynnyynnyynnyynnyyyy', Ben: 'yynyyynyyynnyynnynnnyyyn' };
    const first = agreementOf(labelsOf(said), 20);
    expect(agreementOf(labelsOf(said), 20)).toEqual(first);
    expect(first.interval?.lower).toBeLessThan(first.alpha ?? 0);
    expect(first.interval?.upper).toBeGreaterThan(first.alpha ?? 1);
  });

  it('gives no figure of few, and none where it is undefined', () => {
    expect(agreementOf(labelsOf({ Anna: 'yynn', Ben: 'yyny' }), 5)).toEqual({
      ...{ items: 4, labellers: 2, alpha: null, interval: null },
      pairs: [{ labellers: ['Anna', 'Ben'], items: 4, observed: null, expected: null, kappa: null, standardError: null, interval: null }],
    });
    expect(agreementOf(labelsOf({ Anna: 'yyyy', Ben: 'yyyy' }), 1)).toMatchObject({ items: 4, alpha: null, pairs: [{ observed: 1, kappa: null }] });
    expect(agreementOf(labelsOf({ Anna: 'yy..', Ben: '..yy' }), 1)).toEqual({ items: 0, labellers: 0, alpha: null, interval: null, pairs: [] });
  });
});
