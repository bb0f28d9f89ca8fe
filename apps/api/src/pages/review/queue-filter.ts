import { z } from 'zod';
import { itemStates, type ItemForReviewer } from '#outcomes';
import type { ReviewFilter } from '../components/addresses.js';

const text = z.string().max(200).optional().transform((value) => (value === '' ? undefined : value));

export const filterSchema = z.object({ state: z.enum([...itemStates, 'all']).optional(), outcome: text, locale: text });

/** Spans that name no locale have an empty one, and an empty choice in a form is none: it goes by a name of its own. */
export const NO_LOCALE = '-';

export function filterQueue(queue: readonly ItemForReviewer[], { state = 'to_label', outcome, locale }: ReviewFilter): ItemForReviewer[] {
  return queue.filter((each) => (state === 'all' || each.state === state) && isAbout(each, { outcome, locale }));
}

/** The items before and after one in the queue that the filter shows, whether or not it is still shown itself. */
export function neighboursOf(decisionId: string, queue: readonly ItemForReviewer[], filter: ReviewFilter): { previous: string | null; next: string | null } {
  const shown = new Set(filterQueue(queue, filter));
  const at = queue.findIndex(({ item }) => item.decision.id === decisionId);
  const previous = queue.slice(0, Math.max(0, at)).findLast((each) => shown.has(each));
  const next = queue.slice(at + 1).find((each) => shown.has(each));
  return { previous: previous?.item.decision.id ?? null, next: next?.item.decision.id ?? null };
}

/** What is labelled after one: the next that is still to label, else the first; null where none is left. */
export function nextToLabel(decisionId: string, queue: readonly ItemForReviewer[], { outcome, locale }: ReviewFilter): string | null {
  const open = filterQueue(queue, { state: 'to_label', outcome, locale }).filter(({ item }) => item.decision.id !== decisionId);
  const { next } = neighboursOf(decisionId, queue, { state: 'to_label', outcome, locale });
  return next ?? open[0]?.item.decision.id ?? null;
}

function isAbout({ item: { decision } }: ItemForReviewer, { outcome, locale }: ReviewFilter): boolean {
  return (outcome === undefined || outcome === decision.outcome) && (locale === undefined || locale === (decision.locale || NO_LOCALE));
}
