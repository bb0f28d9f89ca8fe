import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Postgres, type Tx } from '#platform';
import { decisionOf } from '../decision-row.js';
import type { Decision, EvidenceGrade } from '../decision.js';
import type { Adjudication, Draw, Label, ReviewItem, ReviewReason, ReviewWhy } from './review.js';

export interface NewReason {
  decisionId: string;
  why: ReviewWhy;
  note: string;
  draw: Draw | null;
  assignedTo: string | null;
}

const DECISION_COLUMNS = [
  ...(['id', 'conversationId', 'episode', 'addition', 'revision', 'contractId', 'contractVersion', 'customerId', 'agent', 'locale', 'outcome', 'isBillable', 'reason', 'grade', 'decidedAt'] as const),
];
// PostgreSQL takes 65,535 parameters in a statement, and a reason has 10.
const ROWS_PER_STATEMENT = 5000;

/** What is up for review and what was said of it. All of it only grows, but for whose turn it is. */
@Injectable()
export class ReviewStore {
  constructor(private readonly db: Postgres) {}

  /** Lets one transaction of an organization at a time change its review, until it ends: who labels decides on what was labelled before. */
  async serialize(tx: Tx, organizationId: string): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`review:${organizationId}`}, 0))`.execute(tx);
  }

  /** Puts decisions up for review. One that is up already gets the reason beside those it has; the same reason again changes nothing. */
  async add(tx: Tx, organizationId: string, reasons: readonly NewReason[], addedBy: string, addedAt: Date): Promise<{ reasons: number }> {
    let added = 0;
    for (let from = 0; from < reasons.length; from += ROWS_PER_STATEMENT) {
      const batch = reasons.slice(from, from + ROWS_PER_STATEMENT);
      const items = batch.map(({ decisionId, assignedTo }) => ({ organizationId, decisionId, addedAt, assignedTo }));
      const rows = batch.map(({ decisionId, why, note, draw }) => ({
        ...{ organizationId, decisionId, why, note, addedAt, addedBy },
        ...(draw && { period: draw.period, seed: draw.seed, stratumSize: draw.stratumSize, stratumDrawn: draw.stratumDrawn }),
      }));
      await tx.insertInto('reviewItems').values(items).onConflict((conflict) => conflict.doNothing()).execute();
      const { numInsertedOrUpdatedRows: fresh } = await tx.insertInto('reviewReasons').values(rows).onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow();
      added += Number(fresh);
    }
    return { reasons: added };
  }

  /** @param assignedTo null for everybody */
  async assign(tx: Tx, organizationId: string, decisionId: string, assignedTo: string | null): Promise<void> {
    await tx.updateTable('reviewItems').set({ assignedTo }).where('organizationId', '=', organizationId).where('decisionId', '=', decisionId).execute();
  }

  /**
   * Everything up for review, or one decision, in the order in which it is labelled: the oldest first, and what came together in no order of
   * what it is. All at once, because a queue says how far it is: what people label one by one is thousands, not millions.
   */
  async items(db: Pick<Tx, 'selectFrom'>, organizationId: string, decisionId?: string): Promise<ReviewItem[]> {
    const only = decisionId === undefined ? [] : [decisionId];
    const [items, reasons, labels, adjudications] = [
      await db
        .selectFrom('reviewItems')
        .innerJoin('outcomeDecisions as decision', (join) => join.onRef('decision.id', '=', 'reviewItems.decisionId').onRef('decision.organizationId', '=', 'reviewItems.organizationId'))
        .select(DECISION_COLUMNS.map((column) => `decision.${column}` as const))
        .select(['reviewItems.addedAt', 'reviewItems.assignedTo'])
        .select((eb) =>
          eb
            .not(
              eb.exists(
                eb
                  .selectFrom('outcomeDecisions as later')
                  .select('later.id')
                  .whereRef('later.organizationId', '=', 'decision.organizationId')
                  .whereRef('later.conversationId', '=', 'decision.conversationId')
                  .whereRef('later.episode', '=', 'decision.episode')
                  .whereRef('later.addition', '=', 'decision.addition')
                  .whereRef('later.revision', '>', 'decision.revision'),
              ),
            )
            .as('isStanding'),
        )
        .where('reviewItems.organizationId', '=', organizationId)
        .$if(decisionId !== undefined, (query) => query.where('reviewItems.decisionId', 'in', only))
        .orderBy('reviewItems.addedAt')
        .orderBy(sql`sha256(convert_to(decision.id, 'UTF8'))`)
        .execute(),
      await db.selectFrom('reviewReasons').selectAll().where('organizationId', '=', organizationId).$if(decisionId !== undefined, (query) => query.where('decisionId', 'in', only)).orderBy('addedAt').orderBy('why').execute(),
      await db.selectFrom('labels').selectAll().where('organizationId', '=', organizationId).$if(decisionId !== undefined, (query) => query.where('decisionId', 'in', only)).orderBy('sequence').execute(),
      await db.selectFrom('adjudications').selectAll().where('organizationId', '=', organizationId).$if(decisionId !== undefined, (query) => query.where('decisionId', 'in', only)).orderBy('sequence').execute(),
    ];
    const [reasonsOf, labelsOf, adjudicationsOf] = [Map.groupBy(reasons.map(reasonOf), byDecision), Map.groupBy(labels.map(labelOf), byDecision), Map.groupBy(adjudications.map(adjudicationOf), byDecision)];
    return items.map(({ addedAt, assignedTo, isStanding, grade, ...decision }) => ({
      decision: { ...decision, grade: grade as EvidenceGrade | null },
      isStanding: Boolean(isStanding),
      addedAt,
      assignedTo,
      reasons: (reasonsOf.get(decision.id) ?? []).map(({ decisionId: _of, ...reason }) => reason),
      labels: labelsOf.get(decision.id) ?? [],
      adjudications: adjudicationsOf.get(decision.id) ?? [],
    }));
  }

  /** A decision with all that it rests on; undefined where the organization has none of that id. */
  async decision(db: Pick<Tx, 'selectFrom'>, organizationId: string, decisionId: string): Promise<Decision | undefined> {
    const row = await db.selectFrom('outcomeDecisions').selectAll().where('organizationId', '=', organizationId).where('id', '=', decisionId).executeTakeFirst();
    return row && decisionOf(row);
  }

  async addLabel(tx: Tx, organizationId: string, label: Omit<Label, 'sequence'>, keyId: string): Promise<void> {
    await tx.insertInto('labels').values({ organizationId, keyId, ...label }).execute();
  }

  async addAdjudication(tx: Tx, organizationId: string, adjudication: Adjudication, keyId: string): Promise<void> {
    await tx.insertInto('adjudications').values({ organizationId, keyId, ...adjudication }).execute();
  }

  /** What a labeller labelled last and did not take back. */
  async lastLabel(organizationId: string, labeller: string): Promise<Label | undefined> {
    const row = await this.db
      .with('last', (db) =>
        db
          .selectFrom('labels')
          .selectAll()
          .distinctOn(['decisionId', 'question'])
          .where('organizationId', '=', organizationId)
          .where('labeller', '=', labeller)
          .orderBy('decisionId')
          .orderBy('question')
          .orderBy('sequence', 'desc'),
      )
      .selectFrom('last')
      .selectAll()
      .where('answer', 'is not', null)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && labelOf(row);
  }
}

const byDecision = ({ decisionId }: { decisionId: string }) => decisionId;

interface ReasonRow extends Omit<ReviewReason, 'why' | 'draw'> {
  decisionId: string;
  why: string;
  period: string | null;
  seed: string | null;
  stratumSize: number | null;
  stratumDrawn: number | null;
}

function reasonOf({ decisionId, why, note, addedAt, addedBy, period, seed, stratumSize, stratumDrawn }: ReasonRow): ReviewReason & { decisionId: string } {
  const draw = period === null || seed === null || stratumSize === null || stratumDrawn === null ? null : { period, seed, stratumSize, stratumDrawn };
  return { decisionId, why: why as ReviewWhy, note, addedAt, addedBy, draw };
}

function labelOf({ sequence, decisionId, question, answer, labeller, note, sawOthers, labelledAt }: Label): Label {
  return { sequence, decisionId, question, answer, labeller, note, sawOthers, labelledAt };
}

function adjudicationOf({ decisionId, question, answer, reason, adjudicator, adjudicatedAt }: Adjudication): Adjudication {
  return { decisionId, question, answer, reason, adjudicator, adjudicatedAt };
}
