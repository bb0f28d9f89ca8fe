import { formatMicros, type Micros } from '#platform';
import { ratePeriod, type PeriodCount, type RatedPeriod } from '../rating/rate-period.js';
import type { Contract } from '../read-contract.js';
import type { ReplayedOutcome } from './replay-conversation.js';

/** What the outcomes of a month come to. Amounts are decimal strings in the currency of the contract. */
export interface MonthMoney {
  month: string;
  count: number;
  outcomes: string;
  topUp: string;
  cap: string;
  total: string;
}

/** Adds outcomes up by contract and month, and prices them as a period is priced. Holds a count for each price, however many there are. */
export class RatedMoney {
  readonly #months = new Map<string, { contract: Contract; month: string; counts: Map<string, PeriodCount> }>();

  add({ contract, month, isBillable, outcome, grade, quantityMicros }: ReplayedOutcome): void {
    // A month in which nothing was billable costs the minimum all the same.
    const isCounted = isBillable && grade !== null;
    if (!contract || (!isCounted && contract.terms.minimumMicros === null)) return;
    const key = `${contract.id} ${contract.version} ${month}`;
    const ofMonth = this.#months.get(key) ?? { contract, month, counts: new Map<string, PeriodCount>() };
    this.#months.set(key, ofMonth);
    if (!isCounted) return;
    const line = `${outcome} ${grade}`;
    const counted = ofMonth.counts.get(line) ?? { outcome, grade, count: 0, quantity: 0n };
    ofMonth.counts.set(line, { ...counted, count: counted.count + 1, quantity: counted.quantity + quantityMicros });
  }

  get totalMicros(): Micros {
    return this.#rated().reduce((sum, { rated }) => sum + rated.totalMicros, 0n);
  }

  byMonth(): MonthMoney[] {
    const byMonth = [...Map.groupBy(this.#rated(), ({ month }) => month)].sort(([a], [b]) => (a < b ? -1 : 1));
    return byMonth.map(([month, periods]) => {
      const sum = (read: (rated: RatedPeriod) => Micros) => formatMicros(periods.reduce((total, { rated }) => total + read(rated), 0n));
      const count = periods.flatMap(({ rated }) => rated.lines).reduce((total, line) => total + line.count, 0);
      return { month, count, outcomes: sum((rated) => rated.outcomesMicros), topUp: sum((rated) => rated.topUpMicros), cap: sum((rated) => rated.capMicros), total: sum((rated) => rated.totalMicros) };
    });
  }

  #rated(): { month: string; rated: RatedPeriod }[] {
    return [...this.#months.values()].map(({ contract, month, counts }) => ({ month, rated: ratePeriod(contract, [...counts.values()]) }));
  }
}
