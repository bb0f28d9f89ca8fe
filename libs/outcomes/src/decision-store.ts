import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Postgres, type Tx } from '#platform';
import type { OutcomeDecisionRow } from './decision-row.js';
import { decisionOf, rowOf } from './decision-row.js';
import { EPISODE_MERGED, type Decision } from './decision.js';

/** Episodes of customers that one variant answered. */
export interface VariantCount {
  /** Empty where no flag named one. */
  variant: string;
  billable: number;
  notBillable: number;
}

export interface OutcomeCount {
  outcome: string;
  grade: string | null;
  isBillable: boolean;
  reason: string;
  isTestTraffic: boolean;
  currency: string;
  count: number;
  amountMicros: bigint;
}

// PostgreSQL takes 65,535 parameters in a statement, and a decision has 35.
const ROWS_PER_STATEMENT = 1000;

/** Decisions about episodes. Append-only: the highest revision of an episode stands. */
@Injectable()
export class DecisionStore {
  constructor(private readonly db: Postgres) {}

  /**
   * Lets one transaction of an organization at a time decide, until it ends. Whoever reads by `sequence` relies on it: of two that wrote
   * at once, the one with the higher numbers could be seen first, and the other be passed over.
   */
  async serialize(tx: Tx, organizationId: string): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`outcome_decisions:${organizationId}`}, 0))`.execute(tx);
  }

  /** Adds decisions; one that is there already (same id) is left as it is. Returns the ids that are new. */
  async insert(tx: Tx, decisions: readonly Decision[]): Promise<Set<string>> {
    const inserted = new Set<string>();
    for (let from = 0; from < decisions.length; from += ROWS_PER_STATEMENT) {
      const rows = await tx
        .insertInto('outcomeDecisions')
        .values(decisions.slice(from, from + ROWS_PER_STATEMENT).map(rowOf))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id')
        .execute();
      for (const { id } of rows) inserted.add(id);
    }
    return inserted;
  }

  /** Which of the given conversations have a decision. */
  async decidedAmong(organizationId: string, conversationIds: readonly string[]): Promise<Set<string>> {
    if (conversationIds.length === 0) return new Set();
    const rows = await this.db
      .selectFrom(asked(organizationId, conversationIds))
      .select('asked.conversationId')
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('outcomeDecisions as decision')
            .select('decision.id')
            .whereRef('decision.organizationId', '=', 'asked.organizationId')
            .whereRef('decision.conversationId', '=', 'asked.conversationId'),
        ),
      )
      .execute();
    return new Set(rows.map((row) => row.conversationId));
  }

  /** The decisions that stand for the given conversations. */
  async standing(organizationId: string, conversationIds: readonly string[]): Promise<Decision[]> {
    if (conversationIds.length === 0) return [];
    const rows: OutcomeDecisionRow[] = await this.db
      .selectFrom(asked(organizationId, conversationIds))
      .crossJoinLateral((db) =>
        db
          .selectFrom('outcomeDecisions as decision')
          .selectAll('decision')
          .distinctOn(['decision.episode', 'decision.addition'])
          .whereRef('decision.organizationId', '=', 'asked.organizationId')
          .whereRef('decision.conversationId', '=', 'asked.conversationId')
          .orderBy('decision.episode')
          .orderBy('decision.addition')
          .orderBy('decision.revision', 'desc')
          .as('standing'),
      )
      .selectAll('standing')
      .orderBy('standing.conversationId')
      .orderBy('standing.episode')
      .orderBy('standing.addition')
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
      .orderBy('addition')
      .orderBy('revision')
      .execute();
    return rows.map(decisionOf);
  }

  /** Decisions by id, in no order. One that does not exist is left out. */
  async withIds(organizationId: string, ids: readonly string[]): Promise<Decision[]> {
    if (ids.length === 0) return [];
    const rows = await this.db
      .selectFrom('outcomeDecisions')
      .selectAll()
      .where('organizationId', '=', organizationId)
      .where((eb) => eb('id', '=', eb.fn.any(eb.val(ids))))
      .execute();
    return rows.map(decisionOf);
  }

  /** How many decisions stand, by outcome, grade, billable, reason, test traffic and currency. Merged episodes are no episodes. */
  async counts(organizationId: string): Promise<OutcomeCount[]> {
    const rows = await this.#standingOf(organizationId)
      .select(['outcome', 'grade', 'isBillable', 'reason', 'isTestTraffic', 'currency', (eb) => eb.fn.countAll<bigint>().as('count'), (eb) => eb.fn.sum<string>('amountMicros').as('amountMicros')])
      .groupBy(['outcome', 'grade', 'isBillable', 'reason', 'isTestTraffic', 'currency'])
      .orderBy('isBillable', 'desc')
      .orderBy('outcome')
      .orderBy('grade')
      .orderBy('reason')
      .orderBy('currency')
      .execute();
    return rows.map((row) => ({ ...row, count: Number(row.count), amountMicros: BigInt(row.amountMicros) }));
  }

  /** Episodes by variant, without test traffic, and of how many at least one outcome is billed: what tells a canary from its base. */
  async variantCounts(organizationId: string): Promise<VariantCount[]> {
    const episodes = this.#standingOf(organizationId)
      .where('isTestTraffic', '=', false)
      .select(['conversationId', 'episode', (eb) => eb.fn.max('variant').as('variant'), (eb) => eb.fn<boolean>('bool_or', ['isBillable']).as('isBillable')])
      .groupBy(['conversationId', 'episode']);
    const rows = await this.db
      .selectFrom(episodes.as('episodes'))
      .select(['variant', (eb) => eb.fn.countAll<bigint>().filterWhere('isBillable', '=', true).as('billable'), (eb) => eb.fn.countAll<bigint>().as('all')])
      .groupBy('variant')
      .orderBy('variant')
      .execute();
    return rows.map(({ variant, billable, all }) => ({ variant, billable: Number(billable), notBillable: Number(all - billable) }));
  }

  #standingOf(organizationId: string) {
    return this.db
      .with('standing', (db) =>
        db
          .selectFrom('outcomeDecisions')
          .select(['conversationId', 'episode', 'outcome', 'grade', 'variant', 'addition', 'isBillable', 'reason', 'isTestTraffic', 'currency', 'amountMicros'])
          .distinctOn(['organizationId', 'conversationId', 'episode', 'addition'])
          .where('organizationId', '=', organizationId)
          .orderBy('organizationId')
          .orderBy('conversationId')
          .orderBy('episode')
          .orderBy('addition')
          .orderBy('revision', 'desc'),
      )
      .selectFrom('standing')
      .where('reason', '!=', EPISODE_MERGED)
      // An outcome beside another that is no longer reached is nothing to count.
      .where((eb) => eb.or([eb('addition', '=', ''), eb('isBillable', '=', true)]));
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

/**
 * The conversations as rows to be joined, so that each is looked up by itself, by the unique index of decisions by episode. Of a list in a
 * condition, or of an organization by name, a planner with statistics of a minute ago believes what was true then: that it is most of the
 * table, or that an organization that has just begun has next to nothing, and reads all of it.
 */
function asked(organizationId: string, conversationIds: readonly string[]) {
  const organizationIds = conversationIds.map(() => organizationId);
  return sql<{ organizationId: string; conversationId: string }>`unnest(${organizationIds}::text[], ${[...conversationIds]}::text[])`.as<'asked'>(sql`asked (organization_id, conversation_id)`);
}
