import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Clock, DomainError, Postgres, type Audit, type Tx } from '#platform';
import { subjectOf } from '../contract-changes.js';
import { ContractStore, type ContractVersion } from '../contract-store.js';
import type { EvidenceGrade, ExplainedExpression } from '../decision.js';
import type { Contract } from '../read-contract.js';
import type { ReplayWindow, ReplayedOutcome } from './replay-conversation.js';

/** What the shadow contracts of an organization make of one conversation. */
export interface ShadowedConversation {
  contract: Contract;
  conversationId: string;
  outcomes: readonly ReplayedOutcome[];
}

// PostgreSQL takes 65,535 parameters in a statement, and a row has 20.
const ROWS_PER_STATEMENT = 1000;

/** Contracts that decide beside the active ones, and what they would decide. */
@Injectable()
export class ShadowStore {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
    private readonly contracts: ContractStore,
  ) {}

  /** Lets a version, a draft too, decide in the shadow from now on, or no longer. Safe to repeat. @throws DomainError `contract_not_found` */
  async set(organizationId: string, { id, version }: ContractVersion, isOn: boolean, audit?: Audit): Promise<{ shadowSince: Date | null }> {
    return this.db.transaction().execute(async (tx) => {
      const held = await tx.selectFrom('contracts').select('shadowSince').where('organizationId', '=', organizationId).where('id', '=', id).where('version', '=', version).forUpdate().executeTakeFirst();
      if (!held) throw new DomainError({ kind: 'not_found', code: 'contract_not_found', message: `There is no version ${version} of contract ${id}: apply it first` });
      if (isOn === (held.shadowSince !== null)) return held;
      const now = { shadowSince: isOn ? this.clock.now() : null };
      await tx.updateTable('contracts').set(now).where('organizationId', '=', organizationId).where('id', '=', id).where('version', '=', version).execute();
      await audit?.record(tx, { organizationId, action: isOn ? 'contract.shadow_started' : 'contract.shadow_stopped', subject: subjectOf({ id, version }), before: held, after: now });
      return now;
    });
  }

  /** The versions that decide in the shadow, compiled. */
  async contractsOf(organizationId: string): Promise<Contract[]> {
    const rows = await this.db.selectFrom('contracts').select(['id', 'version']).where('organizationId', '=', organizationId).where('shadowSince', 'is not', null).orderBy('id').orderBy('version').execute();
    return Promise.all(rows.map(async ({ id, version }) => (await this.contracts.read(organizationId, id, version)).contract));
  }

  /** Puts what is decided now in the place of what was. */
  async replace(tx: Tx, organizationId: string, shadowed: readonly ShadowedConversation[]): Promise<void> {
    const now = this.clock.now();
    for (const [contract, conversations] of Map.groupBy(shadowed, ({ contract: one }) => one)) {
      await tx
        .deleteFrom('shadowOutcomes')
        .where('organizationId', '=', organizationId)
        .where('contractId', '=', contract.id)
        .where('contractVersion', '=', contract.version)
        .where('conversationId', 'in', conversations.map(({ conversationId }) => conversationId))
        .execute();
      const rows = conversations.flatMap(({ outcomes }) => outcomes.map((outcome) => rowOf(organizationId, contract, outcome, now)));
      for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) await tx.insertInto('shadowOutcomes').values(rows.slice(from, from + ROWS_PER_STATEMENT)).execute();
    }
  }

  /** Conversations with an episode that ended in the window and that this text of the contract decided, after `after`, by id. */
  async conversations(organizationId: string, { id, version, sourceSha256 }: Contract, { from, to }: ReplayWindow, after: string, limit: number): Promise<string[]> {
    const rows = await this.#outcomes(organizationId, id, version, sourceSha256)
      .select('conversationId')
      .distinct()
      .where('episodeEndedAt', '>=', from)
      .where('episodeEndedAt', '<', to)
      .where('conversationId', '>', after)
      .orderBy('conversationId')
      .limit(limit)
      .execute();
    return rows.map(({ conversationId }) => conversationId);
  }

  async read(organizationId: string, contract: Contract, conversationIds: readonly string[], { from, to }: ReplayWindow): Promise<ReplayedOutcome[]> {
    if (conversationIds.length === 0) return [];
    const rows = await this.#outcomes(organizationId, contract.id, contract.version, contract.sourceSha256)
      .selectAll()
      .where('episodeEndedAt', '>=', from)
      .where('episodeEndedAt', '<', to)
      .where('conversationId', '=', sql<string>`any(${[...conversationIds]})`)
      .orderBy('conversationId')
      .orderBy('episode')
      .orderBy('addition')
      .execute();
    return rows.map((row) => ({ ...row, grade: row.grade as EvidenceGrade | null, explanation: row.explanation as unknown as ExplainedExpression[], contract }));
  }

  #outcomes(organizationId: string, id: string, version: number, sourceSha256: string) {
    return this.db.selectFrom('shadowOutcomes').where('organizationId', '=', organizationId).where('contractId', '=', id).where('contractVersion', '=', version).where('sourceSha256', '=', sourceSha256);
  }
}

function rowOf(organizationId: string, { id, version, sourceSha256 }: Contract, outcome: ReplayedOutcome, decidedAt: Date) {
  const { contract: _contract, explanation, ...columns } = outcome;
  return { organizationId, contractId: id, contractVersion: version, sourceSha256, ...columns, explanation: JSON.stringify(explanation), decidedAt };
}
