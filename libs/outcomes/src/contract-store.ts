import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Postgres, type Audit, type Tx } from '#platform';
import { contractActivated, contractApplied } from './contract-changes.js';
import { overlap, replaces } from './contract-for.js';
import { readContract, type Contract } from './read-contract.js';
import { isSignedOff } from './replay/sign-off.js';

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

/** Names one version of one contract. */
export interface ContractVersion {
  id: string;
  version: number;
}

/** Contracts and their versions. A version that was ever active never changes. */
@Injectable()
export class ContractStore {
  // Compiled once per text, whoever it belongs to.
  readonly #compiled = new Map<string, Contract>();

  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores a contract file as a draft. The same text again changes nothing.
   * @throws DomainError `invalid_contract`, `contract_version_immutable`, `contract_of_other_customer`
   */
  async apply(organizationId: string, source: string, fileName: string, audit?: Audit): Promise<{ contract: Contract; status: ContractStatus }> {
    const contract = readContract(source, fileName);
    const { id, version, customer, sourceSha256 } = contract;
    const now = this.clock.now();
    const status = await this.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('customers')
        .values({ organizationId, id: customer.id, name: customer.name, createdAt: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await this.#refuseOtherCustomer(tx, organizationId, contract);
      const row = { customerId: customer.id, source, sourceSha256 };
      const isNew = await tx
        .insertInto('contracts')
        .values({ organizationId, id, version, status: 'draft', createdAt: now, ...row })
        .onConflict((conflict) => conflict.columns(['organizationId', 'id', 'version']).doNothing())
        .returning('status')
        .executeTakeFirst();
      if (isNew) {
        await audit?.record(tx, contractApplied(organizationId, null, contract));
        return 'draft' as const;
      }
      // Held until the end, so that nobody activates the text that is replaced here.
      const held = await this.#versionOf(tx, organizationId, id, version, 'to be changed');
      if (held.sourceSha256 === sourceSha256) return held.status;
      if (held.status !== 'draft') {
        throw new DomainError({
          kind: 'conflict',
          code: 'contract_version_immutable',
          message: `Version ${version} of contract ${id} is ${held.status} and says something else: give the new text the next version`,
        });
      }
      await tx.updateTable('contracts').set(row).where('organizationId', '=', organizationId).where('id', '=', id).where('version', '=', version).execute();
      await audit?.record(tx, contractApplied(organizationId, { sourceSha256: held.sourceSha256, contract: this.#readable(held.source, id, version) }, contract));
      return 'draft' as const;
    });
    return { contract, status };
  }

  /**
   * Makes a version decide from now on. Versions that it leaves no day to decide are retired, and so are newer ones: who activates an older
   * version goes back to it. One that begins later, or ends before, stands beside the others, and on each day the newest that is in force
   * decides. Safe to repeat.
   * @param needsSignOff somebody must have signed off a replay of this text
   * @throws DomainError `contract_not_found`, `contract_overlaps`, `customer_time_zone_differs`, `sign_off_missing`
   */
  async activate(organizationId: string, id: string, version: number, { needsSignOff = false, audit }: { needsSignOff?: boolean; audit?: Audit } = {}): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      // Held until the end, so that nobody puts another text in its place after this one was looked at.
      const { source, sourceSha256, status } = await this.#versionOf(tx, organizationId, id, version, 'to be changed');
      const contract = this.#compile(source, sourceSha256, id, version);
      if (needsSignOff && !(await isSignedOff(tx, organizationId, { id, version, sourceSha256 }))) throw signOffMissing(contract);
      // One activation for a customer at a time, so that two cannot each find no overlap. What is active names the customer.
      await tx
        .updateTable('customers')
        .set({ name: contract.customer.name })
        .where('organizationId', '=', organizationId)
        .where('id', '=', contract.customer.id)
        .execute();
      await this.#refuseOverlap(tx, organizationId, contract);
      await this.#refuseOtherZone(tx, organizationId, contract);
      const ofContract = tx.updateTable('contracts').where('organizationId', '=', organizationId).where('id', '=', id);
      const others = await this.#read(tx, organizationId, (row) => row.status === 'active' && row.id === id && row.version !== version);
      const retired = others.filter((other) => other.version > version || replaces(contract, other)).map((other) => other.version);
      if (retired.length > 0) await ofContract.set({ status: 'retired' }).where('version', 'in', retired).execute();
      await ofContract
        .set((eb) => ({ status: 'active', activatedAt: eb.fn.coalesce('activatedAt', eb.val(this.clock.now())) }))
        .where('version', '=', version)
        .execute();
      if (status !== 'active' || retired.length > 0) await audit?.record(tx, contractActivated(organizationId, contract, status, others.map((other) => other.version), retired));
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

  /** One version, as it was applied. @throws DomainError `contract_not_found` */
  async read(organizationId: string, id: string, version: number): Promise<{ contract: Contract; status: ContractStatus }> {
    const { source, sourceSha256, status } = await this.#versionOf(this.db, organizationId, id, version);
    return { contract: this.#compile(source, sourceSha256, id, version), status };
  }

  /** The contracts that decide now, compiled. */
  async active(organizationId: string): Promise<Contract[]> {
    return this.#read(this.db, organizationId, (row) => row.status === 'active');
  }

  /** Versions by name, compiled, whatever their status. One that does not exist is left out. @param db the transaction of a caller who has one */
  async versions(organizationId: string, wanted: readonly ContractVersion[], db: Pick<Tx, 'selectFrom'> = this.db): Promise<Contract[]> {
    if (wanted.length === 0) return [];
    return this.#read(db, organizationId, (row) => wanted.some(({ id, version }) => id === row.id && version === row.version));
  }

  /** Every version that was ever active, with when it first was. */
  async everActive(organizationId: string, db: Pick<Tx, 'selectFrom'> = this.db): Promise<{ contract: Contract; status: ContractStatus; activatedAt: Date }[]> {
    const rows = await db
      .selectFrom('contracts')
      .select(['id', 'version', 'status', 'source', 'sourceSha256', 'activatedAt'])
      .where('organizationId', '=', organizationId)
      .where('activatedAt', 'is not', null)
      .orderBy('id')
      .orderBy('version')
      .execute();
    return rows.flatMap(({ activatedAt, status, source, sourceSha256, id, version }) =>
      activatedAt === null ? [] : [{ contract: this.#compile(source, sourceSha256, id, version), status: status as ContractStatus, activatedAt }],
    );
  }

  // Two calendars for one customer would put one hour into two statements, and into no or both of Stripe's sums that are compared with them.
  async #refuseOtherZone(tx: Tx, organizationId: string, contract: Contract): Promise<void> {
    const everActive = await this.#read(tx, organizationId, (row) => row.status !== 'draft');
    const other = everActive.find((one) => one.customer.id === contract.customer.id && one.timeZone !== contract.timeZone);
    if (!other) return;
    throw new DomainError({
      kind: 'conflict',
      code: 'customer_time_zone_differs',
      message: `${contract.customer.id} is billed by the calendar of ${other.timeZone} (contract ${other.id} version ${other.version}), and this version says ${contract.timeZone}: give it the same time_zone`,
    });
  }

  async #refuseOverlap(tx: Tx, organizationId: string, contract: Contract): Promise<void> {
    const others = await this.#read(tx, organizationId, (row) => row.status === 'active' && row.id !== contract.id);
    const other = others.find((one) => overlap(one, contract));
    if (!other) return;
    throw new DomainError({
      kind: 'conflict',
      code: 'contract_overlaps',
      message: `Contract ${other.id} version ${other.version} is active for the same customer, agent and time: end it with effective_until, or make this a version of it`,
    });
  }

  // Activating it would retire the terms of somebody else.
  async #refuseOtherCustomer(tx: Tx, organizationId: string, { id, customer }: Contract): Promise<void> {
    const other = await tx
      .selectFrom('contracts')
      .select('customerId')
      .where('organizationId', '=', organizationId)
      .where('id', '=', id)
      .where('customerId', '!=', customer.id)
      .limit(1)
      .executeTakeFirst();
    if (!other) return;
    throw new DomainError({
      kind: 'conflict',
      code: 'contract_of_other_customer',
      message: `Contract ${id} is with customer ${other.customerId}, not ${customer.id}: give the contract with ${customer.id} an id of its own`,
    });
  }

  async #versionOf(tx: Pick<Tx, 'selectFrom'>, organizationId: string, id: string, version: number, why: 'to be read' | 'to be changed' = 'to be read') {
    const row = await tx
      .selectFrom('contracts')
      .select(['status', 'source', 'sourceSha256'])
      .where('organizationId', '=', organizationId)
      .where('id', '=', id)
      .where('version', '=', version)
      .$if(why === 'to be changed', (query) => query.forUpdate())
      .executeTakeFirst();
    if (row) return { ...row, status: row.status as ContractStatus };
    throw new DomainError({ kind: 'not_found', code: 'contract_not_found', message: `There is no version ${version} of contract ${id}: apply it first` });
  }

  async #read(db: Pick<Tx, 'selectFrom'>, organizationId: string, isWanted: (row: ContractVersion & { status: string }) => boolean): Promise<Contract[]> {
    const rows = await db
      .selectFrom('contracts')
      .select(['id', 'version', 'status', 'source', 'sourceSha256'])
      .where('organizationId', '=', organizationId)
      .where('status', '!=', 'draft')
      .orderBy('id')
      .orderBy('version')
      .execute();
    return rows.filter(isWanted).map((row) => this.#compile(row.source, row.sourceSha256, row.id, row.version));
  }

  // A draft that was stored by an earlier version of us may be none by now, which must not keep it from being replaced.
  #readable(source: string, id: string, version: number): Contract | null {
    try {
      return readContract(source, `contract ${id} version ${version}`);
    } catch (error) {
      if (error instanceof DomainError) return null;
      throw error;
    }
  }

  #compile(source: string, sourceSha256: string, id: string, version: number): Contract {
    const contract = this.#compiled.get(sourceSha256) ?? readContract(source, `contract ${id} version ${version}`);
    this.#compiled.set(sourceSha256, contract);
    return contract;
  }
}

function signOffMissing({ id, version }: Contract): DomainError {
  return new DomainError({
    kind: 'conflict',
    code: 'sign_off_missing',
    message: `Nobody has signed off a replay of contract ${id} version ${version} as it is now (ACTIVATION_NEEDS_SIGN_OFF): astrolabe contracts replay ${id}@${version}, then astrolabe contracts sign-off`,
  });
}
