import { DomainError, divideHalfEven } from '#platform';

/**
 * An amount of money in millionths of a millionth of a dollar: 7_148_000_000n is 0.007148 USD. Fine enough that a price in USD per
 * million tokens with up to six decimals is an integer per token, so that a cost is a sum of integers and never rounded.
 */
export type PicoUsd = bigint;

/** One call that costs a million dollars is a broken count; and the column that stores costs, Decimal(18, 12), ends there. */
export const COST_PICO_USD_MAX: PicoUsd = 10n ** 18n - 1n;

/**
 * Price of one token in pico-USD, from a price in USD per million tokens written as a decimal ("0.40").
 * Exact for up to six decimals; more are rounded half to even (the catalogue has a few, such as 0.08333333333333334).
 * @throws DomainError `invalid_price` when it is no decimal, negative, or above a dollar per token.
 */
export function picoUsdPerToken(usdPerMtok: string): number {
  return smallPrice(usdPerMtok, 6);
}

/** Price of one call in pico-USD, from a price in USD per thousand calls. */
export function picoUsdPerCall(usdPerThousand: string): number {
  return smallPrice(usdPerThousand, 9);
}

/** A cost in USD that a sender computed, in floats, as pico-USD; `undefined` unless it is a positive amount that can be stored. */
export function picoUsdOfSender(usd: number | undefined): PicoUsd | undefined {
  if (usd === undefined || !Number.isFinite(usd) || usd <= 0 || usd >= 1_000_000) return undefined;
  const picoUsd = scaleDecimal(String(usd), 12);
  return picoUsd === undefined || picoUsd === 0n || picoUsd > COST_PICO_USD_MAX ? undefined : picoUsd;
}

function smallPrice(text: string, scale: number): number {
  const scaled = scaleDecimal(text.trim(), scale);
  if (scaled === undefined || scaled > 10n ** 12n) {
    const message = `"${text}" is not a price; write US dollars as a decimal such as 0.40, not negative and at most a dollar a token`;
    throw new DomainError({ kind: 'invalid', code: 'invalid_price', message });
  }
  return Number(scaled);
}

// Also reads the exponents that JavaScript prints for small numbers ("8e-7"), which parseDecimal of #platform rightly refuses.
function scaleDecimal(text: string, scale: number): bigint | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,30}))?(?:e([+-]?\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const power = scale - fraction.length + Number(exponent);
  return power >= 0 ? digits * 10n ** BigInt(power) : divideHalfEven(digits, 10n ** BigInt(-power));
}
