import type { Micros } from '#platform';
import { formatMoney, formatNoun, readCost } from './figures.js';

export function Money({ amount, currency }: { amount: Micros; currency: string }) {
  return <data value={amount.toString()}>{formatMoney(amount, currency)}</data>;
}

export interface CostProps {
  /** Decimal string: the sum of what is known. */
  usd: string;
  unknownCalls: number;
  digits?: number;
  /** Where the column or the note beside it counts the unknown calls already. */
  isBrief?: boolean;
}

/** A model cost. Calls of unknown cost stand beside it, counted, and are never part of a figure. */
export function Cost({ usd, unknownCalls, digits = 4, isBrief = false }: CostProps) {
  const cost = readCost(usd, unknownCalls, digits);
  if (cost.kind === 'known') return <span>{cost.text}</span>;
  const count = formatNoun(cost.unknownCalls, 'call');
  if (cost.kind === 'unknown') return <span class="unknown">{isBrief ? 'unknown' : `unknown (${count})`}</span>;
  return (
    <span>
      {cost.text}
      {isBrief ? '' : <span class="unknown"> + {count} unknown</span>}
    </span>
  );
}
