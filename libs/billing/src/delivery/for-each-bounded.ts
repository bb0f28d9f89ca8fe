/** Runs `work` for each item, at most `limit` at a time. A failure does not keep the others from being done; the first is thrown at the end. */
export async function forEachBounded<Item>(items: readonly Item[], limit: number, work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const runners = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const item of waiting) await work(item);
  });
  const ended = await Promise.allSettled(runners);
  const failed = ended.find((runner) => runner.status === 'rejected');
  if (failed) throw failed.reason;
}
