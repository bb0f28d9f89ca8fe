import { bookedMicros, NO_TOTAL, type Charge, type ChargeTotal, type TermCharge } from '#ledger';
import { applyTerms } from '#outcomes';
import type { Micros } from '#platform';
import { commitmentStart, termOfCharge } from './charge-pricing.js';

type Totals = ReadonlyMap<string, ChargeTotal>;

/**
 * What the terms of a contract come to in one period, by the id of their charge.
 * @param charges of one contract, currency and period: outcomes and terms
 * @param earlier charges of the contract in the periods before, for a commitment that began in one of them
 * @param totals what is booked for all of these
 */
export function termAmounts(charges: readonly Charge[], earlier: readonly Charge[], totals: Totals): Map<string, Micros> {
  const outcomesMicros = charges.filter(({ kind }) => kind === 'outcome').reduce((sum, charge) => sum + booked(charge, totals), 0n);
  const [cap, minimum, commitment] = (['cap', 'minimum', 'commitment'] as const).map((kind) => charges.find((charge): charge is TermCharge => charge.kind === kind));
  const terms = { capMicros: cap ? BigInt(termOfCharge(cap).amountMicros) : null, minimumMicros: minimum ? BigInt(termOfCharge(minimum).amountMicros) : null };
  const amounts = applyTerms(outcomesMicros, terms, commitment && { restMicros: restOf(commitment, earlier, totals) });
  const byCharge = [[cap, amounts.capMicros], [minimum, amounts.minimumMicros], [commitment, amounts.commitmentMicros]] as const;
  return new Map(byCharge.flatMap(([charge, amount]) => (charge ? [[charge.id, amount] as const] : [])));
}

/** What of a commitment the periods before its last one have not reached. */
function restOf(commitment: TermCharge, earlier: readonly Charge[], totals: Totals): Micros {
  const before = earlier.filter(({ period }) => period.start >= commitmentStart(commitment) && period.start < commitment.period.start);
  const rest = BigInt(termOfCharge(commitment).amountMicros) - before.reduce((sum, charge) => sum + booked(charge, totals), 0n);
  return rest > 0n ? rest : 0n;
}

function booked({ id }: Charge, totals: Totals): Micros {
  return bookedMicros(totals.get(id) ?? NO_TOTAL);
}
