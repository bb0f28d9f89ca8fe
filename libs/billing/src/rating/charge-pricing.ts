import { bookedMicros, NO_TOTAL, type Charge, type ChargeTotal, type OutcomeCharge, type TermCharge } from '#ledger';
import { priceFromJson, priceOf, priceToJson, type Price, type PriceJson } from '#outcomes';
import type { Micros } from '#platform';

/** A term as its charge keeps it. `amountMicros` is a string of digits; of a commitment, it is due over `months` from `from` on. */
export interface TermJson {
  amountMicros: string;
  months?: number;
  /** Start of the first period, RFC 3339. */
  from?: string;
}

/** Where the first period of a commitment begins; its charge is of the last. */
export const commitmentStart = (charge: TermCharge): Date => new Date(termOfCharge(charge).from ?? charge.period.start);

/** The `pricing` of a charge of outcomes. */
export const pricingOf = (price: Price | null): PriceJson | null => (price === null ? null : priceToJson(price));

/** The price of a charge of outcomes; null where each costs what its decision says. */
export const priceOfCharge = ({ pricing }: Pick<Charge, 'pricing'>): Price | null => (pricing === null ? null : priceFromJson(pricing as PriceJson));

export const termOfCharge = ({ pricing }: Pick<TermCharge, 'pricing'>): TermJson => pricing as TermJson;

/** What the outcomes of a charge come to together: priced by their quantity, rounded once to a micro. */
function amountOf(charge: OutcomeCharge, total: ChargeTotal): Micros {
  const price = priceOfCharge(charge);
  return price === null ? total.listedMicros + total.reversedMicros : priceOf(price, total.quantityMicros);
}

/**
 * What is to be booked for a charge beside its outcomes and their reversals, so that all that is booked for it is what it comes to.
 * Cumulative, then the difference: in whatever order outcomes come and go, what is booked in the end is the same.
 */
export function missingFrom(charge: OutcomeCharge, total: ChargeTotal = NO_TOTAL): Micros {
  return amountOf(charge, total) - bookedMicros(total);
}
