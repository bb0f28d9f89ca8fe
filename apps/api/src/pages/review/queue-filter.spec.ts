import { describe, expect, it } from '@jest/globals';
import type { ItemForReviewer } from '#outcomes';
import { filterQueue, neighboursOf, nextToLabel } from './queue-filter.js';

const item = (id: string, state: ItemForReviewer['state'], outcome = 'resolved', locale = 'en') => ({ item: { decision: { id, outcome, locale } }, state }) as unknown as ItemForReviewer;
const queue = [item('a', 'labelled'), item('b', 'to_label'), item('c', 'to_label', 'none', ''), item('d', 'disagreed'), item('e', 'to_label')];
const ids = (items: readonly ItemForReviewer[]) => items.map((each) => each.item.decision.id).join('');

describe('the filter of the queue', () => {
  it('shows what is to label unless something else is asked for', () => {
    expect(ids(filterQueue(queue, {}))).toBe('bce');
    expect(ids(filterQueue(queue, { state: 'all' }))).toBe('abcde');
    expect(ids(filterQueue(queue, { state: 'all', outcome: 'resolved' }))).toBe('abde');
    expect(ids(filterQueue(queue, { locale: '-' }))).toBe('c');
  });

  it('finds the neighbours of what it no longer shows', () => {
    expect(neighboursOf('d', queue, {})).toEqual({ previous: 'c', next: 'e' });
    expect(neighboursOf('a', queue, {})).toEqual({ previous: null, next: 'b' });
    expect(neighboursOf('e', queue, { state: 'all' })).toEqual({ previous: 'd', next: null });
  });

  it('goes on to what is still to label, from the end to the beginning, and stops when nothing is', () => {
    expect(nextToLabel('b', queue, {})).toBe('c');
    expect(nextToLabel('b', queue, { outcome: 'resolved' })).toBe('e');
    expect(nextToLabel('e', queue, {})).toBe('b');
    expect(nextToLabel('c', queue, { locale: '-' })).toBeNull();
  });
});
