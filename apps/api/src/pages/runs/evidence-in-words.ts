/** Below this a difference is called evidence: a convention, said on the page and not hidden in it. */
const SIGNIFICANCE = 0.05;

/** What the exact test says, without the letter p doing the talking. `null` where there was no test. */
export function evidenceInWords(pValue: number | null): string {
  if (pValue === null) return 'There is no exact test for these runs: judge by the difference and its standard error.';
  const chance = `If the variants were equally good, a difference at least this large would come up in ${oftenInWords(pValue)} comparisons like this one`;
  return pValue < SIGNIFICANCE
    ? `${chance}: evidence that they differ.`
    : `${chance}: no evidence that they differ, which is not evidence that they are equal. More scenarios would tell.`;
}

function oftenInWords(pValue: number): string {
  if (pValue >= 0.995) return 'nearly all';
  if (pValue >= 0.1) return `about ${Math.round(pValue * 100)} of 100`;
  if (pValue >= 0.001) return `about ${Math.round(pValue * 1000)} of 1,000`;
  return 'fewer than 1 of 1,000';
}

/** `0.062`; what is below a thousandth is said to be. */
export function formatPValue(pValue: number): string {
  return pValue < 0.001 ? '< 0.001' : pValue.toFixed(3);
}
