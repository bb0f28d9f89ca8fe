import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ReviewService, itemStates, personOf, type ItemForReviewer, type Reviewer } from '#outcomes';
import { ApiKeyGuard, ApiKeys, AuditLog, Caller, NeedsScope, actorOf, parseInput, toWire, type Principal } from '#platform';

const NAME_CHARACTERS_MAX = 100;
const TEXT_CHARACTERS_MAX = 4000;
const PER_STRATUM_MAX = 10_000;

const labeller = z.string().trim().min(1, 'must be a name').max(NAME_CHARACTERS_MAX);
const note = z.string().trim().max(TEXT_CHARACTERS_MAX).default('');

const sampleBody = z.strictObject({
  period: z.string(),
  perStratum: z.number().int().min(1).max(PER_STRATUM_MAX),
  seed: z.string().min(1).max(NAME_CHARACTERS_MAX).default('review'),
  assignTo: z.array(labeller).default([]),
});
const itemBody = z.strictObject({ decisionId: z.string().min(1), why: z.enum(['disputed', 'picked']), note, assignedTo: labeller.nullable().default(null) });
const assignmentBody = z.strictObject({ assignedTo: labeller.nullable() });
const labelBody = z.strictObject({ question: z.string().min(1), answer: z.string().min(1).nullable(), note, labeller: labeller.optional(), sawOthers: z.boolean().default(false) });
const adjudicationBody = z.strictObject({ question: z.string().min(1), answer: z.string().min(1), reason: z.string().trim().min(1, 'must say why').max(TEXT_CHARACTERS_MAX), labeller: labeller.optional() });
const whoQuery = z.object({ labeller: labeller.optional() });
const listQuery = whoQuery.extend({
  state: z.enum(itemStates).optional(),
  outcome: z.string().optional(),
  locale: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  offset: z.coerce.number().int().min(0).default(0),
});
const reportQuery = z.object({ minimum: z.coerce.number().int().min(1).optional() });

/**
 * People's review of decisions. Who labels is the name in the request, else that of the API key. The labels of others are left out of every answer until the
 * labeller has answered each question of that decision.
 */
@Controller('api/v1/review')
@UseGuards(ApiKeyGuard)
export class ReviewController {
  constructor(
    private readonly review: ReviewService,
    private readonly keys: ApiKeys,
    private readonly audit: AuditLog,
  ) {}

  /** Draws what is missing to so many of each outcome and locale, billable or not, of a month's standing decisions. The same again adds nothing. */
  @Post('samples')
  @HttpCode(200)
  @NeedsScope('operate')
  async sample(@Caller() caller: Principal, @Body() body: unknown) {
    const { assignTo, ...plan } = parseInput(sampleBody, body, 'the sample');
    const strata = await this.review.sample(caller.organizationId, plan, assignTo, caller.keyId, this.audit.by(actorOf(caller)));
    return { ...plan, added: strata.reduce((sum, { added }) => sum + added, 0), strata };
  }

  /** Puts one decision up for review. It stands in no rate, which only a sample can give. 404 `decision_not_found`. */
  @Post('items')
  @HttpCode(200)
  @NeedsScope('operate')
  async add(@Caller() caller: Principal, @Body() body: unknown) {
    const { decisionId, ...given } = parseInput(itemBody, body, 'the item');
    await this.review.add(caller.organizationId, decisionId, given, caller.keyId, this.audit.by(actorOf(caller)));
    return { decisionId, why: given.why };
  }

  /** In the order of labelling, as the labeller may see them. */
  @Get('items')
  @NeedsScope('read')
  async list(@Caller() caller: Principal, @Query() query: unknown) {
    const { state, outcome, locale, limit, offset, labeller: name } = parseInput(listQuery, query, 'the query');
    const queue = await this.review.queue(caller.organizationId, (await this.#reviewer(caller, name)).name);
    const found = queue.filter((each) => (state ?? each.state) === each.state && (outcome ?? each.item.decision.outcome) === each.item.decision.outcome && (locale ?? each.item.decision.locale) === each.item.decision.locale);
    return toWire({ total: found.length, items: found.slice(offset, offset + limit).map(wireOf) });
  }

  /** One of them with its decision. 404 `review_item_not_found`. */
  @Get('items/:id')
  @NeedsScope('read')
  async read(@Caller() caller: Principal, @Param('id') id: string, @Query() query: unknown) {
    const { name } = await this.#reviewer(caller, parseInput(whoQuery, query, 'the query').labeller);
    const { decision, ...item } = await this.review.item(caller.organizationId, id, name);
    return toWire({ ...wireOf(item), decision });
  }

  /** Whose turn it is, null for everybody's; labels stay. 404 `review_item_not_found`. */
  @Put('items/:id/assignment')
  @NeedsScope('operate')
  async assign(@Caller() caller: Principal, @Param('id') id: string, @Body() body: unknown) {
    const { assignedTo } = parseInput(assignmentBody, body, 'the assignment');
    await this.review.assign(caller.organizationId, id, assignedTo, this.audit.by(actorOf(caller)));
    return { decisionId: id, assignedTo };
  }

  /** A later label of the same labeller supersedes; an answer of null takes it back. 409 `already_adjudicated`. */
  @Post('items/:id/labels')
  @HttpCode(200)
  @NeedsScope('operate')
  async label(@Caller() caller: Principal, @Param('id') id: string, @Body() body: unknown) {
    const { labeller: name, ...given } = parseInput(labelBody, body, 'the label');
    const reviewer = await this.#reviewer(caller, name);
    await this.review.label(caller.organizationId, id, given, reviewer, this.audit.by(personOf(reviewer)));
    return toWire(wireOf(await this.review.item(caller.organizationId, id, reviewer.name)));
  }

  /** The final answer, with why. 409 `label_first` where whoever settles it has not labelled it. */
  @Post('items/:id/adjudications')
  @HttpCode(200)
  @NeedsScope('operate')
  async adjudicate(@Caller() caller: Principal, @Param('id') id: string, @Body() body: unknown) {
    const { labeller: name, ...given } = parseInput(adjudicationBody, body, 'the adjudication');
    const reviewer = await this.#reviewer(caller, name);
    await this.review.adjudicate(caller.organizationId, id, given, reviewer, this.audit.by(personOf(reviewer), given.reason));
    return toWire(wireOf(await this.review.item(caller.organizationId, id, reviewer.name)));
  }

  /** Agreement of the labellers, and measured precision and recall. Fewer than `minimum` (20) give no figure. */
  @Get('report')
  @NeedsScope('read')
  report(@Caller() caller: Principal, @Query() query: unknown) {
    return this.review.report(caller.organizationId, parseInput(reportQuery, query, 'the query').minimum);
  }

  async #reviewer({ organizationId, keyId }: Principal, name: string | undefined): Promise<Reviewer> {
    return { keyId, name: name ?? (await this.keys.nameOf(organizationId, keyId)) };
  }
}

// What an item holds of labels and adjudications is everybody's; what this labeller may see of it is beside it.
function wireOf({ item: { labels: _all, adjudications, ...item }, questions, state, own, others }: ItemForReviewer) {
  return { ...item, state, questions, own, others, adjudications: others === null ? null : adjudications };
}
