import { Injectable } from '@nestjs/common';
import { Clock, JobCursors, Postgres } from '#platform';
import { TraceReader } from '#traces';
import { ContractStore } from './contract-store.js';
import { LONGEST_EPISODE_DEFAULT_MS, QUIET_WINDOW_DEFAULT_MS } from './contract-schema.js';
import { DecisionStore } from './decision-store.js';
import type { EpisodeWindows } from './episodes.js';
import { parseLoadsSeen, unsettledFrom, type LoadsSeen } from './loads-seen.js';
import { PendingStore } from './pending-store.js';

/*
 * Puts conversations of which something was loaded on the work list, with the time at which they will have been quiet. A backlog is taken in
 * parts, so that memory does not follow it.
 *
 * Known gap: of several receivers, a load that becomes visible more than five seconds after its timestamp is not noticed until its
 * conversation changes again. The one receiver of a default installation loads one segment after the other.
 */

const CURSOR = 'decide.loaded_through';

@Injectable()
export class TrackingService {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
    private readonly cursors: JobCursors,
    private readonly traces: TraceReader,
    private readonly contracts: ContractStore,
    private readonly pending: PendingStore,
    private readonly decisions: DecisionStore,
  ) {}

  async run(organizationId: string): Promise<void> {
    let seen = parseLoadsSeen(await this.cursors.read(CURSOR, organizationId));
    for (;;) {
      const { loadedThrough, askedAt } = await this.traces.loadedThrough(organizationId, new Date(seen.throughMs + 1));
      const hasLate = (await this.#count(organizationId, seen.unsettledFromMs, seen.throughMs)) !== seen.unsettledChanges;
      const throughMs = loadedThrough?.getTime() ?? seen.throughMs;
      const unsettledFromMs = unsettledFrom(seen, throughMs, askedAt.getTime());
      // Counted before it is read: what appears in between is read, and read again.
      const next: LoadsSeen = { throughMs, unsettledFromMs, unsettledChanges: await this.#count(organizationId, unsettledFromMs, throughMs) };
      if (loadedThrough || hasLate) await this.#put(organizationId, hasLate ? seen.unsettledFromMs : seen.throughMs + 1, next);
      else if (unsettledFromMs !== seen.unsettledFromMs) await this.cursors.write(this.db, CURSOR, organizationId, JSON.stringify(next));
      if (!loadedThrough) return;
      seen = next;
    }
  }

  async #count(organizationId: string, fromMs: number, throughMs: number): Promise<number> {
    return fromMs > throughMs ? 0 : this.traces.changeCount(organizationId, new Date(fromMs), new Date(throughMs + 1));
  }

  async #put(organizationId: string, fromMs: number, next: LoadsSeen): Promise<void> {
    const [from, to] = [new Date(Math.max(0, fromMs)), new Date(next.throughMs + 1)];
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
      await this.cursors.write(tx, CURSOR, organizationId, JSON.stringify(next));
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
}
