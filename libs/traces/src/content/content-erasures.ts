import { Injectable } from '@nestjs/common';
import { ClickHouse, Clock, Postgres, randomId } from '#platform';
import { countContentsQuery, eraseContentsQuery, type ContentCountRow } from '../queries/erase-contents.query.js';
import { conversationTracesQuery, endUserTracesQuery, type TraceToEraseRow } from '../queries/traces-to-erase.query.js';

/*
 * Erasing what one end user or one conversation said. Message bodies alone are deleted: spans, signals, decisions and money stay, and with
 * them every hash that evidence rests on, because no hash covers a body.
 *
 * Safe to repeat. An erasure is written down before anything is deleted, so that a crash leaves it to the job; and it is carried out again
 * for a month, because what was said before it may be loaded after it: from a spool, or from a sender that was away.
 */

const REPEATED_FOR_MS = 30 * 24 * 3_600_000;
// A query's parameters travel in its address or its text.
const TRACES_A_QUERY = 5000;

export type ErasureSubject = { conversationId: string } | { endUserId: string };

export interface Erasure {
  id: string;
  conversationId: string | null;
  endUserId: string | null;
  requestedAt: Date;
  requestedBy: string;
  /** When the bodies were first gone; null while that has not been reached. */
  firstDoneAt: Date | null;
  lastDoneAt: Date | null;
}

const COLUMNS = ['id', 'conversationId', 'endUserId', 'requestedAt', 'requestedBy', 'firstDoneAt', 'lastDoneAt'] as const;

@Injectable()
export class ContentErasures {
  constructor(
    private readonly db: Postgres,
    private readonly clickhouse: ClickHouse,
    private readonly clock: Clock,
  ) {}

  /** How many message bodies an erasure would delete now. */
  async preview(organizationId: string, subject: ErasureSubject): Promise<number> {
    let bodies = 0;
    for (const traceIds of await this.#tracesOf(organizationId, subject)) bodies += await this.#count(organizationId, traceIds, this.clock.now());
    return bodies;
  }

  /** Deletes the bodies, and returns when they are gone from the store. */
  async erase(organizationId: string, subject: ErasureSubject, requestedBy: string): Promise<{ id: string; bodies: number }> {
    const conversationId = 'conversationId' in subject ? subject.conversationId : null;
    const endUserId = 'endUserId' in subject ? subject.endUserId : null;
    const erasure = { id: randomId('era'), organizationId, conversationId, endUserId, requestedAt: this.clock.now(), requestedBy };
    await this.db.insertInto('contentErasures').values(erasure).execute();
    return { id: erasure.id, bodies: await this.#carryOut(organizationId, { ...erasure, firstDoneAt: null, lastDoneAt: null }) };
  }

  /** The newest first. */
  list(organizationId: string): Promise<Erasure[]> {
    return this.db.selectFrom('contentErasures').select(COLUMNS).where('organizationId', '=', organizationId).orderBy('requestedAt', 'desc').orderBy('id').limit(1000).execute();
  }

  /** Carries out again what may have been overtaken by a late load. @returns bodies that were deleted */
  async repeat(organizationId: string): Promise<number> {
    const since = new Date(this.clock.now().getTime() - REPEATED_FOR_MS);
    const erasures = await this.db
      .selectFrom('contentErasures')
      .select(COLUMNS)
      .where('organizationId', '=', organizationId)
      .where((or) => or.or([or('requestedAt', '>=', since), or('firstDoneAt', 'is', null)]))
      .orderBy('requestedAt')
      .execute();
    let bodies = 0;
    for (const erasure of erasures) bodies += await this.#carryOut(organizationId, erasure);
    return bodies;
  }

  async #carryOut(organizationId: string, erasure: Erasure): Promise<number> {
    const subject = erasure.conversationId === null ? { endUserId: erasure.endUserId ?? '' } : { conversationId: erasure.conversationId };
    let bodies = 0;
    for (const traceIds of await this.#tracesOf(organizationId, subject)) {
      // A mutation rewrites parts of the table: it is not started for nothing.
      const found = await this.#count(organizationId, traceIds, erasure.requestedAt);
      if (found > 0) await this.clickhouse.run(eraseContentsQuery({ organizationId, traceIds, saidUntil: erasure.requestedAt }));
      bodies += found;
    }
    const now = this.clock.now();
    await this.db
      .updateTable('contentErasures')
      .set((column) => ({ firstDoneAt: column.fn.coalesce('firstDoneAt', column.val(now)), lastDoneAt: now }))
      .where('id', '=', erasure.id)
      .execute();
    return bodies;
  }

  async #count(organizationId: string, traceIds: readonly string[], saidUntil: Date): Promise<number> {
    const [row] = await this.clickhouse.rows<ContentCountRow>(countContentsQuery({ organizationId, traceIds, saidUntil }));
    return Number(row?.bodies ?? 0);
  }

  async #tracesOf(organizationId: string, subject: ErasureSubject): Promise<string[][]> {
    const query = 'conversationId' in subject ? conversationTracesQuery({ organizationId, ...subject }) : endUserTracesQuery({ organizationId, ...subject });
    const ids = (await this.clickhouse.rows<TraceToEraseRow>(query)).map(({ trace_id: traceId }) => traceId);
    return Array.from({ length: Math.ceil(ids.length / TRACES_A_QUERY) }, (_, batch) => ids.slice(batch * TRACES_A_QUERY, (batch + 1) * TRACES_A_QUERY));
  }
}
