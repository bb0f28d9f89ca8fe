import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Postgres } from '#platform';
import { readContract, type Contract } from './read-contract.js';

export type ContractStatus = 'draft' | 'active' | 'retired';

export interface StoredContract {
  id: string;
  version: number;
  customerId: string;
  status: ContractStatus;
  source: string;
  createdAt: Date;
  activatedAt: Date | null;
}

/** Contracts and their versions. A version that was ever active never changes. */
@Injectable()
export class ContractStore {
  // Compiled once per version: the text of an active version cannot change.
  readonly #compiled = new Map<string, Contract>();

  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores a contract file as a draft. The same text again changes nothing.
   * @throws DomainError `invalid_contract`, `contract_version_immutable`
   */
  async apply(organizationId: string, source: string, fileName: string): Promise<{ contract: Contract; status: ContractStatus }> {
    const contract = readContract(source, fileName);
    const now = this.clock.now();
    const status = await this.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('customers')
        .values({ organizationId, id: contract.customer.id, name: contract.customer.name, createdAt: now })
        .onConflict((conflict) => conflict.columns(['organizationId', 'id']).doUpdateSet({ name: contract.customer.name }))
        .execute();
      const held = await tx
        .selectFrom('contracts')
        .select(['status', 'sourceSha256'])
        .where('organizationId', '=', organizationId)
        .where('id', '=', contract.id)
        .where('version', '=', contract.version)
        .forUpdate()
        .executeTakeFirst();
      if (held?.sourceSha256 === contract.sourceSha256) return held.status as ContractStatus;
      if (held && held.status !== 'draft') {
        throw new DomainError({
          kind: 'conflict',
          code: 'contract_version_immutable',
          message: `Version ${contract.version} of contract ${contract.id} is ${held.status} and says something else: give the new text version ${contract.version + 1}`,
        });
      }
      const row = { customerId: contract.customer.id, source, sourceSha256: contract.sourceSha256 };
      await tx
        .insertInto('contracts')
        .values({ organizationId, id: contract.id, version: contract.version, status: 'draft', createdAt: now, ...row })
        .onConflict((conflict) => conflict.columns(['organizationId', 'id', 'version']).doUpdateSet(row))
        .execute();
      return 'draft' as const;
    });
    return { contract, status };
  }

  /** Makes a version the one that decides; the one before is retired. Safe to repeat. @throws DomainError `contract_not_found` */
  async activate(organizationId: string, id: string, version: number): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      const ofContract = tx.updateTable('contracts').where('organizationId', '=', organizationId).where('id', '=', id);
      await ofContract.set({ status: 'retired' }).where('status', '=', 'active').where('version', '!=', version).execute();
      const activated = await ofContract
        .set((eb) => ({ status: 'active', activatedAt: eb.fn.coalesce('activatedAt', eb.val(this.clock.now())) }))
        .where('version', '=', version)
        .returning('id')
        .executeTakeFirst();
      if (!activated) throw new DomainError({ kind: 'not_found', code: 'contract_not_found', message: `There is no version ${version} of contract ${id}: apply it first` });
    });
  }

  async list(organizationId: string): Promise<StoredContract[]> {
    const rows = await this.db
      .selectFrom('contracts')
      .select(['id', 'version', 'customerId', 'status', 'source', 'createdAt', 'activatedAt'])
      .where('organizationId', '=', organizationId)
      .orderBy('id')
      .orderBy('version', 'desc')
      .execute();
    return rows.map((row) => ({ ...row, status: row.status as ContractStatus }));
  }

  /** The contracts that decide now, compiled. */
  async active(organizationId: string): Promise<Contract[]> {
    const rows = await this.db.selectFrom('contracts').select(['source', 'sourceSha256']).where('organizationId', '=', organizationId).where('status', '=', 'active').orderBy('id').execute();
    return rows.map(({ source, sourceSha256 }) => {
      const contract = this.#compiled.get(sourceSha256) ?? readContract(source, 'contract');
      this.#compiled.set(sourceSha256, contract);
      return contract;
    });
  }
}
