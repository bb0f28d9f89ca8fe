import type { ReviewQuestion } from '../read-contract.js';
import type { ReviewItem } from './review.js';
import { isDisputedAmongLabellers } from './settle-answer.js';
import { standingLabels } from './standing-labels.js';

/**
 * Where an item stands for one labeller. Whoever has still to label it does not learn whether others agree: that would be the first half of
 * what they said.
 */
export const itemStates = ['to_label', 'assigned', 'disagreed', 'labelled', 'adjudicated'] as const;
export type ItemState = (typeof itemStates)[number];

export function itemStateFor(labeller: string, item: ReviewItem, questions: readonly ReviewQuestion[]): ItemState {
  const { labels, adjudications, assignedTo } = item;
  const isDisputed = questions.some(({ id }) => isDisputedAmongLabellers(id, labels, adjudications));
  if (!isDisputed && adjudications.length > 0) return 'adjudicated';
  if (!hasLabelled(labeller, item, questions)) return assignedTo === null || assignedTo === labeller ? 'to_label' : 'assigned';
  return isDisputed ? 'disagreed' : 'labelled';
}

/** Whether a labeller has answered every question that nobody has settled. */
export function hasLabelled(labeller: string, { labels, adjudications }: ReviewItem, questions: readonly ReviewQuestion[]): boolean {
  const answered = new Set(standingLabels(labels.filter((label) => label.labeller === labeller)).map(({ question }) => question));
  return questions.every(({ id }) => answered.has(id) || adjudications.some(({ question }) => question === id));
}
