import type { Decision } from '../decision.js';

/** Why a decision is up for review. Only what was sampled says something of the decisions that were not. */
export type ReviewWhy = 'sampled' | 'disputed' | 'picked';

/** What a sampled decision stands for: a simple random sample of one stratum, as large as this when it was drawn. */
export interface Draw {
  /** The month of `decidedAt` in UTC: `2026-11`. */
  period: string;
  seed: string;
  stratumSize: number;
  /** Of these, with what was drawn before. */
  stratumDrawn: number;
}

export interface ReviewReason {
  why: ReviewWhy;
  /** In words, of whoever disputed or picked it. */
  note: string;
  addedAt: Date;
  addedBy: string;
  /** Null unless sampled. */
  draw: Draw | null;
}

/** One answer of one labeller. Never changed: a later one supersedes it. */
export interface Label {
  /** In the order in which they were given. */
  sequence: bigint;
  decisionId: string;
  question: string;
  /** Null where the labeller took the answer back. */
  answer: string | null;
  labeller: string;
  note: string;
  /** The labels of others could be seen when it was given. */
  sawOthers: boolean;
  labelledAt: Date;
}

/** The final answer to one question about one decision; the last one counts. */
export interface Adjudication {
  decisionId: string;
  question: string;
  answer: string;
  reason: string;
  adjudicator: string;
  adjudicatedAt: Date;
}

/** What a queue and a report need of a decision: not its facts, of which there may be much. */
export type DecisionInReview = Pick<
  Decision,
  'id' | 'conversationId' | 'episode' | 'addition' | 'revision' | 'contractId' | 'contractVersion' | 'customerId' | 'agent' | 'locale' | 'outcome' | 'isBillable' | 'reason' | 'grade' | 'decidedAt'
>;

/** A decision that is up for review, with all that was said of it. */
export interface ReviewItem {
  decision: DecisionInReview;
  /** False once a later revision replaced the decision: what was said is of one that no longer counts. */
  isStanding: boolean;
  addedAt: Date;
  /** Null for everybody's. */
  assignedTo: string | null;
  reasons: ReviewReason[];
  labels: Label[];
  adjudications: Adjudication[];
}
