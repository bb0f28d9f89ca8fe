import type { Actor, AuditChange } from '#platform';
import type { SamplePlan } from './review-sampling.js';

interface AnswerChange {
  was: string | null;
  is: string | null;
  /** The key that the reviewer, who is named beside it, came with. */
  keyId: string;
}

/** Who labels goes by their own name; the key that they came with stands in what changed. */
export function personOf({ name }: { name: string }): Actor {
  return { kind: 'person', id: name };
}

export function sampleDrawn(organizationId: string, { period, perStratum, seed }: SamplePlan, assignTo: readonly string[], added: number): AuditChange {
  return { organizationId, action: 'review.sampled', subject: { kind: 'period', id: period }, after: { perStratum, seed, assignTo, added } };
}

export function itemAdded(organizationId: string, decisionId: string, item: { why: string; note: string; assignedTo: string | null }): AuditChange {
  return { organizationId, action: 'review.item_added', subject: subjectOf(decisionId), after: item };
}

export function itemAssigned(organizationId: string, decisionId: string, before: string | null, after: string | null): AuditChange {
  return { organizationId, action: 'review.assigned', subject: subjectOf(decisionId), before: { assignedTo: before }, after: { assignedTo: after } };
}

/** That somebody answered, and not what: whoever has not labelled the decision yet can read this. The label itself is kept unchanged, too. */
export function decisionLabelled(organizationId: string, decisionId: string, question: string, { was, is, keyId }: AnswerChange): AuditChange {
  const states = { before: { question, isAnswered: was !== null }, after: { question, isAnswered: is !== null, keyId } };
  return { organizationId, action: 'review.labelled', subject: subjectOf(decisionId), ...states };
}

export function decisionAdjudicated(organizationId: string, decisionId: string, question: string, { was, is, keyId }: AnswerChange): AuditChange {
  const states = { ...(was !== null && { before: { question, answer: was } }), after: { question, answer: is, keyId } };
  return { organizationId, action: 'review.adjudicated', subject: subjectOf(decisionId), ...states };
}

const subjectOf = (decisionId: string) => ({ kind: 'decision', id: decisionId });
