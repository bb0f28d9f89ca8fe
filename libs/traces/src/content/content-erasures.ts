import { Injectable } from '@nestjs/common';
import { ClickHouse, Clock, Postgres, randomId, type Audit } from '#platform';
import { changedErasedConversationsQuery, changedErasedEndUsersQuery, type ChangedSubjectRow } from '../queries/changed-subjects.query.js';
import { countContentsQuery, eraseContentsQuery, type ContentCountRow } from '../queries/erase-contents.query.js';
import { conversationTracesQuery, endUserTracesQuery, type TraceToEraseRow } from '../queries/traces-to-erase.query.js';

/*
 * Erasing what one end user or one conversation said. Message bodies alone are deleted: spans, signals, decisions and money stay, and with
 * them every hash that evidence rests on, because no hash covers a body.
 *
 * Safe to repeat. An erasure is written down before anything is deleted, so that a crash leaves it to the job; and it is carried out again
 * without end, because what was said before it may be loaded after it: from a spool, from a sender that was away, or from a file that was
 * set aside. That costs what was loaded since the last time, and not what is there: `erasedThrough` is how far an erasure has seen.
 */

// A load has its time before its rows can be seen; so much later they can.
const OVERLAP_MS = 10 * 60_000;
// The store forgets after 30 days what was loaded when. What has seen less is carried out on everything.
const CHANGES_KNOWN_MS = 29 * 24 * 3_600_000;
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
  async erase(organizationId: string, subject: ErasureSubject, requestedBy: string, audit?: Audit): Promise<{ id: string; bodies: number }> {
    const conversationId = 'conversationId' in subject ? subject.conversationId : null;
    const endUserId = 'endUserId' in subject ? subject.endUserId : null;
    const erasure = { id: randomId('era'), organizationId, conversationId, endUserId, requestedAt: this.clock.now(), requestedBy };
    await this.db.transaction().execute(async (tx) => {
      await tx.insertInto('contentErasures').values(erasure).execute();
      // Of an end user the log keeps no id, because nothing can be erased from it: the list of erasures has it under this one.
      const after = conversationId === null ? { of: 'end user' } : { of: 'conversation', conversationId };
      await audit?.record(tx, { organizationId, action: 'content.erasure_requested', subject: { kind: 'erasure', id: erasure.id }, after });
    });
    return { id: erasure.id, bodies: await this.#carryOut(organizationId, { ...erasure, firstDoneAt: null, lastDoneAt: null }) };
  }

  /** The newest first. */
  list(organizationId: string): Promise<Erasure[]> {
    return this.db.selectFrom('contentErasures').select(COLUMNS).where('organizationId', '=', organizationId).orderBy('requestedAt', 'desc').orderBy('id').limit(1000).execute();
  }

  /** Carries out again what may have been overtaken by a late load. @returns bodies that were deleted */
  async repeat(organizationId: string): Promise<number> {
    const erasures = await this.db
      .selectFrom('contentErasures')
      .select([...COLUMNS, 'erasedThrough'])
      .where('organizationId', '=', organizationId)
      .orderBy('requestedAt')
      .execute();
    if (erasures.length === 0) return 0;
    const seenThrough = await this.#storeTime();
    const isFresh = (through: Date | null): through is Date => through !== null && seenThrough.getTime() - through.getTime() < CHANGES_KNOWN_MS;
    let bodies = 0;
    for (const erasure of erasures.filter(({ erasedThrough }) => !isFresh(erasedThrough))) bodies += await this.#carryOut(organizationId, erasure);
    return bodies + (await this.#carryOutOnChanges(organizationId, erasures.flatMap(({ erasedThrough, ...erasure }) => (isFresh(erasedThrough) ? [{ ...erasure, erasedThrough }] : [])), seenThrough));
  }

  async #carryOut(organizationId: string, erasure: Erasure): Promise<number> {
    const seenThrough = await this.#storeTime();
    const bodies = await this.#eraseIn(organizationId, erasure, await this.#tracesOf(organizationId, subjectOf(erasure)));
    await this.#setDone([erasure], seenThrough);
    return bodies;
  }

  async #carryOutOnChanges(organizationId: string, erasures: readonly (Erasure & { erasedThrough: Date })[], seenThrough: Date): Promise<number> {
    if (erasures.length === 0) return 0;
    const since = new Date(Math.min(...erasures.map(({ erasedThrough }) => erasedThrough.getTime())) - OVERLAP_MS);
    const changedOf = async (subjects: readonly (string | null)[], query: typeof changedErasedConversationsQuery) => {
      const named = [...new Set(subjects.filter((subject) => subject !== null))];
      if (named.length === 0) return new Set<string>();
      return new Set((await this.clickhouse.rows<ChangedSubjectRow>(query({ organizationId, subjects: named, since }))).map(({ subject }) => subject));
    };
    const conversations = await changedOf(erasures.map(({ conversationId }) => conversationId), changedErasedConversationsQuery);
    const endUsers = await changedOf(erasures.map(({ endUserId }) => endUserId), changedErasedEndUsersQuery);
    let bodies = 0;
    for (const erasure of erasures) {
      const { conversationId, endUserId } = erasure;
      if (!conversations.has(conversationId ?? '') && !endUsers.has(endUserId ?? '')) continue;
      bodies += await this.#eraseIn(organizationId, erasure, await this.#tracesOf(organizationId, subjectOf(erasure), since));
    }
    await this.#setDone(erasures, seenThrough);
    return bodies;
  }

  async #eraseIn(organizationId: string, { requestedAt }: Erasure, traces: readonly (readonly string[])[]): Promise<number> {
    let bodies = 0;
    for (const traceIds of traces) {
      // A mutation rewrites parts of the table: it is not started for nothing.
      const found = await this.#count(organizationId, traceIds, requestedAt);
      if (found > 0) await this.clickhouse.run(eraseContentsQuery({ organizationId, traceIds, saidUntil: requestedAt }));
      bodies += found;
    }
    return bodies;
  }

  async #setDone(erasures: readonly Erasure[], erasedThrough: Date): Promise<void> {
    const now = this.clock.now();
    await this.db
      .updateTable('contentErasures')
      .set((column) => ({ firstDoneAt: column.fn.coalesce('firstDoneAt', column.val(now)), lastDoneAt: now, erasedThrough }))
      .where('id', 'in', erasures.map(({ id }) => id))
      .execute();
  }

  // By the clock that loads are dated with. It is read before what was loaded is looked for.
  async #storeTime(): Promise<Date> {
    const [row] = await this.clickhouse.rows<{ now_ms: string }>({ query: "SELECT toUnixTimestamp64Milli(now64(3, 'UTC')) AS now_ms", query_params: {} });
    if (!row) throw new Error('the store did not tell its time');
    return new Date(Number(row.now_ms));
  }

  async #count(organizationId: string, traceIds: readonly string[], saidUntil: Date): Promise<number> {
    const [row] = await this.clickhouse.rows<ContentCountRow>(countContentsQuery({ organizationId, traceIds, saidUntil }));
    return Number(row?.bodies ?? 0);
  }

  async #tracesOf(organizationId: string, subject: ErasureSubject, changedSince?: Date): Promise<string[][]> {
    const query = 'conversationId' in subject ? conversationTracesQuery({ organizationId, ...subject }) : endUserTracesQuery({ organizationId, ...subject, ...(changedSince && { changedSince }) });
    const ids = (await this.clickhouse.rows<TraceToEraseRow>(query)).map(({ trace_id: traceId }) => traceId);
    return Array.from({ length: Math.ceil(ids.length / TRACES_A_QUERY) }, (_, batch) => ids.slice(batch * TRACES_A_QUERY, (batch + 1) * TRACES_A_QUERY));
  }
}

function subjectOf({ conversationId, endUserId }: Erasure): ErasureSubject {
  return conversationId === null ? { endUserId: endUserId ?? '' } : { conversationId };
}
