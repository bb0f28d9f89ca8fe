import type { Adjudication, Label } from './review.js';
import { standingLabels } from './standing-labels.js';

/** What people say of one question about one decision, taken together. */
export type SettledAnswer =
  | { kind: 'adjudicated'; answer: string }
  /** More than half of those who labelled it. */
  | { kind: 'majority'; answer: string }
  /** They are divided and nobody has settled it. */
  | { kind: 'undecided' }
  | { kind: 'unlabelled' };

/** The adjudicated answer, else that of the majority, else none. Takes the labels and adjudications of one decision. */
export function settleAnswer(question: string, labels: readonly Label[], adjudications: readonly Adjudication[]): SettledAnswer {
  const adjudicated = adjudications.findLast((one) => one.question === question);
  if (adjudicated) return { kind: 'adjudicated', answer: adjudicated.answer };
  const answers = standingLabels(labels.filter((label) => label.question === question)).map(({ answer }) => answer);
  if (answers.length === 0) return { kind: 'unlabelled' };
  const winner = [...new Set(answers)].find((answer) => answers.filter((one) => one === answer).length * 2 > answers.length);
  return winner === undefined ? { kind: 'undecided' } : { kind: 'majority', answer: winner };
}

/** Whether those who labelled it differ, and nobody has settled it yet. */
export function isDisputedAmongLabellers(question: string, labels: readonly Label[], adjudications: readonly Adjudication[]): boolean {
  if (adjudications.some((one) => one.question === question)) return false;
  return new Set(standingLabels(labels.filter((label) => label.question === question)).map(({ answer }) => answer)).size > 1;
}
