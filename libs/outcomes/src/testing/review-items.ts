import type { Adjudication, Draw, Label, ReviewItem } from '../review/review.js';

const AT = new Date('2026-12-01T12:00:00Z');
let sequence = 0n;

/** A label; each one later than the one before. */
export function label(decisionId: string, labeller: string, answer: string | null, given: Partial<Label> = {}): Label {
  sequence += 1n;
  return { sequence, decisionId, question: 'reached', answer, labeller, note: '', sawOthers: false, labelledAt: AT, ...given };
}

export function adjudication(decisionId: string, answer: string, given: Partial<Adjudication> = {}): Adjudication {
  return { decisionId, question: 'reached', answer, reason: 'read it again', adjudicator: 'Cleo', adjudicatedAt: AT, ...given };
}

interface GivenItem extends Partial<Omit<ReviewItem, 'decision' | 'reasons'>> {
  outcome?: string;
  locale?: string;
  isBillable?: boolean;
  /** Null for one that was picked by hand. */
  draw?: Partial<Draw> | null;
}

/** A billable decision in English of a sample of 10 in 100. */
export function reviewItem(id: string, { outcome = 'resolved', locale = 'en', isBillable = true, draw = {}, ...given }: GivenItem = {}): ReviewItem {
  const drawn = draw === null ? null : { period: '2026-11', seed: 's', stratumSize: 100, stratumDrawn: 10, ...draw };
  return {
    decision: {
      ...{ id, conversationId: `c-${id}`, episode: 1, addition: '', revision: 1, contractId: 'support', contractVersion: 1, customerId: 'acme', agent: 'support', locale, outcome, isBillable },
      ...{ reason: isBillable ? 'policy_held' : 'no_policy_held', grade: isBillable ? ('inferred' as const) : null, decidedAt: new Date('2026-11-20T12:00:00Z') },
    },
    isStanding: true,
    addedAt: AT,
    assignedTo: null,
    reasons: [{ why: drawn ? 'sampled' : 'picked', note: '', addedAt: AT, addedBy: 'key', draw: drawn }],
    labels: [],
    adjudications: [],
    ...given,
  };
}
