import { Injectable } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import { Clock } from '../clock.js';
import type { AuditLog as AuditLogTable } from '../postgres/database.js';
import { Postgres, type Database, type Tx } from '../postgres/open-postgres.js';
import { AUDIT_BEGINNING, auditValue, hashAuditEntry, type Actor, type ActorKind, type AuditEntry, type AuditHead, type AuditSubject, type AuditValue } from './audit-entry.js';

/*
 * Who did what, when and why, chained by hashes (docs/audit.md).
 *
 * An entry is written in the transaction of what it is about, so that neither is there without the other. One transaction of an organization
 * at a time writes, from its first entry to its end: the next then reads the head that this one left. A sequence of the database would not do,
 * because a transaction that is rolled back leaves a gap in it, and a gap must mean that something was removed.
 */

/** What was done. `before` and `after` hold what changed, for people to read: no secrets, and nothing that must be erased one day. */
export interface AuditChange {
  organizationId: string;
  /** Noun and participle, `contract.activated`. */
  action: string;
  subject: AuditSubject;
  before?: unknown;
  after?: unknown;
}

export interface AuditRecord extends AuditChange {
  actor: Actor;
  reason?: string | undefined;
}

/** Writes down what somebody does, in the transaction that does it. Given to whatever owns the transaction. */
export interface Audit {
  record(tx: Tx, change: AuditChange): Promise<void>;
}

export interface AuditQuery {
  /** Only later ones. */
  after?: number | undefined;
  limit: number;
  action?: string | undefined;
  /** Without an id every subject of the kind. */
  subject?: { kind: string; id?: string | undefined } | undefined;
}

const ENTRIES_PER_READ = 500;

@Injectable()
export class AuditLog {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
  ) {}

  /**
   * Call it last in the transaction, which reads committed data (the default): until that ends, nobody else of the organization writes here.
   * A transaction that locked rows after it could wait for one that waits for it.
   */
  async record(tx: Tx, { organizationId, actor, action, subject, reason, before, after }: AuditRecord): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`audit_log:${organizationId}`}, 0))`.execute(tx);
    const head = await headOf(tx, organizationId);
    const content = {
      organizationId,
      sequence: head.sequence + 1,
      at: this.clock.now().toISOString(),
      actor: { kind: actor.kind, id: actor.id.toWellFormed() },
      action,
      subject: { kind: subject.kind, id: subject.id.toWellFormed() },
      reason: reason?.toWellFormed() ?? null,
      before: auditValue(before),
      after: auditValue(after),
      previousSha256: head.sha256,
    };
    await tx.insertInto('auditLog').values(rowOf({ ...content, sha256: hashAuditEntry(content) })).execute();
  }

  /** For what owns its transaction: the same, for one actor and reason. */
  by(actor: Actor, reason?: string): Audit {
    return { record: (tx, change) => this.record(tx, { ...change, actor, reason }) };
  }

  /** In their order. */
  async list(organizationId: string, { after = 0, limit, action, subject }: AuditQuery): Promise<AuditEntry[]> {
    const rows = await this.db
      .selectFrom('auditLog')
      .selectAll()
      .where('organizationId', '=', organizationId)
      .where('sequence', '>', BigInt(after))
      .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
      .$if(subject !== undefined, (query) => query.where('subjectKind', '=', subject?.kind ?? ''))
      .$if(subject?.id !== undefined, (query) => query.where('subjectId', '=', subject?.id ?? ''))
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return rows.map(entryOf);
  }

  /** All entries up to one, read page by page: what is written meanwhile comes after it. */
  async *read(organizationId: string, through: number): AsyncGenerator<AuditEntry> {
    for (let after = 0; after < through; ) {
      const page = await this.list(organizationId, { after, limit: ENTRIES_PER_READ });
      for (const entry of page) {
        if (entry.sequence > through) return;
        yield entry;
      }
      const last = page.at(-1);
      if (!last) return;
      after = last.sequence;
    }
  }

  /** The latest entry's, to be written down where whoever could change the log cannot. */
  head(organizationId: string): Promise<AuditHead> {
    return headOf(this.db, organizationId);
  }
}

async function headOf(db: Database | Tx, organizationId: string): Promise<AuditHead> {
  const row = await db.selectFrom('auditLog').select(['sequence', 'sha256']).where('organizationId', '=', organizationId).orderBy('sequence', 'desc').limit(1).executeTakeFirst();
  return row ? { sequence: Number(row.sequence), sha256: row.sha256 } : AUDIT_BEGINNING;
}

function rowOf({ sequence, actor, subject, before, after, ...columns }: AuditEntry) {
  return {
    ...columns,
    ...{ sequence: BigInt(sequence), actorKind: actor.kind, actor: actor.id, subjectKind: subject.kind, subjectId: subject.id },
    ...{ before: jsonOf(before), after: jsonOf(after) },
  };
}

// Null is the column's, and not JSON's: one kind of nothing, so that both read back the same.
const jsonOf = (value: AuditValue) => (value === null ? null : JSON.stringify(value));

function entryOf(row: Selectable<AuditLogTable>): AuditEntry {
  const { organizationId, sequence, at, actorKind, actor, action, subjectKind, subjectId, reason, before, after, previousSha256, sha256 } = row;
  return {
    ...{ organizationId, sequence: Number(sequence), at: at.toISOString(), actor: { kind: actorKind as ActorKind, id: actor } },
    ...{ action, subject: { kind: subjectKind, id: subjectId }, reason, before: before as AuditValue, after: after as AuditValue, previousSha256, sha256 },
  };
}
