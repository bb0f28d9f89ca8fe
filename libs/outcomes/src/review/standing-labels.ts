import type { Label } from './review.js';

/** A label that was given and not taken back. */
export type GivenLabel = Label & { answer: string };

/** The last label of each labeller to each question about each decision, where it was not taken back. */
export function standingLabels(labels: readonly Label[]): GivenLabel[] {
  return lastOfEach(labels);
}

/**
 * The last that each labeller gave before the labels of others could be seen. Agreement is measured on these alone: who reads what others said
 * and comes round agrees, and shows nothing. Whoever has seen them once has seen them for good, also after taking an answer back.
 */
export function independentLabels(labels: readonly Label[]): GivenLabel[] {
  const firstSeen = new Map<string, bigint>();
  for (const { decisionId, labeller, sequence, sawOthers } of labels) {
    const key = JSON.stringify([decisionId, labeller]);
    const earliest = firstSeen.get(key);
    if (sawOthers && (earliest === undefined || sequence < earliest)) firstSeen.set(key, sequence);
  }
  return lastOfEach(labels.filter(({ decisionId, labeller, sequence }) => sequence < (firstSeen.get(JSON.stringify([decisionId, labeller])) ?? sequence + 1n)));
}

function lastOfEach(labels: readonly Label[]): GivenLabel[] {
  const last = new Map<string, Label>();
  for (const label of [...labels].sort((a, b) => (a.sequence < b.sequence ? -1 : 1))) last.set(JSON.stringify([label.decisionId, label.question, label.labeller]), label);
  return [...last.values()].filter((label): label is GivenLabel => label.answer !== null);
}
