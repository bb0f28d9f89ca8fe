/**
 * Runs `work` for each item, at most `limit` at a time. What is under way when one fails goes on, and the rest is done by one fewer at a time, so
 * that a service which fails every call is not asked for every item. Nothing goes on when it ends; the failure of the earliest runner is thrown.
 */
export async function forEachBounded<Item>(items: readonly Item[], limit: number, work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const runners = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const item of waiting) await work(item);
  });
  const ended = await Promise.allSettled(runners);
  const failed = ended.find((runner) => runner.status === 'rejected');
  if (failed) throw failed.reason;
}
