import { Injectable } from '@nestjs/common';
import { ContractStore, readContract, type StoredContract } from '#outcomes';
import { parsePeriod, periodLabel, type Period } from '#ledger';

/** Names the time zone of a booked period. A posting has the bounds of its period; the name of the zone is in the contract. */
@Injectable()
export class ContractZones {
  // A version that has booked anything never changes its text.
  readonly #zoneOfSource = new Map<string, string>();

  constructor(private readonly contracts: ContractStore) {}

  /** For each customer the zones of their contracts, those in force first. Drafts have booked nothing. */
  async read(organizationId: string): Promise<Map<string, string[]>> {
    const stored = (await this.contracts.list(organizationId)).filter(({ status }) => status !== 'draft');
    const zones = new Map<string, string[]>();
    for (const contract of [...stored.filter(isActive), ...stored.filter((one) => !isActive(one))]) {
      zones.set(contract.customerId, [...(zones.get(contract.customerId) ?? []), this.#zoneOf(contract)]);
    }
    return zones;
  }

  #zoneOf({ id, version, source }: StoredContract): string {
    const zone = this.#zoneOfSource.get(source) ?? readContract(source, `${id} version ${version}`).timeZone;
    this.#zoneOfSource.set(source, zone);
    return zone;
  }
}

const isActive = ({ status }: StoredContract): boolean => status === 'active';

/** The first of the zones, then UTC, whose month this is. Null where none of them fits. */
export function zoneOf(period: Period, zones: readonly string[]): string | null {
  return [...zones, 'UTC'].find((zone) => isSamePeriod(parsePeriod(periodLabel(period), zone), period)) ?? null;
}

export function isSamePeriod(a: Period, b: Period): boolean {
  return a.start.getTime() === b.start.getTime() && a.end.getTime() === b.end.getTime();
}
