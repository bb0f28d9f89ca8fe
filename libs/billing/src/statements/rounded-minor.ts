import { divideHalfEven, DomainError, MICROS_PER_UNIT, type Micros } from '#platform';

/** Decimal places of a currency in use (ISO 4217 by way of CLDR): 2 for USD, 0 for JPY, 3 for KWD. @throws DomainError `unknown_currency` */
export function minorDigits(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch (cause) {
    throw new DomainError({ kind: 'invalid', code: 'unknown_currency', message: `"${currency}" is no currency code: give three letters such as USD`, cause });
  }
}

/** An amount in the smallest unit of its currency, half to even. Done once for each line of a statement, never for a part of one. */
export function roundedMinor(amountMicros: Micros, currency: string): bigint {
  return divideHalfEven(amountMicros * 10n ** BigInt(minorDigits(currency)), MICROS_PER_UNIT);
}

/** An amount in the smallest unit of its currency, in micros. */
export function minorMicros(amountMinor: bigint, currency: string): Micros {
  return (amountMinor * MICROS_PER_UNIT) / 10n ** BigInt(minorDigits(currency));
}
