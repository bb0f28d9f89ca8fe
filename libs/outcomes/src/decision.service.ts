import { Inject, Injectable } from '@nestjs/common';
import { Clock, forEachBounded, JobCursors, LOGGER, Postgres, type Logger, type Tx } from '#platform';
import { TraceReader } from '#traces';
import { ContractStore, type ContractVersion } from './contract-store.js';
import { LONGEST_EPISODE_DEFAULT_MS, QUIET_WINDOW_DEFAULT_MS } from './contract-schema.js';
import { decideConversation, type DecidedConversation } from './decide-conversation.js';
import { DecisionStore } from './decision-store.js';
import type { Decision, DecisionChange } from './decision.js';
import type { EpisodeWindows } from './episodes.js';
import { PendingStore, type PendingConversation } from './pending-store.js';
import type { Contract } from './read-contract.js';
import { ShadowService } from './replay/shadow.service.js';

/*
 * From "something was loaded" to "it is decided". First what was loaded since the last look goes on the work list with the time at which it
 * will have been quiet; then what is due is read, in one query a batch, and decided.
 *
 * Safe to repeat: a decision's id follows from the episode and its revision, and the same facts from the same traces make no
 * revision. Decisions, what is booked for them and the work list change in one transaction. The worker's lease lets one decide for an organization at a time; if
 * two do all the same, the second finds its revision taken, leaves the conversation on the list and looks again. What stands is read
 * before the evidence, so that a revision never rests on older evidence than the one it replaces; where evidence is gone, retention
 * deleted it, and its decision stands (`frozen-past.ts`).
 * Work follows what changed: neither step reads a conversation that nothing was loaded for.
 *
 * Known gap: of several receivers, a load that becomes visible more than OVERLAP_MS after a later one is not noticed until its conversation
 * changes again. The one receiver of a default installation loads one segment after the other.
 */

const CURSOR = 'decide.loaded_through';
const BATCH_CONVERSATIONS = 500;
// While one is written, the next is read. They are of different conversations, and are written one after the other.
const BATCHES_TOGETHER = 3;
// A load becomes visible a moment after its timestamp was taken; reading that far back again costs little and misses nothing.
const OVERLAP_MS = 5_000;
const RETRY_AFTER_MS = 60_000;

/** Books what decisions change, in the transaction that writes them. */
export type Book = (tx: Tx, changes: readonly DecisionChange[]) => Promise<void>;

@Injectable()
export class DecisionService {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
    private readonly cursors: JobCursors,
    private readonly traces: TraceReader,
    private readonly contracts: ContractStore,
    private readonly pending: PendingStore,
    private readonly decisions: DecisionStore,
    private readonly shadows: ShadowService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Tracks what was loaded and decides what is due. Returns how many decisions were made. */
  async run(organizationId: string, book: Book): Promise<number> {
    await this.#track(organizationId);
    let decided = 0;
    for (;;) {
      const due = await this.pending.due(organizationId, this.clock.now(), BATCH_CONVERSATIONS * BATCHES_TOGETHER);
      if (due.length === 0) return decided;
      const batches = Array.from({ length: Math.ceil(due.length / BATCH_CONVERSATIONS) }, (_, batch) => due.slice(batch * BATCH_CONVERSATIONS, (batch + 1) * BATCH_CONVERSATIONS));
      await forEachBounded(batches, BATCHES_TOGETHER, async (batch) => {
        const count = await this.#decideApart(organizationId, batch, book);
        decided += count;
      });
    }
  }

  /** A batch; where it fails, each conversation of it by itself, so that one that cannot be decided holds up no other. */
  async #decideApart(organizationId: string, due: readonly PendingConversation[], book: Book): Promise<number> {
    try {
      return await this.#decide(organizationId, due, book);
    } catch (error) {
      const [only, ...others] = due;
      if (only && others.length === 0) return this.#putOff(organizationId, only, error);
    }
    let decided = 0;
    for (const conversation of due) decided += await this.#decideApart(organizationId, [conversation], book);
    return decided;
  }

  async #putOff(organizationId: string, conversation: PendingConversation, error: unknown): Promise<number> {
    const { conversationId } = conversation;
    this.logger.error({ err: error, organizationId, conversationId }, 'a conversation cannot be decided; it is tried again in a minute');
    await this.db.transaction().execute((tx) => this.pending.postpone(tx, organizationId, conversation, new Date(this.clock.now().getTime() + RETRY_AFTER_MS)));
    return 0;
  }

  async #track(organizationId: string): Promise<void> {
    const position = await this.cursors.read(CURSOR, organizationId);
    const seenThrough = new Date(Number(position ?? 0));
    const loadedThrough = await this.traces.loadedThrough(organizationId, seenThrough);
    if (!loadedThrough || loadedThrough.getTime() === seenThrough.getTime()) return;

    const from = new Date(Math.max(0, seenThrough.getTime() - OVERLAP_MS));
    const to = new Date(loadedThrough.getTime() + 1);
    const changed = await this.traces.changedConversations(organizationId, from, to);
    const ended = new Set(await this.traces.endedConversations(organizationId, from, to));
    const { quietWindowMs, longestEpisodeMs } = await this.#shortestWindows(organizationId);
    const changedAt = this.clock.now();
    // What was decided, or says that it is over, is looked at now; what goes on, when it could be quiet at the earliest.
    const decided = await this.decisions.decidedAmong(organizationId, changed.map((row) => row.conversationId));
    const dueAtOf = (conversationId: string, lastActivityAt: Date) =>
      ended.has(conversationId) || decided.has(conversationId) ? changedAt : new Date(lastActivityAt.getTime() + quietWindowMs);
    const rows = changed.map((row) => ({ ...row, changedAt, dueAt: dueAtOf(row.conversationId, row.lastActivityAt) }));
    await this.db.transaction().execute(async (tx) => {
      await this.decisions.serialize(tx, organizationId);
      await this.pending.put(tx, organizationId, rows, longestEpisodeMs);
      await this.cursors.write(tx, CURSOR, organizationId, String(loadedThrough.getTime()));
    });
  }

  // Which contract covers a conversation is known when it is read; until then the shortest window decides when to look.
  async #shortestWindows(organizationId: string): Promise<EpisodeWindows> {
    const contracts = await this.contracts.active(organizationId);
    return {
      quietWindowMs: Math.min(QUIET_WINDOW_DEFAULT_MS, ...contracts.map((contract) => contract.quietWindowMs)),
      longestEpisodeMs: Math.min(LONGEST_EPISODE_DEFAULT_MS, ...contracts.map((contract) => contract.longestEpisodeMs)),
    };
  }

  async #decide(organizationId: string, due: readonly PendingConversation[], book: Book): Promise<number> {
    const ids = due.map((row) => row.conversationId);
    const now = this.clock.now();
    const standing = await this.decisions.standing(organizationId, ids);
    const contracts = await this.contracts.active(organizationId);
    const [retired, rowsOf] = await Promise.all([this.contracts.versions(organizationId, versionsOf(standing, contracts)), this.traces.rowsOf(organizationId, ids)]);
    const standingOf = Map.groupBy(standing, (decision) => decision.conversationId);
    const read = due.map((row) => ({ row, input: { organizationId, conversationId: row.conversationId, rows: rowsOf.get(row.conversationId) ?? { spans: [], signals: [] }, now } }));
    const decided = read.map(({ row, input }) => ({ row, input, ...decideConversation({ ...input, contracts, retired, standing: standingOf.get(row.conversationId) ?? [] }) }));
    return this.#write(organizationId, decided, book);
  }

  async #write(organizationId: string, decided: readonly (DecidedConversation & { row: PendingConversation; input: ShadowInput })[], book: Book): Promise<number> {
    const changes = decided.flatMap((conversation) => conversation.changes);
    return this.db.transaction().execute(async (tx) => {
      await this.decisions.serialize(tx, organizationId);
      const inserted = await this.decisions.insert(tx, changes.map((change) => change.decision));
      await book(tx, changes.filter((change) => inserted.has(change.decision.id)));
      // What was overtaken is looked at again.
      const settled = decided.filter((conversation) => conversation.changes.every((change) => inserted.has(change.decision.id)));
      await this.pending.remove(tx, organizationId, settled.flatMap(({ row, dueAt }) => (dueAt ? [] : [row])));
      for (const { row, dueAt } of settled) if (dueAt) await this.pending.postpone(tx, organizationId, row, dueAt);
      await this.shadows.decide(tx, organizationId, decided.map(({ input }) => input));
      return inserted.size;
    });
  }
}

type ShadowInput = Parameters<ShadowService['decide']>[2][number];

/** The versions that decisions stand on and that are not among the active ones. */
function versionsOf(standing: readonly Decision[], active: readonly Contract[]): ContractVersion[] {
  const versions = standing.flatMap(({ contractId: id, contractVersion: version }) => (id === null || version === null ? [] : [{ id, version }]));
  return versions.filter(({ id, version }) => !active.some((contract) => contract.id === id && contract.version === version));
}
