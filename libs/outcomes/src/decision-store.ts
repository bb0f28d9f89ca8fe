import { Injectable } from '@nestjs/common';
import { Postgres, type Database, type Tx } from '#platform';
import type { OutcomeDecisionRow } from './decision-row.js';
import { decisionOf, rowOf } from './decision-row.js';
import type { Decision } from './decision.js';

export interface OutcomeCount {
  outcome: string;
  grade: string | null;
  isBillable: boolean;
  reason: string;
  count: number;
  amountMicros: bigint;
}

/** Decisions about episodes. Append-only: the highest revision of an episode stands. */
@Injectable()
export class DecisionStore {
  constructor(private readonly db: Postgres) {}

  /** Adds decisions; one that is there already (same id) is left as it is. Returns the ids that are new. */
  async insert(tx: Tx, decisions: readonly Decision[]): Promise<Set<string>> {
    if (decisions.length === 0) return new Set();
    const inserted = await tx
      .insertInto('outcomeDecisions')
      .values(decisions.map(rowOf))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute();
    return new Set(inserted.map((row) => row.id));
  }

  /** The decisions that stand for the given conversations. */
  async standing(organizationId: string, conversationIds: readonly string[], tx: Tx | Database = this.db): Promise<Decision[]> {
    if (conversationIds.length === 0) return [];
    const rows: OutcomeDecisionRow[] = await tx
      .selectFrom('outcomeDecisions')
      .selectAll()
      .distinctOn(['organizationId', 'conversationId', 'episode'])
      .where('organizationId', '=', organizationId)
      .where('conversationId', 'in', [...conversationIds])
      .orderBy('organizationId')
      .orderBy('conversationId')
      .orderBy('episode')
      .orderBy('revision', 'desc')
      .execute();
    return rows.map(decisionOf);
  }

  /** Every revision of every episode of one conversation, oldest first. */
  async historyOf(organizationId: string, conversationId: string): Promise<Decision[]> {
    const rows = await this.db
      .selectFrom('outcomeDecisions')
      .selectAll()
      .where('organizationId', '=', organizationId)
      .where('conversationId', '=', conversationId)
      .orderBy('episode')
      .orderBy('revision')
      .execute();
    return rows.map(decisionOf);
  }

  /** How many decisions stand, by outcome, grade, billable and reason. */
  async counts(organizationId: string): Promise<OutcomeCount[]> {
    const rows = await this.db
      .with('standing', (db) =>
        db
          .selectFrom('outcomeDecisions')
          .select(['outcome', 'grade', 'isBillable', 'reason', 'amountMicros'])
          .distinctOn(['organizationId', 'conversationId', 'episode'])
          .where('organizationId', '=', organizationId)
          .orderBy('organizationId')
          .orderBy('conversationId')
          .orderBy('episode')
          .orderBy('revision', 'desc'),
      )
      .selectFrom('standing')
      .select(['outcome', 'grade', 'isBillable', 'reason', (eb) => eb.fn.countAll<bigint>().as('count'), (eb) => eb.fn.sum<string>('amountMicros').as('amountMicros')])
      .groupBy(['outcome', 'grade', 'isBillable', 'reason'])
      .orderBy('isBillable', 'desc')
      .orderBy('outcome')
      .orderBy('grade')
      .orderBy('reason')
      .execute();
    return rows.map((row) => ({ ...row, count: Number(row.count), amountMicros: BigInt(row.amountMicros) }));
  }

  /** Decisions in the order in which they were made, after a position. */
  async after(organizationId: string, sequence: bigint, limit: number): Promise<{ sequence: bigint; decision: Decision }[]> {
    const rows = await this.db
      .selectFrom('outcomeDecisions')
      .selectAll()
      .where('organizationId', '=', organizationId)
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ sequence: row.sequence, decision: decisionOf(row) }));
  }
}
