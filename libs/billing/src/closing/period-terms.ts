import { lastInstant, parsePeriod, periodLabel, periodOf, termCharge, type Period, type TermCharge } from '#ledger';
import { dayIn, type Contract, type ContractStatus } from '#outcomes';
import type { TermJson } from '../rating/charge-pricing.js';

/** A version that was active once, with when it first was. */
export interface ContractInUse {
  contract: Contract;
  status: ContractStatus;
  activatedAt: Date;
}

/**
 * The terms that hold for a customer in one period, as charges: a minimum and a cap in each, a commitment in the period in which it ends.
 * Of the versions of a contract that were in force in it, those that are active count before those that were retired, and then the newest:
 * one contract has one minimum a period, however often it was changed in it.
 */
export function termCharges(organizationId: string, customerId: string, period: Period, versions: readonly ContractInUse[]): TermCharge[] {
  const inUse = versions.filter(({ contract, activatedAt }) => contract.customer.id === customerId && activatedAt < period.end && touches(contract, period));
  const byContract = Map.groupBy(inUse, ({ contract }) => contract.id);
  return [...byContract.values()].flatMap((ofContract) => {
    const [newest] = ofContract.toSorted((a, b) => Number(b.status === 'active') - Number(a.status === 'active') || b.contract.version - a.contract.version);
    return newest ? chargesOf(organizationId, newest.contract, period) : [];
  });
}

/** Whether a period of the contract costs something though nothing happens in it. */
export function isDueWithoutOutcomes({ terms }: Contract): boolean {
  return (terms.minimumMicros ?? 0n) > 0n || terms.commitment !== null;
}

/** The periods in which a contract has been in use up to `now`, the running one included: those that have to be closed, whether anything was booked or not. */
export function periodsInUse({ contract, activatedAt }: ContractInUse, now: Date): Period[] {
  const { effectiveFrom, effectiveUntil, timeZone } = contract;
  const periods: Period[] = [];
  for (let period = periodOf(activatedAt, timeZone); period.start <= now; period = periodOf(period.end, timeZone)) {
    if (effectiveUntil !== null && dayIn(timeZone, period.start) >= effectiveUntil) break;
    if (effectiveFrom === null || dayIn(timeZone, lastInstant(period)) >= effectiveFrom) periods.push(period);
  }
  return periods;
}

function chargesOf(organizationId: string, contract: Contract, period: Period): TermCharge[] {
  const { minimumMicros, capMicros, commitment } = contract.terms;
  const key = { organizationId, customerId: contract.customer.id, contractId: contract.id, period, currency: contract.currency };
  const term = (kind: 'minimum' | 'cap' | 'commitment', pricing: TermJson) => termCharge({ ...key, pricing }, kind);
  return [
    ...(minimumMicros === null ? [] : [term('minimum', { amountMicros: minimumMicros.toString() })]),
    ...(capMicros === null ? [] : [term('cap', { amountMicros: capMicros.toString() })]),
    ...(commitment && isLastOf(contract, period) ? [term('commitment', { amountMicros: commitment.amountMicros.toString(), months: commitment.months, from: firstPeriod(contract).start.toISOString() })] : []),
  ];
}

// A commitment begins on the first of a month: the contract is refused otherwise.
function firstPeriod({ effectiveFrom, timeZone }: Contract): Period {
  return parsePeriod((effectiveFrom ?? '').slice(0, 7), timeZone);
}

function isLastOf(contract: Contract, period: Period): boolean {
  const { commitment } = contract.terms;
  return commitment !== null && monthNumber(period) === monthNumber(firstPeriod(contract)) + commitment.months - 1;
}

function monthNumber(period: Period): number {
  const [year, month] = periodLabel(period).split('-').map(Number);
  return (year ?? 0) * 12 + (month ?? 0);
}

/** Whether a day of the period is one that the contract covers. */
function touches({ timeZone, effectiveFrom, effectiveUntil }: Contract, period: Period): boolean {
  return (effectiveFrom === null || dayIn(timeZone, lastInstant(period)) >= effectiveFrom) && (effectiveUntil === null || dayIn(timeZone, period.start) < effectiveUntil);
}
