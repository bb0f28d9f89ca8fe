import type { CostTotal } from '#evals';

/** Columns padded to their widest cell, two spaces apart: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)), []);
  const pad = (cell: string, column: number) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0));
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}

export function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

/** A difference of rates, or an error of one, in percentage points. */
export function points(difference: number | null): string {
  return difference === null ? 'undefined' : `${(difference * 100).toFixed(1)} points`;
}

export function usd(amount: number): string {
  return `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}

/** A cost with what is not known of it: never a bare zero. */
export function cost({ known, knownTrials, unknownTrials }: CostTotal): string {
  if (known === null) return `unknown (${unknownTrials} trials)`;
  return unknownTrials === 0 ? usd(known) : `${usd(known)} for ${knownTrials} trials, unknown for ${unknownTrials}`;
}

export function warningLines(warnings: readonly string[]): string[] {
  return warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `note: ${warning}`)];
}
