import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, forEachBounded, LOGGER, Postgres, type Logger, type Tx } from '#platform';
import { TraceReader, type TracesOf } from '#traces';
import { ContractStore, type ContractVersion } from './contract-store.js';
import { decideConversation, type DecideConversationInput, type DecidedConversation } from './decide-conversation.js';
import { DecisionStore } from './decision-store.js';
import type { Decision, DecisionChange } from './decision.js';
import { PendingStore, type PendingConversation } from './pending-store.js';
import type { Contract } from './read-contract.js';
import { ShadowStore, type ShadowedConversation } from './replay/shadow-store.js';
import { ShadowService } from './replay/shadow.service.js';
import { TrackingService } from './tracking.service.js';

/*
 * From "something was loaded" to "it is decided". First what changed goes on the work list (`tracking.service.ts`); then of
 * all that is due it is looked up where its traces are, once, and batch by batch these are read, in one query each, and decided.
 *
 * Safe to repeat: a decision's id follows from the episode and its revision, and the same facts from the same traces make no
 * revision. Decisions, what is booked for them and the work list change in one transaction. The worker's lease lets one decide for an organization at a time; if
 * two do all the same, the second finds its revision taken, leaves the conversation on the list and looks again. What stands is read
 * before the evidence, so that a revision never rests on older evidence than the one it replaces; where evidence is gone, retention
 * deleted it, and its decision stands (`frozen-past.ts`).
 * Work follows what changed: neither step reads a conversation that nothing was loaded for.
 */

// Those that are due together are near each other in time, and so in the store: the more are read at once, the less is read for each.
const BATCH_CONVERSATIONS = 3000;
// A third of a millisecond each: whatever else this process does, and the batch that is being written, get their turn in between.
const CONVERSATIONS_AT_A_STRETCH = 10;
// While one is written, the next is read. They are of different conversations, and are written one after the other.
const BATCHES_TOGETHER = 3;
// At the end of a list no batch is left to be read while the last are written.
const BATCHES_OF_A_LIST = 10;
const RETRY_AFTER_MS = 60_000;

/** Books what decisions change, in the transaction that writes them. */
export type Book = (tx: Tx, changes: readonly DecisionChange[]) => Promise<void>;

@Injectable()
export class DecisionService {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
    private readonly tracking: TrackingService,
    private readonly traces: TraceReader,
    private readonly contracts: ContractStore,
    private readonly pending: PendingStore,
    private readonly decisions: DecisionStore,
    private readonly shadows: ShadowService,
    private readonly shadowOutcomes: ShadowStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Tracks what was loaded and decides what is due. Returns how many decisions were made. */
  async run(organizationId: string, book: Book): Promise<number> {
    await this.tracking.run(organizationId);
    let decided = 0;
    for (;;) {
      const due = await this.pending.due(organizationId, this.clock.now(), BATCH_CONVERSATIONS * BATCHES_OF_A_LIST);
      if (due.length === 0) return decided;
      const traces = await this.traces.tracesOf(organizationId, due.map(({ conversationId }) => conversationId));
      const batches = Array.from({ length: Math.ceil(due.length / BATCH_CONVERSATIONS) }, (_, batch) => due.slice(batch * BATCH_CONVERSATIONS, (batch + 1) * BATCH_CONVERSATIONS));
      await forEachBounded(batches, BATCHES_TOGETHER, async (batch) => {
        const count = await this.#decideApart(organizationId, batch, traces, book);
        decided += count;
      });
    }
  }

  /** A batch; where it fails, each conversation of it by itself, so that one that cannot be decided holds up no other. */
  async #decideApart(organizationId: string, due: readonly PendingConversation[], traces: TracesOf, book: Book): Promise<number> {
    try {
      return await this.#decide(organizationId, due, traces, book);
    } catch (error) {
      const [only, ...others] = due;
      if (only && others.length === 0) return this.#putOff(organizationId, only, error);
      // Where a store is away, no conversation is to blame.
      await this.traces.check();
    }
    let decided = 0;
    for (const conversation of due) decided += await this.#decideApart(organizationId, [conversation], traces, book);
    return decided;
  }

  async #putOff(organizationId: string, conversation: PendingConversation, error: unknown): Promise<number> {
    const { conversationId } = conversation;
    this.logger.error({ err: error, organizationId, conversationId }, 'a conversation cannot be decided; it is tried again in a minute');
    await this.db.transaction().execute((tx) => this.pending.postpone(tx, organizationId, conversation, new Date(this.clock.now().getTime() + RETRY_AFTER_MS)));
    return 0;
  }

  async #decide(organizationId: string, due: readonly PendingConversation[], traces: TracesOf, book: Book): Promise<number> {
    const ids = due.map((row) => row.conversationId);
    const now = this.clock.now();
    const standing = await this.decisions.standing(organizationId, ids);
    const contracts = await this.contracts.active(organizationId);
    const [retired, rowsOf] = await Promise.all([this.contracts.versions(organizationId, versionsOf(standing, contracts)), this.traces.rowsOf(organizationId, ids, traces)]);
    const standingOf = Map.groupBy(standing, (decision) => decision.conversationId);
    const decided: ReadAndDecided[] = [];
    for (const row of due) {
      const { conversationId } = row;
      const input = { organizationId, conversationId, rows: rowsOf.get(conversationId) ?? { spans: [], signals: [] }, standing: standingOf.get(conversationId) ?? [], now };
      decided.push({ row, input, ...decideConversation({ ...input, contracts, retired }) });
      if (decided.length % CONVERSATIONS_AT_A_STRETCH === 0) await setImmediate();
    }
    return this.#write(organizationId, decided, await this.shadows.decide(organizationId, decided.map(({ input }) => input)), book);
  }

  async #write(organizationId: string, decided: readonly ReadAndDecided[], shadowed: readonly ShadowedConversation[], book: Book): Promise<number> {
    const changes = decided.flatMap((conversation) => conversation.changes);
    return this.db.transaction().execute(async (tx) => {
      await this.decisions.serialize(tx, organizationId);
      const inserted = await this.decisions.insert(tx, changes.map((change) => change.decision));
      await book(tx, changes.filter((change) => inserted.has(change.decision.id)));
      // What was overtaken is looked at again.
      const settled = decided.filter((conversation) => conversation.changes.every((change) => inserted.has(change.decision.id)));
      await this.pending.remove(tx, organizationId, settled.flatMap(({ row, dueAt }) => (dueAt ? [] : [row])));
      for (const { row, dueAt } of settled) if (dueAt) await this.pending.postpone(tx, organizationId, row, dueAt);
      await this.shadowOutcomes.replace(tx, organizationId, shadowed);
      return inserted.size;
    });
  }
}

type ReadAndDecided = DecidedConversation & { row: PendingConversation; input: Omit<DecideConversationInput, 'contracts' | 'retired'> };

/** The versions that decisions stand on and that are not among the active ones. */
function versionsOf(standing: readonly Decision[], active: readonly Contract[]): ContractVersion[] {
  const versions = standing.flatMap(({ contractId: id, contractVersion: version }) => (id === null || version === null ? [] : [{ id, version }]));
  return versions.filter(({ id, version }) => !active.some((contract) => contract.id === id && contract.version === version));
}
