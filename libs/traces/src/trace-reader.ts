import { Injectable } from '@nestjs/common';
import { checkClickHouse, ClickHouse } from '#platform';
import { withCharges } from './charged-spans.js';
import { rowsByConversation, type ConversationRows } from './conversation-rows.js';
import { changeCountQuery, type ChangeCountRow } from './queries/change-count.query.js';
import { changedConversationsQuery, type ChangedConversationRow } from './queries/changed-conversations.query.js';
import { conversationContentsQuery, type ConversationContentRow } from './queries/conversation-contents.query.js';
import { conversationListQuery, type ConversationListRow } from './queries/conversation-list.query.js';
import { conversationSignalsQuery, type ConversationSignalRow, type StoredSignalRow } from './queries/conversation-signals.query.js';
import { conversationSpansQuery, type ConversationSpanRow, type StoredSpanRow } from './queries/conversation-spans.query.js';
import { conversationsBetweenQuery, type ConversationBetweenRow } from './queries/conversations-between.query.js';
import { endedConversationsQuery, type EndedConversationRow } from './queries/ended-conversations.query.js';
import { loadedThroughQuery, type LoadedThroughRow } from './queries/loaded-through.query.js';
import { tracePlacesQuery, type TracePlaceRow } from './queries/trace-places.query.js';
import { usageTotalsQuery, type UsageTotalsRow } from './queries/usage-totals.query.js';
import { tracesByConversation, type TracePlace, type TracesOf } from './trace-place.js';

// Read together, and a hundred bytes or so each.
const CHANGES_MAX = 100_000;

export interface ConversationSummary {
  conversationId: string;
  customerId: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** Traces, which are turns unless the sender says otherwise. */
  turns: number;
}

export interface UsageTotals {
  conversations: number;
  turns: number;
  spans: number;
  modelCalls: number;
  /** Decimal string in USD, of the calls whose cost is known; null where there are calls and none is known. */
  knownCostUsd: string | null;
  unknownCostSpans: number;
  /** Of that, wasted; null where calls were wasted and the cost of none is known. */
  wastedCostUsd: string | null;
  unknownWastedSpans: number;
}

/** Reads what was sent. Every method is bound to one organization. */
@Injectable()
export class TraceReader {
  constructor(private readonly clickhouse: ClickHouse) {}

  /** Conversations with something loaded in [from, to), and when they were last active. */
  async changedConversations(organizationId: string, from: Date, to: Date): Promise<{ conversationId: string; lastActivityAt: Date }[]> {
    const rows = await this.clickhouse.rows<ChangedConversationRow>(changedConversationsQuery({ organizationId, from, to }));
    return rows.map((row) => ({ conversationId: row.conversation_id, lastActivityAt: utcDate(row.last_activity_at) }));
  }

  /** Conversations that said, in something loaded in [from, to), that they are over. */
  async endedConversations(organizationId: string, from: Date, to: Date): Promise<string[]> {
    const rows = await this.clickhouse.rows<EndedConversationRow>(endedConversationsQuery({ organizationId, from, to }));
    return rows.map((row) => row.conversation_id);
  }

  /**
   * When something was last loaded at or after `from`, and when that was asked, by the store's clock; undefined when nothing was. Where more
   * than `changesMax` traces were changed since, when the last of so many was.
   */
  async loadedThrough(organizationId: string, from: Date, changesMax = CHANGES_MAX): Promise<{ loadedThrough: Date | undefined; askedAt: Date }> {
    const [row] = await this.clickhouse.rows<LoadedThroughRow>(loadedThroughQuery({ organizationId, from, changesMax }));
    const ms = Number(row?.loaded_through_ms ?? 0);
    return { loadedThrough: ms > 0 ? new Date(ms) : undefined, askedAt: new Date(Number(row?.now_ms ?? 0)) };
  }

  /** How many changes, as far as they can be seen, were loaded in [from, to). */
  async changeCount(organizationId: string, from: Date, to: Date): Promise<number> {
    const [row] = await this.clickhouse.rows<ChangeCountRow>(changeCountQuery({ organizationId, from, to }));
    return Number(row?.changes ?? 0);
  }

  /** @throws DomainError where the store does not answer */
  async check(): Promise<void> {
    await checkClickHouse(this.clickhouse);
  }

  /**
   * The traces of each of the given conversations. Takes about as long for tens of thousands as for few: whoever reads so many in parts asks for
   * all of them once.
   */
  async tracesOf(organizationId: string, conversationIds: readonly string[]): Promise<TracesOf> {
    if (conversationIds.length === 0) return new Map();
    return tracesByConversation(await this.clickhouse.rows<TracePlaceRow>(tracePlacesQuery({ organizationId, conversationIds })));
  }

  /** Everything that was sent about each of the given conversations; a trace belongs to one conversation. @param traces of these, and of others maybe */
  async rowsOf(organizationId: string, conversationIds: readonly string[], traces?: TracesOf): Promise<Map<string, ConversationRows>> {
    const places = placesOf(conversationIds, traces ?? (await this.tracesOf(organizationId, conversationIds)));
    const [spans, signals] = await Promise.all([this.#spansAt(organizationId, places), this.#signalsAt(organizationId, conversationIds, places)]);
    return rowsByConversation(conversationIds, spans, signals);
  }

  async spansOf(organizationId: string, conversationIds: readonly string[]): Promise<ConversationSpanRow[]> {
    return this.#spansAt(organizationId, placesOf(conversationIds, await this.tracesOf(organizationId, conversationIds)));
  }

  async signalsOf(organizationId: string, conversationIds: readonly string[]): Promise<ConversationSignalRow[]> {
    const traces = await this.tracesOf(organizationId, conversationIds);
    const named = new Map(conversationIds.flatMap((id) => (traces.get(id) ?? []).map(({ traceId }) => [traceId, id])));
    const signals = await this.#signalsAt(organizationId, conversationIds, placesOf(conversationIds, traces));
    return signals.map((signal) => ({ ...signal, conversation_id: named.get(signal.trace_id) ?? signal.own_conversation_id }));
  }

  async #spansAt(organizationId: string, places: readonly TracePlace[]): Promise<ConversationSpanRow[]> {
    if (places.length === 0) return [];
    return withCharges(await this.clickhouse.rows<StoredSpanRow>(conversationSpansQuery({ organizationId, places })));
  }

  async #signalsAt(organizationId: string, conversationIds: readonly string[], places: readonly TracePlace[]): Promise<StoredSignalRow[]> {
    if (conversationIds.length === 0) return [];
    return this.clickhouse.rows<StoredSignalRow>(conversationSignalsQuery({ organizationId, conversationIds, places }));
  }

  /** What people and models said in a conversation, where the organization has it kept; the first `limit`. */
  async contentsOf(organizationId: string, conversationId: string, limit: number): Promise<ConversationContentRow[]> {
    return this.clickhouse.rows<ConversationContentRow>(conversationContentsQuery({ organizationId, conversationId, limit }));
  }

  async conversation(organizationId: string, conversationId: string): Promise<ConversationSummary | undefined> {
    const rows = await this.clickhouse.rows<ConversationListRow>(conversationListQuery({ organizationId, conversationId, limit: 1, offset: 0 }));
    return rows.map(summaryOf)[0];
  }

  async recentConversations(organizationId: string, limit: number, offset = 0): Promise<ConversationSummary[]> {
    return (await this.clickhouse.rows<ConversationListRow>(conversationListQuery({ organizationId, limit, offset }))).map(summaryOf);
  }

  /** Conversations with a customer that were active in [from, to), the earliest first. */
  async conversationsBetween(organizationId: string, customerId: string, from: Date, to: Date): Promise<string[]> {
    const rows = await this.clickhouse.rows<ConversationBetweenRow>(conversationsBetweenQuery({ organizationId, customerId, from, to }));
    return rows.map((row) => row.conversation_id);
  }

  async usageTotals(organizationId: string, environment?: string): Promise<UsageTotals> {
    const [row] = await this.clickhouse.rows<UsageTotalsRow>(usageTotalsQuery({ organizationId, ...(environment !== undefined && { environment }) }));
    const modelCalls = Number(row?.model_calls ?? 0);
    const unknownWastedSpans = Number(row?.unknown_wasted_spans ?? 0);
    return {
      conversations: Number(row?.conversations ?? 0),
      turns: Number(row?.turns ?? 0),
      spans: Number(row?.spans ?? 0),
      modelCalls,
      // A sum over nothing but unknown costs is NULL, and stays so; a sum over no call at all is 0.
      knownCostUsd: row?.known_cost_usd ?? (modelCalls > 0 ? null : '0'),
      unknownCostSpans: Number(row?.unknown_cost_spans ?? 0),
      wastedCostUsd: row?.wasted_cost_usd ?? (unknownWastedSpans > 0 ? null : '0'),
      unknownWastedSpans,
    };
  }
}

function placesOf(conversationIds: readonly string[], traces: TracesOf): TracePlace[] {
  return [...new Set(conversationIds.flatMap((id) => traces.get(id) ?? []))];
}

function summaryOf(row: ConversationListRow): ConversationSummary {
  return {
    conversationId: row.conversation_id,
    customerId: row.customer_id,
    firstSeenAt: utcDate(row.first_seen_at),
    lastSeenAt: utcDate(row.last_seen_at),
    turns: Number(row.turns),
  };
}

// ClickHouse writes '2026-11-23 21:24:56.755612484' in the column's zone, which is UTC.
function utcDate(text: string): Date {
  return new Date(`${text.slice(0, 23).replace(' ', 'T')}Z`);
}
