import { Body, Controller, Inject, Param, Post, Query, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ReviewService, personOf, type Reviewer } from '#outcomes';
import { ApiKeys, AuditLog, CONFIG, Caller, actorOf, parseInput, type Config, type Principal } from '#platform';
import { addressOf } from '../components/addresses.js';
import { PageGuard } from '../session/page.guard.js';
import { REVIEWER_CHARACTERS_MAX, ReviewerName, reviewerCookie } from '../session/reviewer-cookie.js';
import { PageErrorFilter } from '../shell/page-error.filter.js';
import { filterSchema, nextToLabel } from './queue-filter.js';

const TEXT_CHARACTERS_MAX = 4000;
const nameForm = z.object({ name: z.string().trim().min(1, 'must be your name').max(REVIEWER_CHARACTERS_MAX) });
const sampleForm = z.object({ period: z.string(), perStratum: z.coerce.number().int().min(1).max(10_000) });
const labelForm = z.object({ question: z.string().min(1), answer: z.string().min(1), note: z.string().trim().max(TEXT_CHARACTERS_MAX).default(''), sawOthers: z.literal('yes').optional() });
const undoForm = z.object({ question: z.string().min(1), sawOthers: z.literal('yes').optional() });
const adjudicationForm = z.object({ question: z.string().min(1), answer: z.string({ error: 'must be chosen' }).min(1), reason: z.string().trim().min(1, 'must say why').max(TEXT_CHARACTERS_MAX) });

/** The forms of the review pages. Each leads to a page again (303), so that going back or reloading sends nothing twice. */
@Controller('review')
@UseGuards(PageGuard)
@UseFilters(PageErrorFilter)
export class ReviewActionsController {
  constructor(
    private readonly review: ReviewService,
    private readonly keys: ApiKeys,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Keeps the name under which this browser's person labels. */
  @Post('reviewer')
  nameReviewer(@Body() body: unknown, @Res() reply: FastifyReply): void {
    const { name } = parseInput(nameForm, body, 'the form');
    void reply.header('set-cookie', reviewerCookie(name, this.config));
    seeOther(reply, addressOf.review());
  }

  @Post('samples')
  async sample(@Caller() caller: Principal, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const { period, perStratum } = parseInput(sampleForm, body, 'the form');
    await this.review.sample(caller.organizationId, { period, perStratum, seed: 'review' }, [], caller.keyId, this.audit.by(actorOf(caller)));
    seeOther(reply, addressOf.review());
  }

  /** Goes on to the next question, or the next decision that is still to label. */
  @Post('items/:id/labels')
  async label(@Caller() caller: Principal, @Param('id') id: string, @Query() query: unknown, @Body() body: unknown, @ReviewerName() named: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const filter = parseInput(filterSchema, query, 'the address');
    const { sawOthers, ...answer } = parseInput(labelForm, body, 'the form');
    const reviewer = await this.#reviewer(caller, named);
    await this.review.label(caller.organizationId, id, { ...answer, sawOthers: sawOthers === 'yes' }, reviewer, this.audit.by(personOf(reviewer)));
    const queue = await this.review.queue(caller.organizationId, reviewer.name);
    const isDone = queue.every((each) => each.item.decision.id !== id || each.others !== null);
    // What was changed with the others in view is looked at once more, and not left.
    const next = isDone && sawOthers !== 'yes' ? nextToLabel(id, queue, filter) : id;
    seeOther(reply, next === null ? addressOf.review({ ...filter, state: 'all' }) : addressOf.reviewItem(next, filter));
  }

  /** Takes an answer back, and shows what it was about. */
  @Post('items/:id/undo')
  async undo(@Caller() caller: Principal, @Param('id') id: string, @Query() query: unknown, @Body() body: unknown, @ReviewerName() named: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const { question, sawOthers } = parseInput(undoForm, body, 'the form');
    const reviewer = await this.#reviewer(caller, named);
    await this.review.label(caller.organizationId, id, { question, answer: null, note: '', sawOthers: sawOthers === 'yes' }, reviewer, this.audit.by(personOf(reviewer)));
    seeOther(reply, addressOf.reviewItem(id, parseInput(filterSchema, query, 'the address')));
  }

  @Post('items/:id/adjudications')
  async adjudicate(@Caller() caller: Principal, @Param('id') id: string, @Query() query: unknown, @Body() body: unknown, @ReviewerName() named: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const given = parseInput(adjudicationForm, body, 'the form');
    const reviewer = await this.#reviewer(caller, named);
    await this.review.adjudicate(caller.organizationId, id, given, reviewer, this.audit.by(personOf(reviewer), given.reason));
    seeOther(reply, addressOf.reviewItem(id, parseInput(filterSchema, query, 'the address')));
  }

  async #reviewer({ organizationId, keyId }: Principal, named: string | undefined): Promise<Reviewer> {
    return { keyId, name: named ?? (await this.keys.nameOf(organizationId, keyId)) };
  }
}

function seeOther(reply: FastifyReply, path: string): void {
  void reply.status(303).headers({ location: path, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).send();
}
