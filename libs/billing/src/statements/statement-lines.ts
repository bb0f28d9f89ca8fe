import { bookedMicros, periodLabel, type Charge } from '#ledger';
import { evidenceGrades, tierShares, type PriceJson } from '#outcomes';
import { assertInvariant, type Micros } from '#platform';
import { meterOf } from '../booking/meter-name.js';
import { priceOfCharge } from '../rating/charge-pricing.js';
import { roundedMinor } from './rounded-minor.js';
import type { BookedCharge, StatementCharge, StatementLine, StatementPeriod } from './statement.js';

/**
 * The lines of a statement from what was booked for each charge: outcomes by name, then terms; what corrects an earlier period is a line of
 * its own after what is of this one, because it need not go to Stripe the same way. In a line the best evidence first. A line is what one meter
 * is told, and is rounded once, as Stripe rounds a line of its invoice: rounding the charges of a line one by one could differ from that by a
 * cent. When a period is over what that changes is booked, and a line is whole.
 */
export function statementLines(booked: readonly BookedCharge[], period: StatementPeriod): StatementLine[] {
  const byLine = Map.groupBy(booked.toSorted(inStatementOrder), ({ charge }) => `${meterOf(charge)} ${charge.period.start.toISOString()}`);
  return [...byLine.values()].map((ofLine) => {
    const first = ofLine.find(({ charge }) => charge.kind !== 'rounding')?.charge;
    assertInvariant(first !== undefined && first.kind !== 'rounding', 'a line is more than its rounding');
    const corrects = first.period.start.getTime() === period.start.getTime() ? null : { ...first.period, label: periodLabel(first.period), timeZone: period.timeZone };
    const charges = ofLine.map((one) => statementCharge(one, corrects !== null));
    const amountMicros = charges.reduce((sum, charge) => sum + charge.amountMicros, 0n);
    return {
      kind: first.kind,
      outcome: first.kind === 'outcome' ? first.outcome : null,
      eventName: meterOf(first),
      corrects,
      outcomes: charges.reduce((sum, { outcomes }) => sum + outcomes, 0),
      reversals: charges.reduce((sum, { reversals }) => sum + reversals, 0),
      amountMicros,
      amountMinor: roundedMinor(unroundedMicros(charges), first.currency),
      charges,
    };
  });
}

/** What a line comes to before it is rounded. */
function unroundedMicros(charges: readonly Pick<StatementCharge, 'kind' | 'amountMicros'>[]): Micros {
  return charges.reduce((sum, { kind, amountMicros }) => (kind === 'rounding' ? sum : sum + amountMicros), 0n);
}

function statementCharge({ charge, total }: BookedCharge, isCorrection: boolean): StatementCharge {
  const amountMicros = bookedMicros(total);
  const price = charge.kind === 'outcome' ? priceOfCharge(charge) : null;
  return {
    ...total,
    id: charge.id,
    kind: charge.kind,
    contractId: charge.contractId,
    grade: charge.kind === 'outcome' ? charge.grade : null,
    pricing: charge.pricing as PriceJson | { amountMicros: string } | null,
    // A correction is the difference of two prices.
    tiers: price && !isCorrection ? tierShares(price, total.quantityMicros) : [],
    amountMicros,
  };
}

const KINDS = ['outcome', 'minimum', 'commitment', 'cap', 'rounding'] as const;

function inStatementOrder(a: BookedCharge, b: BookedCharge): number {
  const [x, y] = [orderOf(a.charge), orderOf(b.charge)];
  for (let at = 0; at < x.length; at += 1) if (x[at] !== y[at]) return (x[at] ?? 0) < (y[at] ?? 0) ? -1 : 1;
  return 0;
}

function orderOf(charge: Charge): (string | number)[] {
  const isOutcome = charge.kind === 'outcome';
  return [KINDS.indexOf(charge.kind), isOutcome ? charge.outcome : '', -charge.period.start.getTime(), isOutcome ? (evidenceGrades as readonly string[]).indexOf(charge.grade) : 0, charge.id];
}
