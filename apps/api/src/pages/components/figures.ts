import { divideHalfEven, formatDecimal, formatMicros, parseDecimal, type Micros } from '#platform';

/** Model costs are in USD with twelve decimal places (the column's scale). */
const COST_SCALE = 12;
/** A true minus sign is as wide as a digit, so that columns keep their alignment. */
const MINUS = '−';
const NBSP = '\u00a0';

/** `1,234,567` */
export function formatCount(count: number | bigint): string {
  return grouped(count.toString());
}

/** `1 call`, `2 calls` */
export function formatNoun(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)}${NBSP}${count === 1 ? singular : plural}`;
}

/** Exact, with two decimal places or as many more as the amount has: `1,234.50 USD`. */
export function formatMoney(amount: Micros, currency: string): string {
  return `${grouped(formatMicros(amount))}${NBSP}${currency}`;
}

/** Rounded to so many decimal places, half to even: for figures that are computed and not owed. */
export function formatRounded(amount: Micros, currency: string, digits = 4): string {
  const MICROS_DIGITS = 6;
  return `${grouped(formatDecimal(divideHalfEven(amount, 10n ** BigInt(MICROS_DIGITS - digits)), digits, digits))}${NBSP}${currency}`;
}

/** An amount in the smallest unit of its currency, `digits` of which are decimal places. */
export function formatMinor(amount: bigint, digits: number, currency: string): string {
  return `${grouped(formatDecimal(amount, digits, digits))}${NBSP}${currency}`;
}

/** What is known of a cost, and how many calls are not in it. */
export type CostReading =
  | { kind: 'known'; text: string }
  /** Known in part: `text` is a lower bound. */
  | { kind: 'partly'; text: string; unknownCalls: number }
  /** Nothing is known: there is no figure, and least of all 0. */
  | { kind: 'unknown'; unknownCalls: number };

/**
 * Reads a cost for display. A cost that is not zero is never rounded to it: below half of the last digit it is `< 0.0001 USD`.
 * @param usd decimal string
 */
export function readCost(usd: string, unknownCalls: number, digits = 4): CostReading {
  const exact = parseDecimal(usd, COST_SCALE);
  if (unknownCalls === 0) return { kind: 'known', text: costText(exact, digits) };
  return exact === 0n ? { kind: 'unknown', unknownCalls } : { kind: 'partly', text: costText(exact, digits), unknownCalls };
}

function costText(exact: bigint, digits: number): string {
  const rounded = divideHalfEven(exact, 10n ** BigInt(COST_SCALE - digits));
  if (rounded === 0n && exact > 0n) return `<${NBSP}${formatDecimal(1n, digits, digits)}${NBSP}USD`;
  return `${grouped(formatDecimal(rounded, digits, digits))}${NBSP}USD`;
}

/** Decimal strings in USD, added exactly. */
export function sumUsd(amounts: readonly string[]): string {
  return formatDecimal(amounts.reduce((sum, amount) => sum + parseDecimal(amount, COST_SCALE), 0n), COST_SCALE);
}

/** Micros of USD as the decimal string that costs come in. */
export function usdOf(micros: Micros): string {
  return formatMicros(micros, 0);
}

/** What share `part` is of `whole`, or null where there is no whole. Both are decimal strings. */
export function shareOf(part: string, whole: string): number | null {
  const total = parseDecimal(whole, COST_SCALE);
  return total === 0n ? null : Number(parseDecimal(part, COST_SCALE)) / Number(total);
}

/** `12.5 %` */
export function formatShare(share: number, digits = 1): string {
  return `${signed((share * 100).toFixed(digits))}${NBSP}%`;
}

/** A difference of two shares in percentage points, with its sign: `+4.0 points`. */
export function formatPoints(difference: number, digits = 1): string {
  const text = signed((difference * 100).toFixed(digits));
  return `${difference > 0 && Number(text) !== 0 ? '+' : ''}${text}${NBSP}points`;
}

const MICROSECOND = 1_000n;
const MILLISECOND = 1_000_000n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;

/** A round time, as a tick of a scale has it: `1 s` and not `1.00 s`. */
export function formatTick(nanoseconds: bigint): string {
  return nanoseconds === 0n ? '0' : formatDuration(nanoseconds).replace(/\.0+(?=\u00a0)/, '');
}

/** `340 µs`, `12.3 ms`, `850 ms`, `1.24 s`, `2 min 05 s` */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds >= MINUTE) {
    const seconds = divideHalfEven(nanoseconds, SECOND);
    return `${formatCount(seconds / 60n)}${NBSP}min ${(seconds % 60n).toString().padStart(2, '0')}${NBSP}s`;
  }
  const fixed = (unit: bigint, digits: number) => (Number(nanoseconds) / Number(unit)).toFixed(digits);
  if (nanoseconds >= SECOND) return `${fixed(SECOND, 2)}${NBSP}s`;
  if (nanoseconds >= 100n * MILLISECOND) return `${fixed(MILLISECOND, 0)}${NBSP}ms`;
  if (nanoseconds >= MILLISECOND) return `${fixed(MILLISECOND, 1)}${NBSP}ms`;
  return `${fixed(MICROSECOND, 0)}${NBSP}µs`;
}

// A rounded negative may come out as -0.0, which is no figure that a reader knows.
function signed(text: string): string {
  return /^-[0.]+$/.test(text) ? text.slice(1) : text.replace('-', MINUS);
}

function grouped(plain: string): string {
  const [whole = '', fraction] = plain.split('.');
  const digits = whole.replace('-', '').replace(/\B(?=(\d{3})+$)/g, ',');
  return `${whole.startsWith('-') ? MINUS : ''}${digits}${fraction === undefined ? '' : `.${fraction}`}`;
}
