import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { ReviewService, REPORT_N_MIN } from '#outcomes';
import { ApiKeys, Caller, parseInput, type Principal } from '#platform';
import { TraceReader } from '#traces';
import { readTurns } from '../conversations/read-conversation.js';
import { FormToken } from '../session/form-token.js';
import { ReviewerName } from '../session/reviewer-cookie.js';
import { PageController } from '../shell/page-controller.js';
import { MayRunScript } from '../shell/page.interceptor.js';
import { filterQueue, filterSchema, neighboursOf } from './queue-filter.js';
import { QueuePage } from './queue-page.js';
import { readTranscript } from './read-transcript.js';
import { ReportPage } from './report-page.js';
import { ReviewItemPage } from './review-item-page.js';

const PAGE_SIZE = 50;
const CONTENTS_MAX = 500;
const listSchema = filterSchema.extend({ page: z.coerce.number().int().min(1).default(1) });
const reportSchema = z.object({ minimum: z.coerce.number().int().min(1).default(REPORT_N_MIN) });

/** What is up for review, one decision of it, and what people found. Changes come through `ReviewActionsController`. */
@PageController('review')
export class ReviewPagesController {
  constructor(
    private readonly review: ReviewService,
    private readonly traces: TraceReader,
    private readonly keys: ApiKeys,
  ) {}

  @Get()
  @MayRunScript()
  async queue(@Caller() caller: Principal, @Query() query: unknown, @FormToken() token: string, @ReviewerName() named: string | undefined) {
    const { page, ...filter } = parseInput(listSchema, query, 'the address');
    const reviewer = named ?? (await this.keys.nameOf(caller.organizationId, caller.keyId));
    const queue = await this.review.queue(caller.organizationId, reviewer);
    const found = filterQueue(queue, filter);
    const shown = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
    const last = await this.review.lastLabel(caller.organizationId, reviewer);
    return (
      <QueuePage
        {...{ organizationId: caller.organizationId, token, reviewer, filter, page, queue, shown, mayChange: mayChange(caller) }}
        hasMore={found.length > page * PAGE_SIZE}
        lastLabelled={queue.find(({ item }) => item.decision.id === last?.decisionId && item.adjudications.length === 0) ?? null}
        last={last ?? null}
      />
    );
  }

  @Get('report')
  async report(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const { minimum } = parseInput(reportSchema, query, 'the address');
    return <ReportPage organizationId={organizationId} report={await this.review.report(organizationId, minimum)} />;
  }

  @Get('items/:id')
  @MayRunScript()
  async item(@Caller() caller: Principal, @Param('id') id: string, @Query() query: unknown, @FormToken() token: string, @ReviewerName() named: string | undefined) {
    const { organizationId } = caller;
    const filter = parseInput(filterSchema, query, 'the address');
    const reviewer = named ?? (await this.keys.nameOf(organizationId, caller.keyId));
    const item = await this.review.item(organizationId, id, reviewer);
    const { conversationId, evidence } = item.decision;
    const [rows, contents, queue, last] = await Promise.all([
      this.traces.rowsOf(organizationId, [conversationId]),
      this.traces.contentsOf(organizationId, conversationId, CONTENTS_MAX),
      this.review.queue(organizationId, reviewer),
      this.review.lastLabel(organizationId, reviewer),
    ]);
    const { spans, signals } = rows.get(conversationId) ?? { spans: [], signals: [] };
    // Of the episode that was decided, and nothing of those before and after it.
    const traceIds = new Set(evidence.traceIds);
    return (
      <ReviewItemPage
        {...{ organizationId, token, reviewer, filter, item, mayChange: mayChange(caller) }}
        turns={readTurns(spans, signals).filter((turn) => turn.traceIds.some((traceId) => traceIds.has(traceId)))}
        transcript={readTranscript(contents.filter(({ trace_id: traceId }) => traceIds.has(traceId)))}
        neighbours={neighboursOf(id, queue, filter)}
        lastLabelled={queue.find((each) => each.item.decision.id === last?.decisionId && each.item.adjudications.length === 0) ?? null}
        last={last ?? null}
        left={filterQueue(queue, { ...filter, state: 'to_label' }).length}
      />
    );
  }
}

function mayChange({ scopes }: Principal): boolean {
  return scopes.includes('operate') || scopes.includes('admin');
}
