import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Postgres, type Database, type Tx } from '#platform';

export interface PendingConversation {
  conversationId: string;
  lastActivityAt: Date;
  changedAt: Date;
  dueAt: Date;
}

/** The work list of the decision job: conversations with activity that no decision has seen. */
@Injectable()
export class PendingStore {
  constructor(private readonly db: Postgres) {}

  /** Adds conversations, or moves those that are there; none further than `waitMsMax` from the activity that brought it here. */
  async put(tx: Tx | Database, organizationId: string, rows: readonly PendingConversation[], waitMsMax: number): Promise<void> {
    if (rows.length === 0) return;
    const [ids, activeAt, changedAt, dueAt] = [rows.map((row) => row.conversationId), rows.map((row) => row.lastActivityAt), rows.map((row) => row.changedAt), rows.map((row) => row.dueAt)];
    await sql`
      INSERT INTO pending_conversations (organization_id, conversation_id, last_activity_at, changed_at, due_at, waiting_since)
      SELECT ${organizationId}, conversation_id, last_activity_at, changed_at, due_at, last_activity_at
      FROM unnest(${ids}::text[], ${activeAt}::timestamptz[], ${changedAt}::timestamptz[], ${dueAt}::timestamptz[]) AS changed (conversation_id, last_activity_at, changed_at, due_at)
      ON CONFLICT (organization_id, conversation_id) DO UPDATE SET
        last_activity_at = excluded.last_activity_at,
        changed_at = excluded.changed_at,
        due_at = least(excluded.due_at, pending_conversations.waiting_since + ${`${waitMsMax} milliseconds`}::interval)`.execute(tx);
  }

  async due(organizationId: string, now: Date, limit: number): Promise<PendingConversation[]> {
    return this.db
      .selectFrom('pendingConversations')
      .select(['conversationId', 'lastActivityAt', 'changedAt', 'dueAt'])
      .where('organizationId', '=', organizationId)
      .where('dueAt', '<=', now)
      .orderBy('dueAt')
      .orderBy('conversationId')
      .limit(limit)
      .execute();
  }

  async count(organizationId: string): Promise<number> {
    const { waiting } = await this.db
      .selectFrom('pendingConversations')
      .select((eb) => eb.fn.countAll<bigint>().as('waiting'))
      .where('organizationId', '=', organizationId)
      .executeTakeFirstOrThrow();
    return Number(waiting);
  }

  /** Takes decided conversations off the list, but for those that changed again after they were read. */
  async remove(tx: Tx, organizationId: string, rows: readonly PendingConversation[]): Promise<void> {
    if (rows.length === 0) return;
    const [ids, times] = [rows.map(({ conversationId }) => conversationId), rows.map(({ changedAt }) => changedAt)];
    await sql`
      DELETE FROM pending_conversations AS pending
      USING unnest(${ids}::text[], ${times}::timestamptz[]) AS decided (conversation_id, changed_at)
      WHERE pending.organization_id = ${organizationId} AND pending.conversation_id = decided.conversation_id AND pending.changed_at = decided.changed_at`.execute(tx);
  }

  /** Looks at a conversation again later, unless it changed again after it was read. */
  async postpone(tx: Tx, organizationId: string, { conversationId, changedAt }: PendingConversation, dueAt: Date): Promise<void> {
    await tx
      .updateTable('pendingConversations')
      .set({ dueAt })
      .where('organizationId', '=', organizationId)
      .where('conversationId', '=', conversationId)
      .where('changedAt', '=', changedAt)
      .execute();
  }
}
