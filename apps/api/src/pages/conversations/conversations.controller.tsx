import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { BookedStore, episodeKeyOf } from '#billing';
import { periodLabel } from '#ledger';
import { DecisionStore, type Decision } from '#outcomes';
import { Caller, DomainError, Postgres, parseInput, type Principal } from '#platform';
import { TraceReader } from '#traces';
import type { StatementAddress } from '../components/addresses.js';
import { PageController } from '../shell/page-controller.js';
import { ConversationListPage } from './conversation-list-page.js';
import { ConversationPage } from './conversation-page.js';
import { groupByEpisode, readTurns } from './read-conversation.js';

const PAGE_SIZE = 50;
const PAGE_MAX = 100_000;
const listSchema = z.object({ page: z.coerce.number().int().min(1).max(PAGE_MAX).default(1) });

@PageController('conversations')
export class ConversationPagesController {
  constructor(
    private readonly traces: TraceReader,
    private readonly decisions: DecisionStore,
    private readonly booked: BookedStore,
    private readonly db: Postgres,
  ) {}

  @Get()
  async list(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const { page } = parseInput(listSchema, query, 'the address');
    const found = await this.traces.recentConversations(organizationId, PAGE_SIZE + 1, (page - 1) * PAGE_SIZE);
    const shown = found.slice(0, PAGE_SIZE);
    const standing = await this.decisions.standing(organizationId, shown.map(({ conversationId }) => conversationId));
    const decisionsOf = Map.groupBy(standing, (decision) => decision.conversationId);
    const conversations = shown.map((conversation) => ({ conversation, decisions: decisionsOf.get(conversation.conversationId) ?? [] }));
    return <ConversationListPage organizationId={organizationId} conversations={conversations} page={page} hasMore={found.length > PAGE_SIZE} />;
  }

  // A wildcard and not a parameter: ids come from outside, and the router refuses a parameter of more than a hundred characters.
  @Get('*')
  async conversation(@Caller() { organizationId }: Principal, @Param('*') id: string) {
    const conversation = await this.traces.conversation(organizationId, id);
    if (!conversation) {
      const message = `No span of a conversation "${id}" has arrived. It may still be on its way, or its agent sends its traces elsewhere.`;
      throw new DomainError({ kind: 'not_found', code: 'conversation_not_found', message });
    }
    const [rows, history] = await Promise.all([this.traces.rowsOf(organizationId, [id]), this.decisions.historyOf(organizationId, id)]);
    const { spans, signals } = rows.get(id) ?? { spans: [], signals: [] };
    const episodes = groupByEpisode(readTurns(spans, signals), history);
    const statements = await this.#statementsOf(episodes.flatMap(({ decision }) => decision ?? []));
    return <ConversationPage organizationId={organizationId} conversation={conversation} episodes={episodes} statements={statements} />;
  }

  /** Where what is booked for each episode is found: it need not be booked by the revision that stands, which may have left the money as it was. */
  async #statementsOf(decisions: readonly Decision[]): Promise<Map<number, StatementAddress>> {
    const live = await this.db.transaction().execute((tx) => this.booked.livePostings(tx, decisions));
    const statements = new Map<number, StatementAddress>();
    for (const decision of decisions) {
      const posting = live.get(episodeKeyOf(decision));
      if (posting) statements.set(decision.episode, { customerId: posting.charge.customerId, period: periodLabel(posting.period), currency: posting.charge.currency });
    }
    return statements;
  }
}
