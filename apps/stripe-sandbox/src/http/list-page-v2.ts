import { z } from 'zod';
import { integer, text } from './read-params.js';

/** Lists of v2 are turned by the address of the next page; the SDK sends the other parameters along again. */
export const pageParamsV2 = { limit: integer(1, 100).default(20), page: text().optional() };

/** `page` is the id of the last one seen. */
export function listPageV2<Item extends { id: string }>(
  url: string,
  items: readonly Item[],
  { limit, page }: z.output<z.ZodObject<typeof pageParamsV2>>,
): { data: Item[]; next_page_url: string | null; previous_page_url: null } {
  const start = page === undefined ? 0 : items.findIndex(({ id }) => id === page) + 1;
  const data = items.slice(start, start + limit);
  const last = data.at(-1);
  const hasMore = start + limit < items.length && last !== undefined;
  return { data, next_page_url: hasMore ? `${url}?page=${encodeURIComponent(last.id)}` : null, previous_page_url: null };
}
