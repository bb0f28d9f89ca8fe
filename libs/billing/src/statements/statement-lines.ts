import { bookedMicros, periodLabel, type Charge } from '#ledger';
import { evidenceGrades, priceOf, tierShares, type PriceJson } from '#outcomes';
import { assertInvariant, type Micros } from '#platform';
import { meterOf } from '../booking/meter-name.js';
import { priceOfCharge } from '../rating/charge-pricing.js';
import { roundedMinor } from './rounded-minor.js';
import type { BookedCharge, StatementCharge, StatementLine, StatementPeriod } from './statement.js';

/**
 * The lines of a statement from what was booked for each charge: outcomes by name, then terms; in a line the best evidence first, corrections
 * of earlier periods after what is of this one. Each line is what one meter is told, and is rounded once, as Stripe rounds a line of its
 * invoice: rounding the charges of a line one by one could differ from that by a cent. When a period is over what that changes is booked, and
 * a line is whole.
 */
export function statementLines(booked: readonly BookedCharge[], period: StatementPeriod): StatementLine[] {
  const byMeter = Map.groupBy(booked.toSorted(inStatementOrder), ({ charge }) => meterOf(charge));
  return [...byMeter].map(([eventName, ofLine]) => {
    const first = ofLine.find(({ charge }) => charge.kind !== 'rounding')?.charge;
    assertInvariant(first !== undefined && first.kind !== 'rounding', `${eventName} is more than its rounding`);
    const charges = ofLine.map((one) => statementCharge(one, period));
    const amountMicros = charges.reduce((sum, charge) => sum + charge.amountMicros, 0n);
    return {
      kind: first.kind,
      outcome: first.kind === 'outcome' ? first.outcome : null,
      eventName,
      outcomes: charges.reduce((sum, { outcomes }) => sum + outcomes, 0),
      reversals: charges.reduce((sum, { reversals }) => sum + reversals, 0),
      amountMicros,
      amountMinor: roundedMinor(unroundedMicros(charges), first.currency),
      charges,
    };
  });
}

/** What a line comes to before it is rounded. */
export function unroundedMicros(charges: readonly Pick<StatementCharge, 'kind' | 'amountMicros'>[]): Micros {
  return charges.reduce((sum, { kind, amountMicros }) => (kind === 'rounding' ? sum : sum + amountMicros), 0n);
}

function statementCharge({ charge, total }: BookedCharge, period: StatementPeriod): StatementCharge {
  const amountMicros = bookedMicros(total);
  const price = charge.kind === 'outcome' ? priceOfCharge(charge) : null;
  const corrects = charge.period.start.getTime() === period.start.getTime() ? null : { ...charge.period, label: periodLabel(charge.period), timeZone: period.timeZone };
  return {
    ...total,
    id: charge.id,
    kind: charge.kind,
    contractId: charge.contractId,
    grade: charge.kind === 'outcome' ? charge.grade : null,
    corrects,
    pricing: charge.pricing as PriceJson | { amountMicros: string } | null,
    // A correction that was booked here meanwhile is no part of what these outcomes cost.
    tiers: price && corrects === null && priceOf(price, total.quantityMicros) === amountMicros ? tierShares(price, total.quantityMicros) : [],
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
