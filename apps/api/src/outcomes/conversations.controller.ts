import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { DecisionStore, PendingStore, type OutcomeCount } from '#outcomes';
import { ApiKeyGuard, Caller, DomainError, NeedsScope, parseInput, toWire, type Principal } from '#platform';
import { TraceReader } from '#traces';

const listQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50), offset: z.coerce.number().int().min(0).default(0) });
const contentsQuery = z.object({ limit: z.coerce.number().int().min(1).max(10_000).default(1000) });
const usageQuery = z.object({ environment: z.string().min(1).optional() });

/** What was sent and what was decided of it. Amounts are strings of digits in micros, model cost a decimal string in USD. */
@Controller('api/v1')
@UseGuards(ApiKeyGuard)
@NeedsScope('read')
export class ConversationsController {
  constructor(
    private readonly traces: TraceReader,
    private readonly decisions: DecisionStore,
    private readonly pending: PendingStore,
  ) {}

  /** Latest activity first. */
  @Get('conversations')
  async list(@Caller() caller: Principal, @Query() query: unknown) {
    const { limit, offset } = parseInput(listQuery, query, 'the query');
    return { conversations: await this.traces.recentConversations(caller.organizationId, limit, offset) };
  }

  /** One conversation with every decision ever made about it. 404 `conversation_not_found`. */
  @Get('conversations/:id')
  async read(@Caller() caller: Principal, @Param('id') id: string) {
    const conversation = await this.traces.conversation(caller.organizationId, id);
    if (!conversation) throw new DomainError({ kind: 'not_found', code: 'conversation_not_found', message: `No conversation ${id} was received` });
    return toWire({ ...conversation, decisions: await this.decisions.historyOf(caller.organizationId, id) });
  }

  /** What was said in it, where the organization has message bodies kept (`GET /api/v1/telemetry/settings`). */
  @Get('conversations/:id/contents')
  async contents(@Caller() caller: Principal, @Param('id') id: string, @Query() query: unknown) {
    const { limit } = parseInput(contentsQuery, query, 'the query');
    return { contents: await this.traces.contentsOf(caller.organizationId, id, limit) };
  }

  /** How many episodes are decided, by what; `pending` conversations wait to be quiet. Test traffic is counted apart. */
  @Get('outcomes/summary')
  async summary(@Caller() caller: Principal) {
    const counts = await this.decisions.counts(caller.organizationId);
    const billable = counts.filter((count) => count.isBillable);
    const notBillable = counts.filter((count) => !count.isBillable && !count.isTestTraffic);
    return {
      billable: total(billable),
      notBillable: total(notBillable),
      testTraffic: total(counts.filter((count) => count.isTestTraffic)),
      byName: totals(billable, (count) => count.outcome),
      byGrade: totals(billable, (count) => count.grade ?? 'none'),
      byReason: totals(notBillable, (count) => count.reason),
      byVariant: Object.fromEntries((await this.decisions.variantCounts(caller.organizationId)).map(({ variant, ...of }) => [variant || 'none', of])),
      pending: await this.pending.count(caller.organizationId),
    };
  }

  /** Everything received, or what one environment sent; each span once. */
  @Get('usage')
  async usage(@Caller() caller: Principal, @Query() query: unknown) {
    return this.traces.usageTotals(caller.organizationId, parseInput(usageQuery, query, 'the query').environment);
  }
}

function total(counts: readonly OutcomeCount[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function totals(counts: readonly OutcomeCount[], name: (count: OutcomeCount) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(counts, name)].map(([key, group]) => [key, total(group)]));
}
