import { describe, expect, it } from '@jest/globals';
import { adjudication, label, reviewItem } from '../testing/review-items.js';
import { itemStateFor } from './item-state.js';
import { BUILT_IN_QUESTION } from './review-questions.js';

const polite = { id: 'polite', ask: 'Was it polite?', answers: ['very', 'hardly'] };

describe('itemStateFor', () => {
  const [anna, ben] = [label('d', 'Anna', 'yes'), label('d', 'Ben', 'no')];
  const state = (who: string, given: Parameters<typeof reviewItem>[1]) => itemStateFor(who, reviewItem('d', given), [BUILT_IN_QUESTION]);

  it('tells nobody who has still to label it that others differ', () => {
    const labels = [anna, ben];
    expect(state('Anna', { labels })).toBe('disagreed');
    expect(state('Cleo', { labels })).toBe('to_label');
    expect(state('Anna', { labels: [anna] })).toBe('labelled');
  });

  it('is somebody else\'s where it is assigned', () => {
    expect(state('Anna', { assignedTo: 'Ben' })).toBe('assigned');
    expect(state('Ben', { assignedTo: 'Ben' })).toBe('to_label');
    expect(state('Anna', { assignedTo: 'Ben', labels: [anna] })).toBe('labelled');
  });

  it('is done for everybody once it is adjudicated', () => {
    for (const who of ['Anna', 'Cleo']) expect(state(who, { labels: [anna, ben], adjudications: [adjudication('d', 'no')] })).toBe('adjudicated');
  });

  it('is labelled with every question answered, and not settled while one is in dispute', () => {
    const questions = [BUILT_IN_QUESTION, polite];
    expect(itemStateFor('Anna', reviewItem('d', { labels: [anna] }), questions)).toBe('to_label');
    const labels = [anna, ben, label('d', 'Anna', 'very', { question: 'polite' }), label('d', 'Ben', 'hardly', { question: 'polite' })];
    expect(itemStateFor('Anna', reviewItem('d', { labels, adjudications: [adjudication('d', 'no')] }), questions)).toBe('disagreed');
  });
});
