/**
 * Krippendorff's alpha for nominal data, any number of labellers, with gaps: 1 - Do / De, from the coincidences of answers. An item is the
 * list of the answers that it got, in any order; one with fewer than two pairs with nothing and does not count.
 *
 * An item with m answers adds 1/(m - 1) for each ordered pair of them; with n answers in all such items, n_c of them c, and o_cc the
 * coincidences of c with itself, alpha = ((n - 1) sum o_cc - sum n_c (n_c - 1)) / (n (n - 1) - sum n_c (n_c - 1)).
 * Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C.
 *
 * @returns `null` where it is undefined: no item has two answers, or all answers are the same, so that nothing shows that anybody can tell
 * one answer from another
 */
export function krippendorffAlpha(items: readonly (readonly string[])[]): number | null {
  const counts = new Map<string, number>();
  let answers = 0;
  let agreeing = 0;
  for (const item of items) {
    if (item.length < 2) continue;
    const ofItem = new Map<string, number>();
    for (const answer of item) ofItem.set(answer, (ofItem.get(answer) ?? 0) + 1);
    for (const [answer, count] of ofItem) {
      counts.set(answer, (counts.get(answer) ?? 0) + count);
      agreeing += (count * (count - 1)) / (item.length - 1);
    }
    answers += item.length;
  }
  if (counts.size < 2) return null;
  const bySameness = [...counts.values()].reduce((total, count) => total + count * (count - 1), 0);
  return ((answers - 1) * agreeing - bySameness) / (answers * (answers - 1) - bySameness);
}
