/**
 * Holm's step-down adjustment: the family-wise error stays at alpha when each adjusted p is compared with alpha. Uniformly better
 * than Bonferroni, and valid under any dependence. In the order of the input. Source: Holm, Scand. J. Statist. 6 (1979) 65-70.
 */
export function holmAdjust(pValues: readonly number[]): number[] {
  if (pValues.some((p) => !(p >= 0 && p <= 1))) throw new RangeError('holmAdjust: every p must be between 0 and 1');
  const ascending = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length).fill(0);
  let largest = 0;
  ascending.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}
