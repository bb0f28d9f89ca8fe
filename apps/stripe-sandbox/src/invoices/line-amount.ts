/**
 * `quantity` times `unitAmount`, in whole minor units (cents). Both are scaled integers, so nothing is lost before the one rounding.
 *
 * Stripe rounds each line to the nearest cent before it adds them up, and a usage below zero bills zero. Its example (1.5 to 2) fits both
 * half up and half even; half up is taken here, which is not confirmed.
 */
export function lineAmount(quantity: { value: bigint; scale: number }, unitAmount: { value: bigint; scale: number }): bigint {
  if (quantity.value <= 0n) return 0n;
  const unit = 10n ** BigInt(quantity.scale + unitAmount.scale);
  return (2n * quantity.value * unitAmount.value + unit) / (2n * unit);
}
