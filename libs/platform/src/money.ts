import { DomainError } from './errors.js';

/**
 * An amount of money in millionths of a currency's major unit: 990_000n is 0.99 USD.
 * Always a bigint; never a float on the way (docs/adr/0003-money.md).
 */
export type Micros = bigint;

/** Micros per major unit. */
export const MICROS_PER_UNIT = 1_000_000n;

/** Integer division of `numerator / denominator`, half to even. `denominator` is positive. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('divideHalfEven: the denominator must be positive');
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  const twice = (remainder < 0n ? -remainder : remainder) * 2n;
  if (twice < denominator) return quotient;
  const away = numerator < 0n ? quotient - 1n : quotient + 1n;
  if (twice > denominator) return away;
  return quotient % 2n === 0n ? quotient : away;
}

/**
 * Reads a plain decimal ("0.99", "-12", "1e-7" is refused) as an integer scaled by 10^scale, exactly.
 * @throws DomainError `invalid_decimal` when it is no decimal or has more than `scale` fractional digits.
 */
export function parseDecimal(text: string, scale: number): bigint {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (!match) {
    throw new DomainError({ kind: 'invalid', code: 'invalid_decimal', message: `"${text}" is not a decimal number such as 0.99` });
  }
  const [, sign, whole = '0', fraction = ''] = match;
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > scale) {
    throw new DomainError({ kind: 'invalid', code: 'invalid_decimal', message: `"${text}" has more than ${scale} decimal places` });
  }
  const scaled = BigInt(whole + significant.padEnd(scale, '0'));
  return sign === '-' ? -scaled : scaled;
}

/** Writes an integer scaled by 10^scale as a plain decimal with at least `fractionMin` fractional digits. */
export function formatDecimal(scaled: bigint, scale: number, fractionMin = 0): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '').padEnd(fractionMin, '0');
  return `${scaled < 0n ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}

export const parseMicros = (text: string): Micros => parseDecimal(text, 6);
export const formatMicros = (amount: Micros, fractionMin = 2): string => formatDecimal(amount, 6, fractionMin);
