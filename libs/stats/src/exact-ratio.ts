/**
 * `numerator / denominator` as the nearest double (within one unit in the last place), for integers far beyond 2^53 and for
 * ratios far below 2^-64. Exact tests count in integers and leave them only here. Both are non-negative, `denominator` positive.
 */
export function exactRatio(numerator: bigint, denominator: bigint): number {
  if (denominator <= 0n || numerator < 0n) throw new RangeError('exactRatio: needs numerator >= 0 and denominator > 0');
  if (numerator === 0n) return 0;
  // 64 bits of quotient are kept, whatever the two magnitudes are.
  const shift = Math.max(0, bitLength(denominator) - bitLength(numerator) + 64);
  const quotient = Number((numerator << BigInt(shift)) / denominator);
  // In two steps: 2 ** -1100 alone is already 0, the product may not be.
  const half = Math.floor(shift / 2);
  return quotient * 2 ** -half * 2 ** -(shift - half);
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4;
}
