import { integer, text } from './read-params.js';
import { invalidRequest } from './stripe-error.js';

/** The pagination of Stripe's lists: newest first, `has_more`, continued after the last id seen. */
export const pageParams = { limit: integer(1, 100).default(10), starting_after: text().optional() };

export interface ListPage<Item> {
  object: 'list';
  url: string;
  has_more: boolean;
  data: Item[];
}

/** Cuts one page out of `items`, which come in the order of the list. */
export function listPage<Item extends { id: string }>(
  url: string,
  items: readonly Item[],
  page: { limit: number; starting_after?: string | undefined },
): ListPage<Item> {
  const data = items.slice(startOf(items, page.starting_after));
  return { object: 'list', url, has_more: data.length > page.limit, data: data.slice(0, page.limit) };
}

function startOf(items: readonly { id: string }[], startingAfter: string | undefined): number {
  if (startingAfter === undefined) return 0;
  const index = items.findIndex(({ id }) => id === startingAfter);
  if (index < 0) throw invalidRequest(`No such object: '${startingAfter}'`, { code: 'resource_missing', param: 'starting_after' });
  return index + 1;
}
