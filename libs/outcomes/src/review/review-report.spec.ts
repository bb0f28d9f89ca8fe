import { describe, expect, it } from '@jest/globals';
import { adjudication, label, reviewItem } from '../testing/review-items.js';
import { BUILT_IN_QUESTION } from './review-questions.js';
import { reviewReport } from './review-report.js';

const POLITE = { id: 'polite', ask: 'Was it polite?', answers: ['very', 'hardly'] };

/** Two in English: one right, one adjudicated as wrong; one in German that is undecided; two not billable, one of them missed; and what does not count. */
const items = [
  reviewItem('a', { draw: { stratumSize: 30 }, labels: [label('a', 'Anna', 'yes'), label('a', 'Ben', 'yes')] }),
  reviewItem('b', { draw: { stratumSize: 30 }, labels: [label('b', 'Anna', 'yes'), label('b', 'Ben', 'no')], adjudications: [adjudication('b', 'no')] }),
  reviewItem('c', { locale: 'de', draw: { stratumSize: 1, stratumDrawn: 1 }, labels: [label('c', 'Anna', 'yes'), label('c', 'Ben', 'no')] }),
  reviewItem('d', { outcome: 'none', isBillable: false, draw: { stratumSize: 50 }, labels: [label('d', 'Anna', 'no')] }),
  reviewItem('e', { outcome: 'none', isBillable: false, draw: { stratumSize: 50 }, labels: [label('e', 'Anna', 'yes')] }),
  reviewItem('f', { draw: null, labels: [label('f', 'Anna', 'no'), label('f', 'Ben', 'no')] }),
  reviewItem('g', { isStanding: false, labels: [label('g', 'Anna', 'no'), label('g', 'Ben', 'no')] }),
];
const reviewed = items.map((item) => ({ item, questions: [BUILT_IN_QUESTION] }));

describe('reviewReport', () => {
  it('counts what stands and was sampled, by outcome and locale', () => {
    const report = reviewReport(reviewed, 1);
    expect(report).toMatchObject({ nMin: 1, sampled: 5, settled: 4, undecided: 1, replaced: 1, notSampled: 1 });
    // 30 x 1/2 = 15 right; 50 x 1/2 = 25 missed. Of the 31 billable one is undecided.
    expect(report.total).toMatchObject({
      precision: { kind: 'measured', rate: 0.5, n: 2, coverage: 30 / 31 },
      recall: { kind: 'measured', rate: expect.closeTo(15 / 40, 12), n: 4 },
      agreement: { items: 3, labellers: 2 },
    });
    expect(report.byOutcomeAndLocale.map(({ outcome, locale, precision }) => [outcome, locale, precision?.kind ?? null])).toEqual([['none', 'en', null], ['resolved', 'de', 'too_few'], ['resolved', 'en', 'measured']]);
    expect(report.byOutcome.map(({ outcome, recall }) => [outcome, recall.kind])).toEqual([['none', 'not_attributable'], ['resolved', 'not_attributable']]);
    expect(report.byLocale.map(({ locale, recall }) => [locale, recall.kind])).toEqual([['de', 'too_few'], ['en', 'measured']]);
  });

  it('gives no rate of fewer than twenty unless asked to', () => {
    const { total } = reviewReport(reviewed);
    expect(total).toMatchObject({ precision: { kind: 'too_few', n: 2, nMin: 20 }, recall: { kind: 'too_few' }, agreement: { alpha: null } });
  });

  it('measures nothing by a question without yes and no, but whether people agree on it', () => {
    const labels = ['Anna', 'Ben'].map((who) => label('a', who, 'very', { question: 'polite' }));
    const report = reviewReport([{ item: reviewItem('a', { labels }), questions: [BUILT_IN_QUESTION, POLITE] }], 1);
    expect(report).toMatchObject({ settled: 0, otherQuestions: [{ question: 'polite', ask: 'Was it polite?', agreement: { items: 1 } }] });
  });
});
