import { describe, expect, it } from '@jest/globals';
import { adjudication, label, reviewItem } from '../testing/review-items.js';
import { BUILT_IN_QUESTION, questionsOf } from './review-questions.js';
import { reviewReport } from './review-report.js';

const POLITE = { id: 'polite', ask: 'Was it polite?', answers: ['very', 'hardly'] };

const missed = (id: string, who: string, outcome: string) => label(id, who, outcome, { question: 'missed_outcome' });

/** Two in English: one right, one adjudicated as wrong; one in German that is undecided; two not billable, one of them missed; and what does not count. */
const items = [
  reviewItem('a', { draw: { stratumSize: 30 }, labels: [label('a', 'Anna', 'yes'), label('a', 'Ben', 'yes')] }),
  reviewItem('b', { draw: { stratumSize: 30 }, labels: [label('b', 'Anna', 'yes'), label('b', 'Ben', 'no')], adjudications: [adjudication('b', 'no')] }),
  reviewItem('c', { locale: 'de', draw: { stratumSize: 1, stratumDrawn: 1 }, labels: [label('c', 'Anna', 'yes'), label('c', 'Ben', 'no')] }),
  reviewItem('d', { outcome: 'none', isBillable: false, draw: { stratumSize: 50 }, labels: [missed('d', 'Anna', 'refunded'), missed('d', 'Ben', 'refunded')] }),
  reviewItem('e', { outcome: 'none', isBillable: false, draw: { stratumSize: 50 }, labels: [missed('e', 'Anna', 'none')] }),
  reviewItem('f', { draw: null, labels: [label('f', 'Anna', 'no'), label('f', 'Ben', 'no')] }),
  reviewItem('g', { isStanding: false, labels: [label('g', 'Anna', 'no'), label('g', 'Ben', 'no')] }),
];
const reviewed = items.map((item) => ({ item, questions: questionsOf(undefined, item.decision) }));

describe('reviewReport', () => {
  it('counts what stands and was sampled, by outcome and locale', () => {
    const report = reviewReport(reviewed, 1);
    expect(report).toMatchObject({ nMin: 1, sampled: 5, settled: 4, undecided: 1, replaced: 1, notSampled: 1 });
    // 30 x 1/2 = 15 right; 50 x 1/2 = 25 missed. Of the 31 billable one is undecided.
    expect(report.total).toMatchObject({
      precision: { kind: 'measured', rate: 0.5, n: 2, coverage: 30 / 31 },
      recall: { kind: 'measured', rate: expect.closeTo(15 / 40, 12), n: 4 },
      // Right and right, twice right and wrong, wrong and wrong: 4 of 8 in disagreement, 2 x 4 x 4 / (8 x 7) of them expected.
      agreement: { items: 4, labellers: 2, alpha: expect.closeTo(1 - 0.5 / (4 / 7), 12) },
    });
    expect(report.byOutcomeAndLocale.map(({ outcome, locale, precision }) => [outcome, locale, precision?.kind ?? null])).toEqual([['none', 'en', null], ['resolved', 'de', 'too_few'], ['resolved', 'en', 'measured']]);
    // Nobody says that an answer was missed: it was a refund.
    expect(report.byOutcome).toMatchObject([{ outcome: 'none', recall: null }, { outcome: 'resolved', recall: { kind: 'measured', rate: 1, n: 4 } }]);
    expect(report.byLocale.map(({ locale, recall }) => [locale, recall?.kind])).toEqual([['de', 'too_few'], ['en', 'measured']]);
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
