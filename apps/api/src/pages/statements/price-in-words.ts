import type { StatementCharge, StatementLine } from '#billing';
import { formatDecimal } from '#platform';
import { formatMoney } from '../components/figures.js';

const MICROS_DIGITS = 6;
const MINUS = '−';

/** Millionths of a unit as a number of units: `1,000`, `0.5`. */
export function quantityText(quantityMicros: bigint): string {
  const [whole = '', fraction] = formatDecimal(quantityMicros < 0n ? -quantityMicros : quantityMicros, MICROS_DIGITS).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${quantityMicros < 0n ? MINUS : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** What a unit costs: one price, or that there are several. */
export function unitPriceText({ pricing, tiers }: Pick<StatementCharge, 'pricing' | 'tiers'>, currency: string): string {
  if (pricing === null) return 'as decided';
  if (!('kind' in pricing)) return '';
  const [only] = tiers;
  if (pricing.kind === 'flat') return formatMoney(BigInt(pricing.unitMicros), currency);
  if (pricing.kind === 'package') return `${formatMoney(BigInt(pricing.packageMicros), currency)} for each ${quantityText(BigInt(pricing.size))} started`;
  return tiers.length === 1 && only && pricing.kind === 'volume' ? formatMoney(only.unitMicros, currency) : `${pricing.kind} tiers`;
}

/** `Minimum of 500.00 USD` */
export function termText({ kind }: Pick<StatementLine, 'kind'>, { pricing }: Pick<StatementCharge, 'pricing'>, currency: string): string {
  const amount = pricing && 'amountMicros' in pricing ? ` of ${formatMoney(BigInt(pricing.amountMicros), currency)}` : '';
  const names = { outcome: 'Outcomes', minimum: 'Missing to the minimum', commitment: 'Missing to the commitment', cap: 'Above the cap' };
  return `${names[kind]}${amount}`;
}
