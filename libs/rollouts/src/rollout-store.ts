import { Injectable } from '@nestjs/common';
import { assertInvariant, canonicalJson, changedFields, Clock, DomainError, Postgres, randomId, type Audit, type Database, type Tx } from '#platform';
import type { FlagValue, Rollout, RolloutDefinition } from './rollout-definition.js';
import { writeRollout } from './rollout-definition.js';

export interface PutRollout {
  kind: 'created' | 'changed' | 'unchanged';
  rollout: Rollout;
}

/** Rollouts and their variants, and every change to them in the append-only `rollout_events`. */
@Injectable()
export class RolloutStore {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the rollout what the definition says. The salt of the first time is kept for ever, so a second put re-randomises nobody; a put
   * that changes nothing writes nothing. `changedBy` is the id of the key that asked, for the record.
   */
  async put(organizationId: string, definition: RolloutDefinition, changedBy: string, audit?: Audit): Promise<PutRollout> {
    const subject = { kind: 'rollout', id: definition.flagKey };
    return this.db.transaction().execute(async (tx) => {
      const isNew = await this.#insert(tx, organizationId, definition);
      if (isNew) {
        await this.#replaceVariants(tx, organizationId, definition);
        await this.#record(tx, organizationId, definition.flagKey, 'created', { to: writeRollout(definition), changedBy });
        const rollout = await this.#read(tx, organizationId, definition.flagKey);
        await audit?.record(tx, { organizationId, action: 'rollout.created', subject, after: writeRollout(definition) });
        return { kind: 'created', rollout };
      }
      await lock(tx, organizationId, definition.flagKey);
      const before = await this.#read(tx, organizationId, definition.flagKey);
      const from = writeRollout(before);
      const to = writeRollout(definition);
      if (canonicalJson(from) === canonicalJson(to)) return { kind: 'unchanged', rollout: before };
      await this.#update(tx, organizationId, definition);
      await this.#replaceVariants(tx, organizationId, definition);
      await this.#record(tx, organizationId, definition.flagKey, 'changed', { from, to, changedBy });
      const rollout = await this.#read(tx, organizationId, definition.flagKey);
      await audit?.record(tx, { organizationId, action: 'rollout.changed', subject, ...changedFields(from, to) });
      return { kind: 'changed', rollout };
    });
  }

  /** @throws DomainError `rollout_not_found` */
  async get(organizationId: string, flagKey: string): Promise<Rollout> {
    const row = await select(this.db, organizationId).where('rollouts.flagKey', '=', flagKey).executeTakeFirst();
    if (row) return rolloutOf(row);
    throw new DomainError({ kind: 'not_found', code: 'rollout_not_found', message: `There is no rollout with the flag key "${flagKey}"` });
  }

  /** All rollouts of an organization, by flag key. */
  async list(organizationId: string): Promise<Rollout[]> {
    const rows = await select(this.db, organizationId).orderBy('rollouts.flagKey').execute();
    return rows.map(rolloutOf);
  }

  async #read(tx: Tx, organizationId: string, flagKey: string): Promise<Rollout> {
    const row = await select(tx, organizationId).where('rollouts.flagKey', '=', flagKey).executeTakeFirst();
    assertInvariant(row !== undefined, `rollout ${flagKey} has both its variants`);
    return rolloutOf(row);
  }

  async #insert(tx: Tx, organizationId: string, definition: RolloutDefinition): Promise<boolean> {
    const inserted = await tx
      .insertInto('rollouts')
      .values({ organizationId, flagKey: definition.flagKey, salt: randomId('salt'), ...this.#columns(definition) })
      .onConflict((conflict) => conflict.columns(['organizationId', 'flagKey']).doNothing())
      .returning('flagKey')
      .executeTakeFirst();
    return inserted !== undefined;
  }

  async #update(tx: Tx, organizationId: string, definition: RolloutDefinition): Promise<void> {
    await tx
      .updateTable('rollouts')
      .set(this.#columns(definition))
      .where('organizationId', '=', organizationId)
      .where('flagKey', '=', definition.flagKey)
      .execute();
  }

  async #replaceVariants(tx: Tx, organizationId: string, { flagKey, base, candidate }: RolloutDefinition): Promise<void> {
    await tx.deleteFrom('variants').where('organizationId', '=', organizationId).where('flagKey', '=', flagKey).execute();
    await tx
      .insertInto('variants')
      .values([base, candidate].map(({ name, value }) => ({ organizationId, flagKey, name, value: JSON.stringify(value) })))
      .execute();
  }

  async #record(tx: Tx, organizationId: string, flagKey: string, kind: PutRollout['kind'], detail: object): Promise<void> {
    await tx
      .insertInto('rolloutEvents')
      .values({ organizationId, flagKey, kind, detail: JSON.stringify(detail), happenedAt: this.clock.now() })
      .execute();
  }

  #columns({ agent, task, base, candidate, exposureBp, isEnabled }: RolloutDefinition) {
    return { agent, task, base: base.name, candidate: candidate.name, exposureBp, isEnabled, updatedAt: this.clock.now() };
  }
}

// A statement of its own: a locking read that also joins the variants would see them as they were before it waited.
async function lock(tx: Tx, organizationId: string, flagKey: string): Promise<void> {
  await tx.selectFrom('rollouts').select('flagKey').where('organizationId', '=', organizationId).where('flagKey', '=', flagKey).forUpdate().execute();
}

function select(db: Database | Tx, organizationId: string) {
  return db
    .selectFrom('rollouts')
    .innerJoin('variants as b', (join) =>
      join.onRef('b.organizationId', '=', 'rollouts.organizationId').onRef('b.flagKey', '=', 'rollouts.flagKey').onRef('b.name', '=', 'rollouts.base'),
    )
    .innerJoin('variants as c', (join) =>
      join.onRef('c.organizationId', '=', 'rollouts.organizationId').onRef('c.flagKey', '=', 'rollouts.flagKey').onRef('c.name', '=', 'rollouts.candidate'),
    )
    .selectAll('rollouts')
    .select(['b.value as baseValue', 'c.value as candidateValue'])
    .where('rollouts.organizationId', '=', organizationId);
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function rolloutOf(row: Row): Rollout {
  return {
    flagKey: row.flagKey,
    salt: row.salt,
    agent: row.agent,
    task: row.task,
    base: { name: row.base, value: row.baseValue as FlagValue },
    candidate: { name: row.candidate, value: row.candidateValue as FlagValue },
    exposureBp: row.exposureBp,
    isEnabled: row.isEnabled,
    updatedAt: row.updatedAt,
  };
}
