import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Postgres, type Audit, type Tx } from '#platform';
import { ContractStore } from '../contract-store.js';
import type { Decision } from '../decision.js';
import type { Contract, ReviewQuestion } from '../read-contract.js';
import { hasLabelled, itemStateFor, type ItemState } from './item-state.js';
import { reviewReport, type ReviewReport } from './review-report.js';
import { questionsOf } from './review-questions.js';
import { drawDecisions, type SamplePlan } from './review-sampling.js';
import { ReviewStore } from './review-store.js';
import { decisionAdjudicated, decisionLabelled, itemAdded, itemAssigned, sampleDrawn } from './review-changes.js';
import type { DecisionInReview, Label, ReviewItem, ReviewWhy } from './review.js';
import { standingLabels } from './standing-labels.js';

/** Who labels: a name that is theirs across keys, and the key that they came with. */
export interface Reviewer {
  name: string;
  keyId: string;
}

/** An item as one labeller may see it: the labels of others only beside an own answer to every question. */
export interface ItemForReviewer {
  item: ReviewItem;
  questions: readonly ReviewQuestion[];
  state: ItemState;
  /** The labeller's own that stand. */
  own: Label[];
  /** Null where the labeller has not labelled it yet. */
  others: Label[] | null;
}

/** What a sample drew of one stratum. */
export interface SampledStratum {
  outcome: string;
  locale: string;
  isBillable: boolean;
  size: number;
  /** With what was drawn before. */
  drawn: number;
  added: number;
}

export interface GivenAnswer {
  question: string;
  /** Null takes it back. */
  answer: string | null;
  note: string;
  /** The labels of others could be seen. */
  sawOthers: boolean;
}

/**
 * What people say of decisions: which are up for review, their labels, and what follows from these. Nothing here changes a decision or money:
 * that takes a dispute. Safe to repeat: a sample draws the same, and an answer that stands already is not written again.
 */
@Injectable()
export class ReviewService {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
    private readonly contracts: ContractStore,
    private readonly store: ReviewStore,
  ) {}

  /** Draws so many of each stratum; what is missing is added, dealt out to `assignTo` in turn where anybody is named. @throws DomainError `invalid_period` */
  async sample(organizationId: string, plan: SamplePlan, assignTo: readonly string[], addedBy: string, audit?: Audit): Promise<SampledStratum[]> {
    return this.db.transaction().execute(async (tx) => {
      await this.store.serialize(tx, organizationId);
      const strata = Map.groupBy(await drawDecisions(tx, organizationId, plan), ({ outcome, locale, isBillable }) => JSON.stringify([outcome, locale, isBillable]));
      const sampled = [...strata.values()].flatMap((drawn) => {
        const [first] = drawn;
        if (!first) return [];
        const fresh = drawn.filter(({ isSampled }) => !isSampled);
        const { outcome, locale, isBillable, stratumSize: size, sampledBefore } = first;
        return { stratum: { outcome, locale, isBillable, size, drawn: sampledBefore + fresh.length, added: fresh.length }, fresh };
      });
      const reasons = sampled.flatMap(({ stratum, fresh }) =>
        fresh.map(({ id }) => ({ decisionId: id, why: 'sampled' as const, note: '', draw: { period: plan.period, seed: plan.seed, stratumSize: stratum.size, stratumDrawn: stratum.drawn } })),
      );
      const dealt = reasons.map((reason, index) => ({ ...reason, assignedTo: assignTo[index % assignTo.length] ?? null }));
      await this.store.add(tx, organizationId, dealt, addedBy, this.clock.now());
      if (dealt.length > 0) await audit?.record(tx, sampleDrawn(organizationId, plan, assignTo, dealt.length));
      return sampled.map(({ stratum }) => stratum);
    });
  }

  /** Puts one decision up for review, with why. @throws DomainError `decision_not_found` */
  async add(organizationId: string, decisionId: string, { why, note, assignedTo }: { why: Exclude<ReviewWhy, 'sampled'>; note: string; assignedTo: string | null }, addedBy: string, audit?: Audit): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await this.store.serialize(tx, organizationId);
      if (!(await this.store.decision(tx, organizationId, decisionId))) {
        throw new DomainError({ kind: 'not_found', code: 'decision_not_found', message: `There is no decision ${decisionId}: take the id from the decisions of a conversation` });
      }
      const added = await this.store.add(tx, organizationId, [{ decisionId, why, note, draw: null, assignedTo }], addedBy, this.clock.now());
      if (added.reasons > 0) await audit?.record(tx, itemAdded(organizationId, decisionId, { why, note, assignedTo }));
    });
  }

  /** Makes it somebody's turn, or everybody's; what was labelled stays. @throws DomainError `review_item_not_found` */
  async assign(organizationId: string, decisionId: string, assignedTo: string | null, audit?: Audit): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await this.store.serialize(tx, organizationId);
      const { item } = await this.#item(tx, organizationId, decisionId);
      if (item.assignedTo === assignedTo) return;
      await this.store.assign(tx, organizationId, decisionId, assignedTo);
      await audit?.record(tx, itemAssigned(organizationId, decisionId, item.assignedTo, assignedTo));
    });
  }

  /** Everything up for review whose decision stands, as one labeller may see it, in the order of labelling. */
  async queue(organizationId: string, labeller: string): Promise<ItemForReviewer[]> {
    const items = (await this.store.items(this.db, organizationId)).filter(({ isStanding }) => isStanding);
    const questions = await this.#questions(this.db, organizationId, items);
    return items.map((item) => forReviewer(labeller, item, questions(item.decision)));
  }

  /** One of them, with the whole decision. @throws DomainError `review_item_not_found` */
  async item(organizationId: string, decisionId: string, labeller: string): Promise<ItemForReviewer & { decision: Decision }> {
    const { item, questions } = await this.#item(this.db, organizationId, decisionId);
    const decision = await this.store.decision(this.db, organizationId, decisionId);
    if (!decision) throw notUpForReview(decisionId);
    return { ...forReviewer(labeller, item, questions), decision };
  }

  /** @throws DomainError `review_item_not_found`, `unknown_question`, `unknown_answer`, `already_adjudicated` */
  async label(organizationId: string, decisionId: string, { question, answer, note, sawOthers }: GivenAnswer, reviewer: Reviewer, audit?: Audit): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await this.store.serialize(tx, organizationId);
      const { item, questions } = await this.#item(tx, organizationId, decisionId);
      refuseUnknown(questions, question, answer);
      const settled = item.adjudications.find((one) => one.question === question);
      if (settled) {
        throw new DomainError({ kind: 'conflict', code: 'already_adjudicated', message: `${settled.adjudicator} has settled this question: adjudicate it again, with a reason, to change the answer` });
      }
      const [standing] = standingLabels(item.labels.filter((one) => one.labeller === reviewer.name && one.question === question));
      if ((standing?.answer ?? null) === answer && (answer === null || standing?.note === note)) return;
      await this.store.addLabel(tx, organizationId, { decisionId, question, answer, labeller: reviewer.name, note, sawOthers, labelledAt: this.clock.now() }, reviewer.keyId);
      await audit?.record(tx, decisionLabelled(organizationId, decisionId, question, { was: standing?.answer ?? null, is: answer, keyId: reviewer.keyId }));
    });
  }

  /** What a labeller labelled last and did not take back. */
  async lastLabel(organizationId: string, labeller: string): Promise<Label | undefined> {
    return this.store.lastLabel(organizationId, labeller);
  }

  /**
   * Settles a question for good. Whoever does has labelled it first: a judgement on what others said is no answer of one's own.
   * @throws DomainError `review_item_not_found`, `unknown_question`, `unknown_answer`, `label_first`
   */
  async adjudicate(organizationId: string, decisionId: string, { question, answer, reason }: { question: string; answer: string; reason: string }, reviewer: Reviewer, audit?: Audit): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await this.store.serialize(tx, organizationId);
      const { item, questions } = await this.#item(tx, organizationId, decisionId);
      refuseUnknown(questions, question, answer);
      if (!hasLabelled(reviewer.name, item, questions)) {
        throw new DomainError({ kind: 'conflict', code: 'label_first', message: `${reviewer.name} has not labelled ${decisionId}: answer its questions first, without what others said` });
      }
      const last = item.adjudications.findLast((one) => one.question === question);
      if (last?.answer === answer && last.reason === reason && last.adjudicator === reviewer.name) return;
      await this.store.addAdjudication(tx, organizationId, { decisionId, question, answer, reason, adjudicator: reviewer.name, adjudicatedAt: this.clock.now() }, reviewer.keyId);
      await audit?.record(tx, decisionAdjudicated(organizationId, decisionId, question, { was: last?.answer ?? null, is: answer, keyId: reviewer.keyId }));
    });
  }

  /** Agreement, and precision and recall as people measure them. @param nMin below which no rate is given */
  async report(organizationId: string, nMin?: number): Promise<ReviewReport> {
    const items = await this.store.items(this.db, organizationId);
    const questions = await this.#questions(this.db, organizationId, items);
    return reviewReport(items.map((item) => ({ item, questions: questions(item.decision) })), nMin);
  }

  async #item(db: Pick<Tx, 'selectFrom'>, organizationId: string, decisionId: string): Promise<{ item: ReviewItem; questions: readonly ReviewQuestion[] }> {
    const [item] = await this.store.items(db, organizationId, decisionId);
    if (!item) throw notUpForReview(decisionId);
    return { item, questions: (await this.#questions(db, organizationId, [item]))(item.decision) };
  }

  async #questions(db: Pick<Tx, 'selectFrom'>, organizationId: string, items: readonly ReviewItem[]): Promise<(decision: DecisionInReview) => readonly ReviewQuestion[]> {
    const named = items.flatMap(({ decision: { contractId: id, contractVersion: version } }) => (id === null || version === null ? [] : [{ id, version }]));
    const wanted = [...new Map(named.map((one) => [nameOf(one), one])).values()];
    const contracts = new Map<string, Contract>((await this.contracts.versions(organizationId, wanted, db)).map((contract) => [nameOf(contract), contract]));
    return (decision) => {
      const { contractId: id, contractVersion: version } = decision;
      return questionsOf(id === null || version === null ? undefined : contracts.get(nameOf({ id, version })), decision);
    };
  }
}

const nameOf = ({ id, version }: { id: string; version: number }) => `${id} ${version}`;

function forReviewer(labeller: string, item: ReviewItem, questions: readonly ReviewQuestion[]): ItemForReviewer {
  const state = itemStateFor(labeller, item, questions);
  const standing = standingLabels(item.labels);
  const maySee = state === 'adjudicated' || hasLabelled(labeller, item, questions);
  return { item, questions, state, own: standing.filter((label) => label.labeller === labeller), others: maySee ? standing.filter((label) => label.labeller !== labeller) : null };
}

function refuseUnknown(questions: readonly ReviewQuestion[], question: string, answer: string | null): void {
  const asked = questions.find(({ id }) => id === question);
  if (!asked) throw new DomainError({ kind: 'invalid', code: 'unknown_question', message: `"${question}" is not asked about this decision: ${questions.map(({ id }) => id).join(', ')}` });
  if (answer === null || asked.answers.includes(answer)) return;
  throw new DomainError({ kind: 'invalid', code: 'unknown_answer', message: `"${answer}" is no answer to "${asked.ask}": ${asked.answers.join(', ')}` });
}

function notUpForReview(decisionId: string): DomainError {
  return new DomainError({ kind: 'not_found', code: 'review_item_not_found', message: `Decision ${decisionId} is not up for review: sample its month, or add it by its id` });
}
